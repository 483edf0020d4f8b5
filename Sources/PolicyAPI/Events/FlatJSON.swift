/// Reads a JSON object whose values are strings, numbers, booleans or null: a line of events or packets.
///
/// Such lines come by the million, and JSONDecoder takes some ten microseconds for each.
public struct FlatJSON: Sendable {
    /// A value of the object.
    public enum Value: Sendable, Hashable {
        case string(String)
        case integer(Int64)
        case boolean(Bool)
        case null
    }

    /// What is wrong with a line, and at which byte, counted from 1.
    public struct Malformed: Error, Sendable, Hashable, CustomStringConvertible {
        public var message: String
        public var column: Int

        public var description: String { "\(message) (column \(column))" }
    }

    private var bytes: ArraySlice<UInt8>
    private let start: Int

    private init(_ line: ArraySlice<UInt8>) {
        bytes = line
        start = line.startIndex
    }

    /// Gives each key and value to a closure, in the order they stand.
    public static func read(_ line: ArraySlice<UInt8>, _ field: (String, Value) throws -> Void) throws {
        var reader = FlatJSON(line)
        try reader.object(field)
    }

    private func malformed(_ message: String) -> Malformed {
        Malformed(message: message, column: bytes.startIndex - start + 1)
    }

    private mutating func object(_ field: (String, Value) throws -> Void) throws {
        try expect(UInt8(ascii: "{"), "an object '{' is expected")
        skipBlanks()
        if bytes.first != UInt8(ascii: "}") {
            while true {
                skipBlanks()
                guard bytes.first == UInt8(ascii: "\"") else { throw malformed("a key in quotes is expected") }
                let key = try string()
                try expect(UInt8(ascii: ":"), "':' is expected")
                try field(key, try value())
                skipBlanks()
                guard bytes.first == UInt8(ascii: ",") else { break }
                bytes = bytes.dropFirst()
            }
        }
        try expect(UInt8(ascii: "}"), "',' or '}' is expected")
        skipBlanks()
        guard bytes.isEmpty else { throw malformed("the line goes on after its object") }
    }

    private mutating func skipBlanks() {
        while let byte = bytes.first, byte == 0x20 || (0x09...0x0D).contains(byte) { bytes = bytes.dropFirst() }
    }

    private mutating func expect(_ byte: UInt8, _ message: String) throws {
        skipBlanks()
        guard bytes.first == byte else { throw malformed(message) }
        bytes = bytes.dropFirst()
    }

    private mutating func value() throws -> Value {
        skipBlanks()
        switch bytes.first {
        case UInt8(ascii: "\""): return .string(try string())
        case .some(UInt8(ascii: "0")...UInt8(ascii: "9")), UInt8(ascii: "-"): return .integer(try integer())
        case UInt8(ascii: "n"): return try word("null", .null)
        case UInt8(ascii: "t"): return try word("true", .boolean(true))
        case UInt8(ascii: "f"): return try word("false", .boolean(false))
        case UInt8(ascii: "{"), UInt8(ascii: "["): throw malformed("a string, a whole number or null is expected")
        default: throw malformed("a value is expected")
        }
    }

    private mutating func word(_ text: StaticString, _ value: Value) throws -> Value {
        let word = text.description.utf8
        guard bytes.starts(with: word) else { throw malformed("a value is expected") }
        bytes = bytes.dropFirst(word.count)
        return value
    }

    private mutating func integer() throws -> Int64 {
        let begin = bytes
        let negative = bytes.first == UInt8(ascii: "-")
        if negative { bytes = bytes.dropFirst() }
        var value: Int64 = 0
        var digits = 0
        while let byte = bytes.first, byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") {
            let (product, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, carry) = product.addingReportingOverflow(Int64(byte - UInt8(ascii: "0")))
            guard !overflow, !carry else {
                bytes = begin
                throw malformed("the number is too large")
            }
            value = sum
            digits += 1
            bytes = bytes.dropFirst()
        }
        if let next = bytes.first, next == UInt8(ascii: ".") || next == UInt8(ascii: "e") || next == UInt8(ascii: "E") {
            bytes = begin
            throw malformed("a whole number is expected")
        }
        guard digits > 0 else { throw malformed("a number is expected") }
        return negative ? -value : value
    }

    private mutating func string() throws -> String {
        let begin = bytes.startIndex + 1
        guard let end = bytes[begin...].firstIndex(where: { $0 == UInt8(ascii: "\"") || $0 == UInt8(ascii: "\\") || $0 < 0x20 }) else {
            throw malformed("the string has no end")
        }
        if bytes[end] == UInt8(ascii: "\"") {
            defer { bytes = bytes[(end + 1)...] }
            return String(decoding: bytes[begin..<end], as: UTF8.self)
        }
        return try escapedString(from: begin)
    }

    private mutating func escapedString(from begin: Int) throws -> String {
        var text: [UInt8] = []
        var highSurrogate: UInt32?
        bytes = bytes[begin...]
        while let byte = bytes.first {
            bytes = bytes.dropFirst()
            switch byte {
            case UInt8(ascii: "\""): return String(decoding: text, as: UTF8.self)
            case UInt8(ascii: "\\"):
                guard let kind = bytes.first else { throw malformed("the string has no end") }
                bytes = bytes.dropFirst()
                switch kind {
                case UInt8(ascii: "n"): text.append(0x0A)
                case UInt8(ascii: "t"): text.append(0x09)
                case UInt8(ascii: "r"): text.append(0x0D)
                case UInt8(ascii: "b"): text.append(0x08)
                case UInt8(ascii: "f"): text.append(0x0C)
                case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(kind)
                case UInt8(ascii: "u"):
                    guard bytes.count >= 4, let unit = UInt32(String(decoding: bytes.prefix(4), as: UTF8.self), radix: 16) else {
                        throw malformed("four hexadecimal digits are expected")
                    }
                    bytes = bytes.dropFirst(4)
                    if (0xD800..<0xDC00).contains(unit) {
                        highSurrogate = unit
                        continue
                    }
                    var scalar = unit
                    if let high = highSurrogate, (0xDC00..<0xE000).contains(unit) {
                        scalar = 0x10000 + (high - 0xD800) << 10 + (unit - 0xDC00)
                    }
                    text += Array(String(Unicode.Scalar(scalar) ?? "\u{FFFD}").utf8)
                default: throw malformed("'\\\(Character(Unicode.Scalar(kind)))' is not an escape of JSON")
                }
                highSurrogate = nil
            case 0..<0x20: throw malformed("a control character stands in a string")
            default: text.append(byte)
            }
        }
        throw malformed("the string has no end")
    }
}
