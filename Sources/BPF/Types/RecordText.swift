/// Text of programs, which may hold anything: what would break JSON or a terminal is escaped.
///
/// Bytes that are no UTF-8 become `\xNN`; control characters, and those that turn the direction of writing, become `\u00NN`.
enum RecordText {
    /// A name as it stands between the quotes of JSON.
    static func escaped(_ text: String) -> [UInt8] {
        let bytes = Array(text.utf8)
        return unsafe [UInt8](unsafeUninitializedCapacity: bytes.count * 6 + 1) { memory, count in
            guard let base = memory.baseAddress else { return }
            var writer = unsafe RecordWriter(memory, base: base)
            unsafe bytes.withUnsafeBytes { unsafe writer.put(escaped: $0) }
            count = writer.count
        }
    }
}

extension RecordWriter {
    /// Text up to its NUL, in quotes.
    mutating func put(quoted text: UnsafeRawBufferPointer) {
        put(0x22)
        unsafe put(escaped: text)
        put(0x22)
    }

    /// Text up to its NUL; in quotes where it would not be one word.
    mutating func put(word text: UnsafeRawBufferPointer) {
        let isWord =
            unsafe text.first.map { $0 != 0 } ?? false
            && text.prefix { $0 != 0 }.allSatisfy { $0 > 0x20 && $0 < 0x7f && $0 != 0x22 && $0 != 0x5c && $0 != 0x3d }
        if !isWord { return unsafe put(quoted: text) }
        unsafe put(escaped: text)
    }

    /// Text up to its NUL, as it stands between the quotes of JSON.
    mutating func put(escaped text: UnsafeRawBufferPointer) {
        let bytes = unsafe text.assumingMemoryBound(to: UInt8.self)
        var index = 0
        while index < text.count {
            var end = index
            while end < text.count, unsafe Self.isPlain(bytes[end]) { end += 1 }
            if end > index { unsafe put(UnsafeBufferPointer(rebasing: bytes[index..<end])) }
            index = end
            if index == text.count { return }
            let byte = unsafe text[index]
            switch byte {
            case 0: return
            case 0x22, 0x5c:
                put(0x5c)
                put(byte)
                index += 1
            case 1..<0x80:
                put(escape: UInt16(byte))
                index += 1
            default:
                index += unsafe put(scalarOf: text, at: index)
            }
        }
    }

    @inline(__always) private static func isPlain(_ byte: UInt8) -> Bool { byte >= 0x20 && byte < 0x7f && byte != 0x22 && byte != 0x5c }

    /// Writes the character whose bytes begin at an index; returns how many they are.
    private mutating func put(scalarOf text: UnsafeRawBufferPointer, at index: Int) -> Int {
        let first = unsafe text[index]
        let count = first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0
        var value = UInt32(first) & (count == 2 ? 0x1f : count == 3 ? 0x0f : 0x07)
        var isWhole = count > 0 && index + count <= text.count
        if isWhole {
            for place in 1..<count {
                let byte = unsafe text[index + place]
                if byte & 0xc0 != 0x80 { isWhole = false }
                value = value << 6 | UInt32(byte & 0x3f)
            }
        }
        // Neither longer than need be nor half of a surrogate pair.
        let least: UInt32 = count == 2 ? 0x80 : count == 3 ? 0x800 : 0x10000
        guard isWhole, value >= least, value <= 0x10ffff, !(0xd800...0xdfff).contains(value) else {
            put("\\\\x")
            put(hexadecimalByte: first)
            return 1
        }
        let turnsDirection = (0x202a...0x202e).contains(value) || (0x2066...0x2069).contains(value) || value == 0x200e || value == 0x200f
        if value < 0xa0 || turnsDirection || value == 0x2028 || value == 0x2029 {
            put(escape: UInt16(truncatingIfNeeded: value))
        } else {
            unsafe put(UnsafeBufferPointer(rebasing: text.assumingMemoryBound(to: UInt8.self)[index..<(index + count)]))
        }
        return count
    }

    private mutating func put(escape value: UInt16) {
        switch value {
        case 0x0a: put("\\n")
        case 0x09: put("\\t")
        case 0x0d: put("\\r")
        default:
            put("\\u")
            put(hexadecimalByte: UInt8(value >> 8))
            put(hexadecimalByte: UInt8(value & 0xff))
        }
    }
}
