/// Reads addresses and prefixes from bytes, without making strings: list files have a million of them.
struct AddressReader {
    /// The position of the next byte to read.
    private(set) var position: Int
    private let end: Int

    /// A reader of the part `range` of some bytes, which are then given to each call.
    init(_ range: Range<Int>) {
        position = range.lowerBound
        end = range.upperBound
    }

    var isAtEnd: Bool { position == end }

    /// Reads an address of either family; nil, and the position is of no use, if there is none.
    mutating func address(_ bytes: Span<UInt8>) -> IPAddress? {
        // What follows the first digits tells the family.
        var look = position
        while look < end, Self.hexValue(bytes[look]) != nil { look += 1 }
        if look < end, bytes[look] == UInt8(ascii: ":") { return six(bytes) }
        return four(bytes).map { IPAddress(v4: $0) }
    }

    /// Reads the length behind an address: a slash and a number without leading zeros up to `limit`.
    mutating func length(_ bytes: Span<UInt8>, limit: Int) -> Int? {
        guard take(UInt8(ascii: "/"), bytes) else { return nil }
        return decimal(bytes, limit: limit)
    }

    private mutating func take(_ byte: UInt8, _ bytes: Span<UInt8>) -> Bool {
        guard position < end, bytes[position] == byte else { return false }
        position += 1
        return true
    }

    private mutating func decimal(_ bytes: Span<UInt8>, limit: Int) -> Int? {
        let start = position
        var value = 0
        while position < end {
            let digit = bytes[position] &- UInt8(ascii: "0")
            guard digit < 10 else { break }
            value = value * 10 + Int(digit)
            // A leading zero is refused: some programs take 010 for eight.
            guard value <= limit, position == start || bytes[start] != UInt8(ascii: "0") else { return nil }
            position += 1
        }
        return position == start ? nil : value
    }

    private mutating func four(_ bytes: Span<UInt8>) -> UInt32? {
        var value: UInt32 = 0
        for part in 0..<4 {
            if part > 0, !take(UInt8(ascii: "."), bytes) { return nil }
            guard let octet = decimal(bytes, limit: 255) else { return nil }
            value = value << 8 | UInt32(octet)
        }
        return value
    }

    private mutating func six(_ bytes: Span<UInt8>) -> IPAddress? {
        var value: UInt128 = 0
        var count = 0
        var gap: Int?
        if position + 1 < end, bytes[position] == UInt8(ascii: ":") {
            guard bytes[position + 1] == UInt8(ascii: ":") else { return nil }
            position += 2
            gap = 0
        }
        while count < 8, position < end {
            let start = position
            var group: UInt32 = 0
            while position < end, position - start < 5, let digit = Self.hexValue(bytes[position]) {
                group = group << 4 | UInt32(digit)
                position += 1
            }
            if position == start, gap == count { break }
            if count <= 6, position < end, bytes[position] == UInt8(ascii: ".") {
                position = start
                guard let mapped = four(bytes) else { return nil }
                value = value << 32 | UInt128(mapped)
                count += 2
                break
            }
            guard (1...4).contains(position - start) else { return nil }
            value = value << 16 | UInt128(group)
            count += 1
            guard count < 8 || gap == nil, position < end, bytes[position] == UInt8(ascii: ":") else { break }
            guard count < 8 else { return nil }
            position += 1
            if take(UInt8(ascii: ":"), bytes) {
                guard gap == nil else { return nil }
                gap = count
            } else if position == end {
                // A single colon has a group behind it.
                return nil
            }
        }
        guard let gap else { return count == 8 ? IPAddress(family: .v6, value: value) : nil }
        // "::" stands for one group at least.
        guard count < 8 else { return nil }
        let tailBits = UInt128(16 * (count - gap))
        let tail = value & (1 << tailBits - 1)
        let head = (value >> tailBits) << UInt128(128 - 16 * gap)
        return IPAddress(family: .v6, value: head | tail)
    }

    private static func hexValue(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
