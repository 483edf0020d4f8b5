import PolicyModel

/// JSON's pieces, appended to a buffer without making a string of each.
extension [UInt8] {
    /// Appends text known at compile time as it is.
    @inline(__always)
    mutating func append(_ text: StaticString) {
        unsafe append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    mutating func append(decimal value: UInt64) {
        if value < 10 {
            append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: value))
            return
        }
        var place: UInt64 = 10
        while place <= value / 10 { place *= 10 }
        var left = value
        while place > 0 {
            append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: left / place))
            left %= place
            place /= 10
        }
    }

    /// Appends a JSON string.
    mutating func append(quoted text: String) {
        append(UInt8(ascii: "\""))
        var text = text
        text.withUTF8 { utf8 in
            let plain = unsafe utf8.allSatisfy { $0 >= 0x20 && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\") }
            if plain {
                unsafe append(contentsOf: utf8)
            } else {
                unsafe utf8.forEach { append(escaped: $0) }
            }
        }
        append(UInt8(ascii: "\""))
    }

    private mutating func append(escaped byte: UInt8) {
        switch byte {
        case UInt8(ascii: "\""): append(#"\""#)
        case UInt8(ascii: "\\"): append(#"\\"#)
        case UInt8(ascii: "\n"): append(#"\n"#)
        case UInt8(ascii: "\r"): append(#"\r"#)
        case UInt8(ascii: "\t"): append(#"\t"#)
        case 0..<0x20:
            append(#"\u00"#)
            append(hexadecimal: UInt16(byte >> 4))
            append(hexadecimal: UInt16(byte & 15))
        default: append(byte)
        }
    }

    /// Appends an address as a JSON string in the form of RFC 5952, or `null`.
    mutating func append(address: IPAddress?) {
        guard let address else {
            append("null")
            return
        }
        append(UInt8(ascii: "\""))
        switch address.family {
        case .v4: append(dotted: UInt32(truncatingIfNeeded: address.low))
        case .v6: append(six: address)
        }
        append(UInt8(ascii: "\""))
    }

    private mutating func append(dotted value: UInt32) {
        append(decimal: UInt64(value >> 24))
        append(UInt8(ascii: "."))
        append(decimal: UInt64(value >> 16 & 0xFF))
        append(UInt8(ascii: "."))
        append(decimal: UInt64(value >> 8 & 0xFF))
        append(UInt8(ascii: "."))
        append(decimal: UInt64(value & 0xFF))
    }

    private mutating func append(six address: IPAddress) {
        if address.high == 0, address.low >> 32 == 0xFFFF {
            append("::ffff:")
            append(dotted: UInt32(truncatingIfNeeded: address.low))
            return
        }
        func group(_ index: Int) -> UInt16 {
            UInt16(truncatingIfNeeded: (index < 4 ? address.high : address.low) >> UInt64(48 - 16 * (index & 3)))
        }
        // The longest run of zero groups, the first of equals; one group alone is not shortened.
        var (best, bestLength, start) = (8, 1, 0)
        while start < 8 {
            var end = start
            while end < 8, group(end) == 0 { end += 1 }
            if end - start > bestLength { (best, bestLength) = (start, end - start) }
            start = end + 1
        }
        var index = 0
        while index < 8 {
            if index == best {
                append("::")
                index += bestLength
                continue
            }
            if index > 0, index != best + bestLength || best == 8 { append(UInt8(ascii: ":")) }
            append(hexadecimal: group(index))
            index += 1
        }
    }

    /// Appends a number in base 16 without leading zeros.
    private mutating func append(hexadecimal value: UInt16) {
        var shift: UInt16 = value > 0xFFF ? 12 : value > 0xFF ? 8 : value > 0xF ? 4 : 0
        while true {
            let digit = UInt8(truncatingIfNeeded: value >> shift & 15)
            append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
            guard shift > 0 else { return }
            shift -= 4
        }
    }
}
