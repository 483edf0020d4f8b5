/// Reads JSON (RFC 8259), keeping lines, which Foundation's decoder does not.
struct JSONReader {
    /// How deep lists and objects may be in one another.
    private static let depthLimit = 64

    private let bytes: [UInt8]
    private let path: String
    private var position = 0
    private var line = 1

    private init(_ bytes: [UInt8], _ path: String) {
        self.bytes = bytes
        self.path = path
    }

    /// The only value of a text.
    static func read(_ source: ImportSource) throws(ImportError) -> JSONNode {
        _ = try source.text()
        var reader = JSONReader(source.bytes, source.path)
        let node = try reader.value(depth: 0)
        reader.skipBlanks()
        guard reader.peek == nil else { throw reader.error("the end of the text") }
        return node
    }

    private var peek: UInt8? { position < bytes.count ? bytes[position] : nil }

    private func error(_ expected: String) -> ImportError {
        let rest = bytes[position...].prefix(30)
        let found = rest.isEmpty ? "the end" : "'\(String(decoding: rest, as: UTF8.self))'"
        return ImportError(file: path, line: line, "is not JSON: expected \(expected), found \(found)")
    }

    private mutating func skipBlanks() {
        while let byte = peek, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 {
            if byte == 0x0A { line += 1 }
            position += 1
        }
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        skipBlanks()
        guard peek == byte else { return false }
        position += 1
        return true
    }

    private mutating func value(depth: Int) throws(ImportError) -> JSONNode {
        skipBlanks()
        guard depth < Self.depthLimit else { throw error("at most \(Self.depthLimit) levels") }
        let begin = line
        switch peek {
        case UInt8(ascii: "{"): return JSONNode(content: .object(try object(depth)), line: begin)
        case UInt8(ascii: "["): return JSONNode(content: .list(try list(depth)), line: begin)
        case UInt8(ascii: "\""): return JSONNode(content: .text(try text()), line: begin)
        case .some(let byte) where byte == UInt8(ascii: "-") || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte):
            let start = position
            while let byte = peek, "+-.0123456789eE".utf8.contains(byte) { position += 1 }
            return JSONNode(content: .number(String(decoding: bytes[start..<position], as: UTF8.self)), line: begin)
        default:
            for (word, content) in [("null", JSONNode.Content.null), ("true", .bool(true)), ("false", .bool(false))]
            where bytes[position...].starts(with: word.utf8) {
                position += word.utf8.count
                return JSONNode(content: content, line: begin)
            }
            throw error("a value")
        }
    }

    private mutating func list(_ depth: Int) throws(ImportError) -> [JSONNode] {
        position += 1
        var elements: [JSONNode] = []
        if take(UInt8(ascii: "]")) { return elements }
        while true {
            elements.append(try value(depth: depth + 1))
            if take(UInt8(ascii: "]")) { return elements }
            guard take(UInt8(ascii: ",")) else { throw error("',' or ']'") }
        }
    }

    private mutating func object(_ depth: Int) throws(ImportError) -> [(key: String, value: JSONNode)] {
        position += 1
        var fields: [(key: String, value: JSONNode)] = []
        if take(UInt8(ascii: "}")) { return fields }
        while true {
            skipBlanks()
            guard peek == UInt8(ascii: "\"") else { throw error("a key in quotes") }
            let key = try text()
            guard take(UInt8(ascii: ":")) else { throw error("':'") }
            fields.append((key, try value(depth: depth + 1)))
            if take(UInt8(ascii: "}")) { return fields }
            guard take(UInt8(ascii: ",")) else { throw error("',' or '}'") }
        }
    }

    private mutating func text() throws(ImportError) -> String {
        position += 1
        var text: [UInt8] = []
        while let byte = peek {
            position += 1
            switch byte {
            case UInt8(ascii: "\""): return String(decoding: text, as: UTF8.self)
            case UInt8(ascii: "\\"): text += try escape()
            case 0x00..<0x20: throw error("no control character in a text")
            default: text.append(byte)
            }
        }
        throw error("'\"' at the end of a text")
    }

    private mutating func escape() throws(ImportError) -> [UInt8] {
        guard let byte = peek else { throw error("a character behind '\\'") }
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return [byte]
        case UInt8(ascii: "b"): return [8]
        case UInt8(ascii: "f"): return [12]
        case UInt8(ascii: "n"): return [10]
        case UInt8(ascii: "r"): return [13]
        case UInt8(ascii: "t"): return [9]
        case UInt8(ascii: "u"):
            var units = [try unit()]
            if UTF16.isLeadSurrogate(units[0]), bytes[position...].starts(with: "\\u".utf8) {
                position += 2
                units.append(try unit())
            }
            return Array(String(decoding: units, as: UTF16.self).utf8)
        default: throw error("an escape that JSON has")
        }
    }

    private mutating func unit() throws(ImportError) -> UInt16 {
        let digits = bytes[position...].prefix(4)
        guard digits.count == 4, let unit = UInt16(String(decoding: digits, as: UTF8.self), radix: 16) else {
            throw error("four hexadecimal digits")
        }
        position += 4
        return unit
    }
}
