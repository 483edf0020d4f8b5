/// A choice of network interfaces by name: globs with negation, `["eth*", "!eth1"]`.
///
/// A name is chosen if a positive glob matches it and no negative one does; where all are negative,
/// every other name is chosen. In a glob `*` is any run of characters, `?` any one of them.
public struct InterfaceSelector: Hashable, Sendable {
    /// The globs of which one has to match; if there is none, every name does.
    public var positives: [String]
    /// The globs of which none may match, without their `!`.
    public var negatives: [String]

    public init(_ positives: [String] = [], except negatives: [String] = []) {
        self.positives = positives
        self.negatives = negatives
    }

    /// Makes a selector of patterns as a document has them, a negated one with `!` in front.
    public init(patterns: some Sequence<String>) {
        self.init()
        for pattern in patterns {
            if pattern.hasPrefix("!") {
                negatives.append(String(pattern.dropFirst()))
            } else {
                positives.append(pattern)
            }
        }
    }

    /// Every interface.
    public static let all = InterfaceSelector()

    /// The patterns as a document has them.
    public var patterns: [String] { positives + negatives.map { "!\($0)" } }

    /// Whether the interface of this name is chosen.
    public func matches(_ name: String) -> Bool {
        (positives.isEmpty || positives.contains { Self.glob($0, matches: name) })
            && !negatives.contains { Self.glob($0, matches: name) }
    }

    /// Matches in linear space and without recursion: on a mismatch the last `*` takes one character more.
    static func glob(_ pattern: String, matches name: String) -> Bool {
        let pattern = Array(pattern.utf8)
        let name = Array(name.utf8)
        var (p, n) = (0, 0)
        var star: (pattern: Int, name: Int)?
        while n < name.count {
            if p < pattern.count, pattern[p] == UInt8(ascii: "*") {
                star = (p + 1, n)
                p += 1
            } else if p < pattern.count, pattern[p] == UInt8(ascii: "?") || pattern[p] == name[n] {
                p += 1
                n += 1
            } else if let last = star {
                star = (last.pattern, last.name + 1)
                p = last.pattern
                n = last.name + 1
            } else {
                return false
            }
        }
        return pattern[p...].allSatisfy { $0 == UInt8(ascii: "*") }
    }
}

extension InterfaceSelector: CustomStringConvertible {
    public var description: String { patterns.isEmpty ? "*" : patterns.joined(separator: ", ") }
}
