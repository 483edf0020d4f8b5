/// A word of LLVM's textual IR, with what is needed to print it as it stood.
struct IRToken: Hashable {
    enum Kind: Hashable {
        /// `%name`: a value or block of a function, or a type of the module.
        case local
        /// `@name`: a function or variable of the module.
        case global
        /// `!12`, `!DILocation`, `!dbg`, `!llvm.dbg.cu`, or a lone `!`.
        case metadata
        /// `#0`: a group of attributes; `#dbg_value`: a debug record.
        case hash
        /// `$name`: a COMDAT.
        case comdat
        /// `"text"` or `c"text"`, as written.
        case string
        /// Keywords, types, numbers.
        case word
        /// `name:` at the start of a basic block, without its colon.
        case label
        case punctuation

        /// Whether it names a value, a function or a variable.
        var isName: Bool { self == .local || self == .global }
    }

    var kind: Kind
    /// As written, quotes and sigils included.
    var text: String
    /// Whether white space stood before it.
    var isSpaced: Bool

    init(_ kind: Kind, _ text: String, isSpaced: Bool = true) {
        self.kind = kind
        self.text = text
        self.isSpaced = isSpaced
    }

    /// The name behind the sigil, without quotes and with its escapes undone.
    var name: String {
        var name = Substring(text)
        switch kind {
        case .local, .global, .metadata, .hash, .comdat: name = name.dropFirst()
        case .string where name.first == "c": name = name.dropFirst()
        case .string, .word, .label, .punctuation: break
        }
        guard name.first == "\"", name.last == "\"", name.count >= 2 else { return String(name) }
        return Self.unescaped(name.dropFirst().dropLast())
    }

    /// `\22` and its like stand for the byte of that number.
    private static func unescaped(_ text: Substring) -> String {
        guard text.contains("\\") else { return String(text) }
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "\\"), rest.count >= 2, let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16) {
                bytes.append(value)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    func isWord(_ word: String) -> Bool { kind == .word && text == word }
    func isPunctuation(_ mark: String) -> Bool { kind == .punctuation && text == mark }
}

extension [IRToken] {
    /// As LLVM reads it.
    var text: String {
        var text = ""
        for (index, token) in enumerated() {
            if token.isSpaced, index > 0 { text += " " }
            text += token.text
            if token.kind == .label { text += ":" }
        }
        return text
    }
}

/// Cuts IR into the lines of its grammar: what ends with a new line outside brackets.
struct IRLexer {
    private let bytes: [UInt8]
    private var place = 0

    init(_ text: String) { bytes = Array(text.utf8) }

    /// The next line's tokens; nil at the end. Empty lines and comments are passed over.
    mutating func nextLine() -> [IRToken]? {
        var tokens: [IRToken] = []
        var depth = 0
        var isSpaced = false
        while place < bytes.count {
            switch bytes[place] {
            case UInt8(ascii: "\n"):
                place += 1
                isSpaced = true
                if depth <= 0, !tokens.isEmpty { return tokens }
            case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"):
                place += 1
                isSpaced = true
            case UInt8(ascii: ";"):
                while place < bytes.count, bytes[place] != UInt8(ascii: "\n") { place += 1 }
            default:
                var token = nextToken(atStart: tokens.isEmpty)
                token.isSpaced = isSpaced
                isSpaced = false
                if token.kind == .punctuation {
                    // The brace that opens a function's body ends its line.
                    switch token.text {
                    case "(", "[", "{": depth += 1
                    case ")", "]", "}": depth -= 1
                    default: break
                    }
                    if token.text == "{", depth == 1, tokens.first?.isWord("define") == true, endsLine() {
                        tokens.append(token)
                        return tokens
                    }
                }
                tokens.append(token)
            }
        }
        return tokens.isEmpty ? nil : tokens
    }

    private func endsLine() -> Bool { place >= bytes.count || bytes[place] == UInt8(ascii: "\n") }

    private mutating func nextToken(atStart: Bool) -> IRToken {
        let start = place
        let first = bytes[place]
        func text(_ end: Int) -> String { String(decoding: bytes[start..<end], as: UTF8.self) }
        switch first {
        case UInt8(ascii: "%"), UInt8(ascii: "@"), UInt8(ascii: "!"), UInt8(ascii: "#"), UInt8(ascii: "$"):
            place += 1
            if place < bytes.count, bytes[place] == UInt8(ascii: "\"") { passString() } else { passName() }
            let kinds: [UInt8: IRToken.Kind] = [
                UInt8(ascii: "%"): .local, UInt8(ascii: "@"): .global, UInt8(ascii: "#"): .hash, UInt8(ascii: "$"): .comdat,
            ]
            return IRToken(kinds[first] ?? .metadata, text(place))
        case UInt8(ascii: "\""):
            passString()
            if atStart, place < bytes.count, bytes[place] == UInt8(ascii: ":") { return label(text(place)) }
            return IRToken(.string, text(place))
        case UInt8(ascii: "c") where place + 1 < bytes.count && bytes[place + 1] == UInt8(ascii: "\""):
            place += 1
            passString()
            return IRToken(.string, text(place))
        case _ where Self.isName(first):
            passName()
            if atStart, place < bytes.count, bytes[place] == UInt8(ascii: ":") { return label(text(place)) }
            return IRToken(.word, text(place))
        default:
            place += 1
            return IRToken(.punctuation, text(place))
        }
    }

    private mutating func label(_ text: String) -> IRToken {
        place += 1
        // Nothing but a comment follows it.
        return IRToken(.label, text)
    }

    private mutating func passName() {
        while place < bytes.count, Self.isName(bytes[place]) { place += 1 }
    }

    private mutating func passString() {
        place += 1
        while place < bytes.count, bytes[place] != UInt8(ascii: "\"") { place += 1 }
        place = Swift.min(place + 1, bytes.count)
    }

    private static func isName(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
        case UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "$"), UInt8(ascii: "+"): true
        default: byte >= 0x80
        }
    }
}
