/// An IPv4 or IPv6 address.
///
/// An IPv4-mapped IPv6 address (`::ffff:192.0.2.1`) stays an IPv6 address: on the wire it is one.
///
/// ```swift
/// let address = IPAddress("2001:db8::53")
/// ```
public struct IPAddress: Hashable, Sendable {
    /// The address family.
    public enum Family: UInt8, Hashable, Sendable, CaseIterable {
        case v4 = 4
        case v6 = 6

        /// The number of bits of an address: 32 or 128.
        public var bitWidth: Int { self == .v4 ? 32 : 128 }
    }

    /// The upper 64 bits of an IPv6 address as a number; 0 for IPv4.
    public let high: UInt64
    /// The lower 64 bits as a number; an IPv4 address is in the lower 32 bits.
    public let low: UInt64
    /// The address family.
    public let family: Family

    /// Makes an IPv4 address from its value as a number: `0xC000_0201` is 192.0.2.1.
    public init(v4 value: UInt32) {
        self.init(family: .v4, high: 0, low: UInt64(value))
    }

    /// Makes an IPv6 address from its upper and lower 64 bits as numbers.
    public init(v6 high: UInt64, low: UInt64) {
        self.init(family: .v6, high: high, low: low)
    }

    /// Makes an address from its value as a number; bits that the family does not have are dropped.
    public init(family: Family, value: UInt128) {
        switch family {
        case .v4: self.init(v4: UInt32(truncatingIfNeeded: value))
        case .v6: self.init(v6: UInt64(truncatingIfNeeded: value >> 64), low: UInt64(truncatingIfNeeded: value))
        }
    }

    /// Makes an address from bytes in network order: four of them for IPv4, sixteen for IPv6.
    public init?(bytes: some Collection<UInt8>) {
        switch bytes.count {
        case 4: self.init(family: .v4, value: bytes.reduce(0) { $0 << 8 | UInt128($1) })
        case 16: self.init(family: .v6, value: bytes.reduce(0) { $0 << 8 | UInt128($1) })
        default: return nil
        }
    }

    /// Reads an address as it is written: `192.0.2.1`, `2001:db8::1`. Neither zones nor leading zeros of IPv4.
    public init?(_ text: some StringProtocol) {
        var text = String(text)
        text.makeContiguousUTF8()
        let bytes = text.utf8.span
        var reader = AddressReader(0..<bytes.count)
        guard let address = reader.address(bytes), reader.isAtEnd else { return nil }
        self = address
    }

    init(family: Family, high: UInt64, low: UInt64) {
        self.family = family
        self.high = high
        self.low = low
    }

    /// The address as a number of `family.bitWidth` bits.
    public var value: UInt128 { UInt128(high) << 64 | UInt128(low) }

    /// The bytes in network order: four for IPv4, sixteen for IPv6.
    public var bytes: [UInt8] {
        let value = value
        return (1...family.bitWidth / 8).map { UInt8(truncatingIfNeeded: value >> UInt128(family.bitWidth - 8 * $0)) }
    }
}

extension IPAddress: Comparable {
    /// IPv4 before IPv6, then by value.
    public static func < (one: IPAddress, other: IPAddress) -> Bool {
        (one.family.rawValue, one.high, one.low) < (other.family.rawValue, other.high, other.low)
    }
}

extension IPAddress: CustomStringConvertible {
    /// The address as text, IPv6 in the form of RFC 5952.
    public var description: String {
        switch family {
        case .v4: Self.dotted(UInt32(truncatingIfNeeded: low))
        case .v6: sixText
        }
    }

    private static func dotted(_ value: UInt32) -> String {
        "\(value >> 24).\(value >> 16 & 0xFF).\(value >> 8 & 0xFF).\(value & 0xFF)"
    }

    private var sixText: String {
        // RFC 5952, section 5: mapped addresses keep the dotted form.
        if high == 0, low >> 32 == 0xFFFF {
            return "::ffff:" + Self.dotted(UInt32(truncatingIfNeeded: low))
        }
        let groups = (0..<8).map { UInt16(truncatingIfNeeded: value >> UInt128(112 - 16 * $0)) }
        var longest = 0..<0
        var start = 0
        while start < 8 {
            let end = groups[start...].firstIndex { $0 != 0 } ?? 8
            // One zero group alone is not shortened, and of equally long runs the first is.
            if end - start > max(1, longest.count) { longest = start..<end }
            start = end + 1
        }
        func joined(_ part: ArraySlice<UInt16>) -> String {
            part.map { String($0, radix: 16) }.joined(separator: ":")
        }
        guard !longest.isEmpty else { return joined(groups[...]) }
        return joined(groups[..<longest.lowerBound]) + "::" + joined(groups[longest.upperBound...])
    }
}

extension IPAddress: Codable {
    /// Reads the address from its text.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let address = IPAddress(text) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "'\(text)' is not an IP address")
        }
        self = address
    }

    /// Writes the address as its text.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
