/// Names of C as Swift's.
enum SwiftNames {
    /// `flow_key` becomes `FlowKey`.
    static func type(_ name: String) -> String {
        let words = name.split { !$0.isLetter && !$0.isNumber }
        let joined = words.map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
        return escape(joined.first?.isNumber ?? true ? "_\(joined)" : joined)
    }

    /// `remote_address` becomes `remoteAddress`, `TCP_SYN` becomes `tcpSyn`.
    static func member(_ name: String) -> String {
        // Names in capitals have no humps to keep.
        let isShouted = !name.contains { $0.isLowercase }
        let words = (isShouted ? name.lowercased() : name).split { !$0.isLetter && !$0.isNumber }
        let joined = words.enumerated().map { index, word in
            index == 0 ? word.prefix(1).lowercased() + word.dropFirst() : word.prefix(1).uppercased() + word.dropFirst()
        }.joined()
        return escape(joined.first?.isNumber ?? true ? "_\(joined)" : joined)
    }

    /// The values of an enum without what they all begin with: `BT_ALLOW` and `BT_DENY` become `allow` and `deny`.
    static func values(_ names: [String]) -> [String] {
        guard names.count > 1, var common = names.first else { return names.map(member) }
        for name in names { common = common.commonPrefix(with: name) }
        // Only whole words, and never all of a name.
        let cut = common.lastIndex(of: "_").map { common.distance(from: common.startIndex, to: $0) + 1 } ?? 0
        return names.map { member(String($0.dropFirst(cut))) }
    }

    /// Names that are not there yet: later ones of the same get a number.
    struct Scope {
        private var taken: Set<String>

        init(taken: Set<String> = []) { self.taken = taken }

        mutating func claim(_ name: String) -> String {
            var candidate = name
            var number = 2
            while !taken.insert(candidate).inserted {
                candidate = "\(name.filter { $0 != "`" })\(number)"
                number += 1
            }
            return candidate
        }
    }

    private static func escape(_ name: String) -> String {
        // These mean something behind a dot even in back quotes.
        if ["self", "Self", "Type", "Protocol", "init", "_"].contains(name) { return "\(name)_" }
        return keywords.contains(name) ? "`\(name)`" : name
    }

    private static let keywords: Set<String> = [
        "associatedtype", "borrowing", "class", "consuming", "deinit", "enum", "extension", "fileprivate", "func", "import", "inout",
        "internal",
        "let", "nonisolated", "open", "operator", "package", "precedencegroup", "private", "protocol", "public", "rethrows", "static",
        "struct",
        "subscript", "typealias", "var", "break", "case", "catch", "continue", "default", "defer", "do", "else", "fallthrough", "for",
        "guard",
        "if", "in", "repeat", "return", "switch", "throw", "where", "while", "Any", "as", "await", "catch", "false", "is", "nil", "super",
        "throws", "true", "try", "actor", "async", "some", "any", "each",
    ]
}

extension String {
    fileprivate func commonPrefix(with other: String) -> String { String(zip(self, other).prefix { $0 == $1 }.map(\.0)) }
}
