internal import BPF
internal import PolicyModel

/// Makes the bytes of a global variable from what a document says, by the variable's type.
struct GlobalEncoder {
    /// Why a value is none of the type.
    struct Mismatch: Error {
        var words: String
    }

    /// The bytes of a value, in this machine's order unless the type says otherwise.
    static func bytes(of value: Probe.Global.Value, as type: TypeDescription) throws(Mismatch) -> [UInt8] {
        guard let size = type.byteCount else { throw Mismatch(words: "it is a \(type), which has no size") }
        switch (type.resolved, value) {
        case (.integer(let integer), .text(let text)):
            return try bytes(of: text, integer, type)
        case (.enumeration(let enumeration), .text(let text)):
            return try bytes(of: text, enumeration, type)
        case (.float(_, let byteCount), .text(let text)):
            guard let number = Double(text) else { throw Mismatch(words: "\(quoted(text)) is not a number, and it is a \(type)") }
            return try machineOrder(byteCount == 4 ? UInt64(Float(number).bitPattern) : number.bitPattern, count: byteCount, type)
        case (.array(let element, let count), .text(let text)):
            guard case .integer(let integer) = element.resolved, integer.isCharacter else {
                throw Mismatch(words: "it is a \(type): write a list, as in [1, 2]")
            }
            // What a program reads is a string of C, with its end.
            guard text.utf8.count < count else {
                throw Mismatch(
                    words: "\(quoted(text)) has \(text.utf8.count) bytes, and a \(type) takes \(max(0, count - 1)) and the closing 0")
            }
            guard !text.utf8.contains(0) else { throw Mismatch(words: "the text has a 0 in it, which ends text in C") }
            return Array(text.utf8) + [UInt8](repeating: 0, count: size - text.utf8.count)
        case (.array(let element, let count), .list(let values)):
            guard values.count <= count else { throw Mismatch(words: "the list has \(values.count) elements, and it is a \(type)") }
            var bytes: [UInt8] = []
            for value in values { bytes += try self.bytes(of: value, as: element) }
            return bytes + [UInt8](repeating: 0, count: size - bytes.count)
        case (.structure(let composite), .text(let text)) where ["in_addr", "in6_addr"].contains(composite.name):
            guard let address = IPAddress(text), (address.family == .v4) == (composite.name == "in_addr") else {
                throw Mismatch(words: "\(quoted(text)) is not an address, and it is a \(type)")
            }
            return address.networkBytes
        case (.integer, .list), (.enumeration, .list), (.float, .list):
            throw Mismatch(words: "it is a \(type), and a list was given")
        default:
            throw Mismatch(words: "it is a \(type), which a document cannot set")
        }
    }

    private static func bytes(of text: String, _ integer: IntegerDescription, _ type: TypeDescription) throws(Mismatch) -> [UInt8] {
        if integer.isBoolean {
            switch text {
            case "true", "1": return try machineOrder(1, count: integer.byteCount, type)
            case "false", "0": return try machineOrder(0, count: integer.byteCount, type)
            default: throw Mismatch(words: "\(quoted(text)) is neither true nor false, and it is a \(type)")
            }
        }
        let names = type.aliases
        if names.contains("__be32"), let address = IPAddress(text), address.family == .v4 { return address.networkBytes }
        if integer.isCharacter, number(text) == nil, text.utf8.count == 1, let byte = text.utf8.first { return [byte] }
        guard let value = number(text) else { throw Mismatch(words: "\(quoted(text)) is not a whole number, and it is a \(type)") }
        let bits = integer.byteCount * 8
        guard (1...64).contains(bits) else { throw Mismatch(words: "it is a \(type), which a document cannot set") }
        let most = integer.isSigned ? Int128(1) << (bits - 1) - 1 : Int128(1) << bits - 1
        let least = integer.isSigned ? -(Int128(1) << (bits - 1)) : 0
        guard value >= least, value <= most else { throw Mismatch(words: "\(text) is not in the range of a \(type), \(least) to \(most)") }
        let bytes = try machineOrder(UInt64(truncatingIfNeeded: value), count: integer.byteCount, type)
        // Programs compare these with what stands in packets.
        return names.contains(where: { ["__be16", "__be32", "__be64"].contains($0) }) ? bytes.reversed() : bytes
    }

    private static func bytes(
        of text: String, _ enumeration: EnumerationDescription, _ type: TypeDescription
    ) throws(Mismatch) -> [UInt8] {
        if let found = enumeration.values.first(where: { $0.name == text }) {
            return try machineOrder(UInt64(bitPattern: found.value), count: enumeration.byteCount, type)
        }
        if let value = number(text), let found = enumeration.values.first(where: { Int128($0.value) == value }) {
            return try machineOrder(UInt64(bitPattern: found.value), count: enumeration.byteCount, type)
        }
        let names = enumeration.values.prefix(12).map(\.name).joined(separator: ", ") + (enumeration.values.count > 12 ? ", …" : "")
        let near = Spelling.nearest(to: text, among: enumeration.values.map(\.name)).map { "; did you mean \($0)?" } ?? ""
        throw Mismatch(words: "\(quoted(text)) is none of \(type): \(names)\(near)")
    }

    /// A decimal or hexadecimal number, with its sign.
    private static func number(_ text: String) -> Int128? {
        let isNegative = text.hasPrefix("-")
        let digits = isNegative ? text.dropFirst() : text[...]
        guard let first = digits.utf8.first, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first) else { return nil }
        let value = digits.hasPrefix("0x") ? Int128(digits.dropFirst(2), radix: 16) : Int128(digits)
        return value.map { isNegative ? -$0 : $0 }
    }

    /// eBPF runs in the machine's own order, and so does this program.
    private static func machineOrder(_ value: UInt64, count: Int, _ type: TypeDescription) throws(Mismatch) -> [UInt8] {
        guard [1, 2, 4, 8].contains(count) else { throw Mismatch(words: "it is a \(type), which a document cannot set") }
        #if _endian(big)
            return (0..<count).map { UInt8(truncatingIfNeeded: value >> UInt64((count - 1 - $0) * 8)) }
        #else
            return (0..<count).map { UInt8(truncatingIfNeeded: value >> UInt64($0 * 8)) }
        #endif
    }

    private static func quoted(_ text: String) -> String {
        text.utf8.count > 60 ? "'\(text.prefix(60))…'" : "'\(text)'"
    }
}

extension IPAddress {
    /// The bytes as they stand in a packet: four or sixteen.
    fileprivate var networkBytes: [UInt8] {
        switch family {
        case .v4: (0..<4).map { UInt8(truncatingIfNeeded: low >> UInt64(24 - 8 * $0)) }
        case .v6: (0..<16).map { UInt8(truncatingIfNeeded: ($0 < 8 ? high : low) >> UInt64(56 - 8 * ($0 & 7))) }
        }
    }
}
