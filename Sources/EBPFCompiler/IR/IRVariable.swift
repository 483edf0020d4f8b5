/// A global variable: `@name = … global TYPE INITIALISER, section "…", align 8, !dbg !0`.
struct IRVariable {
    var name: String
    /// Linkage, visibility and the like, before `global` or `constant`.
    var linkage: [IRToken]
    var isConstant: Bool
    var type: [IRToken]
    /// Empty for what another module defines.
    var initialiser: [IRToken]
    /// What follows, by commas: section, alignment, metadata.
    var suffixes: [[IRToken]]

    init(_ line: [IRToken]) throws {
        name = line[0].name
        guard let start = line.firstIndex(where: { $0.isWord("global") || $0.isWord("constant") }) else {
            throw IRModule.unreadable(line)
        }
        linkage = Array(line[2..<start])
        isConstant = line[start].text == "constant"
        var rest = line[(start + 1)...]
        type = rest.popValue()
        let parts = Array(rest).parted(by: ",")
        initialiser = parts.first ?? []
        suffixes = Array(parts.dropFirst())
    }

    init(name: String, linkage: [IRToken] = [], isConstant: Bool = false, type: [IRToken], initialiser: [IRToken], suffixes: [[IRToken]]) {
        self.name = name
        self.linkage = linkage
        self.isConstant = isConstant
        self.type = type
        self.initialiser = initialiser
        self.suffixes = suffixes
    }

    var section: String? { suffixes.first { $0.first?.isWord("section") == true }?.last?.name }
    var debugNode: IRToken? { suffixes.first { $0.first?.text == "!dbg" }?.last }

    mutating func set(_ keyword: String, _ value: IRToken?) {
        suffixes.removeAll { $0.first?.text == keyword }
        if let value { suffixes.append([IRToken(keyword.hasPrefix("!") ? .metadata : .word, keyword), value]) }
    }

    var tokens: [IRToken] {
        var tokens: [IRToken] = [.global(name), IRToken(.punctuation, "=")]
        tokens += linkage
        tokens.append(.word(isConstant ? "constant" : "global"))
        tokens += type + initialiser
        for suffix in suffixes {
            tokens.append(IRToken(.punctuation, ",", isSpaced: false))
            tokens += suffix
        }
        for index in tokens.indices.dropFirst() where tokens[index].kind != .punctuation { tokens[index].isSpaced = true }
        return tokens
    }

    /// The names of the module's it is made of.
    var references: [String] { (initialiser + suffixes.flatMap { $0 }).filter { $0.kind == .global }.map(\.name) }
}

extension ArraySlice<IRToken> {
    /// Takes the first value or type: one word, or all up to the bracket that closes what the first opens.
    mutating func popValue() -> [IRToken] {
        var taken: [IRToken] = []
        var depth = 0
        repeat {
            guard let token = popFirst() else { return taken }
            taken.append(token)
            if token.kind == .punctuation {
                switch token.text {
                case "(", "[", "{", "<": depth += 1
                case ")", "]", "}", ">": depth -= 1
                default: break
                }
            }
        } while depth > 0
        return taken
    }
}

extension [IRToken] {
    /// What stands inside of `<{ … }>`, `{ … }` or `[ … ]`.
    var bracketed: [IRToken] {
        let isPacked = count > 1 && self[0].isPunctuation("<") && self[1].isPunctuation("{")
        return Array(dropFirst(isPacked ? 2 : 1).dropLast(isPacked ? 2 : 1))
    }

    /// The parts between marks that stand outside of brackets.
    func parted(by mark: String) -> [[IRToken]] {
        var parts: [[IRToken]] = []
        var part: [IRToken] = []
        var depth = 0
        for token in self {
            if token.kind == .punctuation {
                switch token.text {
                case "(", "[", "{", "<": depth += 1
                case ")", "]", "}", ">": depth -= 1
                case mark where depth == 0:
                    parts.append(part)
                    part = []
                    continue
                default: break
                }
            }
            part.append(token)
        }
        return isEmpty ? [] : parts + [part]
    }
}
