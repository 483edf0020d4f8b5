/// A prefix: an address, whose bits behind `length` are zero, and how many of its bits count.
///
/// ```swift
/// let prefix = CIDR("192.0.2.0/24")
/// ```
public struct CIDR: Hashable, Sendable {
    /// The first address of the prefix.
    public let address: IPAddress
    private let bits: UInt8

    /// The number of leading bits that count: 0 to 32 or to 128.
    public var length: Int { Int(bits) }

    /// The address family.
    public var family: IPAddress.Family { address.family }

    /// Makes the prefix of `length` bits that `address` is in. The length is clamped to what the family has.
    public init(_ address: IPAddress, length: Int) {
        let length = min(max(length, 0), address.family.bitWidth)
        self.address = IPAddress(family: address.family, value: address.value & Self.mask(address.family, length))
        self.bits = UInt8(length)
    }

    /// Makes the prefix that holds this one address.
    public init(_ address: IPAddress) {
        self.address = address
        self.bits = UInt8(address.family.bitWidth)
    }

    /// Reads a prefix or an address; nil also where bits behind the length are set. `parse` says what is wrong.
    public init?(_ text: some StringProtocol) {
        guard let prefix = try? Self.parse(text) else { return nil }
        self = prefix
    }

    /// Every address of a family.
    public static func all(_ family: IPAddress.Family) -> CIDR {
        CIDR(IPAddress(family: family, value: 0), length: 0)
    }

    /// The first address.
    public var lower: IPAddress { address }

    /// The last address.
    public var upper: IPAddress {
        IPAddress(family: family, value: address.value | ~Self.mask(family, length))
    }

    /// Whether the address is in the prefix; never one of the other family.
    public func contains(_ other: IPAddress) -> Bool {
        other.family == family && other.value & Self.mask(family, length) == address.value
    }

    /// Whether every address of `other` is in this prefix.
    public func contains(_ other: CIDR) -> Bool {
        other.bits >= bits && contains(other.address)
    }

    /// A number with the leading `length` bits of the family set.
    static func mask(_ family: IPAddress.Family, _ length: Int) -> UInt128 {
        let ones = ~UInt128(0) >> UInt128(128 - family.bitWidth)
        // Swift's >> gives 0 for a shift of the whole width.
        return ones & ~(ones >> UInt128(length))
    }
}

extension CIDR {
    /// Why a text is not a prefix.
    public enum ParseError: Error, Hashable, Sendable {
        /// It is neither an address nor an address, a slash and a length.
        case malformed
        /// The length is not a number from 0 to what the family has.
        case length(of: IPAddress.Family)
        /// Bits behind the length are set; `meant` is the prefix without them.
        case hostBitsSet(meant: CIDR)
    }

    /// Reads `192.0.2.0/24`, `2001:db8::/32`, or an address, which is a prefix of its full length.
    public static func parse(_ text: some StringProtocol) throws(ParseError) -> CIDR {
        var text = String(text)
        text.makeContiguousUTF8()
        let bytes = text.utf8.span
        return try parse(bytes, 0..<bytes.count)
    }

    static func parse(_ bytes: Span<UInt8>, _ range: Range<Int>) throws(ParseError) -> CIDR {
        var reader = AddressReader(range)
        guard let address = reader.address(bytes) else { throw .malformed }
        if reader.isAtEnd { return CIDR(address) }
        guard bytes[reader.position] == UInt8(ascii: "/") else { throw .malformed }
        guard let length = reader.length(bytes, limit: address.family.bitWidth), reader.isAtEnd else {
            throw .length(of: address.family)
        }
        let prefix = CIDR(address, length: length)
        guard prefix.address == address else { throw .hostBitsSet(meant: prefix) }
        return prefix
    }
}

extension CIDR {
    /// A line that is an IPv4 address or prefix and nothing else, which most lines of most lists are, and where the next line begins. Nil for
    /// every other line, with mistakes or without.
    static func line(_ bytes: Span<UInt8>, at start: Int) -> (prefix: CIDR, next: Int)? {
        let end = bytes.count
        var at = start
        var value: UInt32 = 0

        func digit() -> UInt32? {
            guard at < end else { return nil }
            let digit = bytes[at] &- UInt8(ascii: "0")
            return digit < 10 ? UInt32(digit) : nil
        }
        // Without leading zeros: as `AddressReader` reads it.
        func number(upTo limit: UInt32) -> UInt32? {
            guard var number = digit() else { return nil }
            at += 1
            while let next = digit() {
                guard number > 0 else { return nil }
                number = number * 10 + next
                guard number <= limit else { return nil }
                at += 1
            }
            return number
        }

        for part in 0..<4 {
            if part > 0 {
                guard at < end, bytes[at] == UInt8(ascii: ".") else { return nil }
                at += 1
            }
            guard let octet = number(upTo: 255) else { return nil }
            value = value << 8 | octet
        }
        var length: UInt32 = 32
        if at < end, bytes[at] == UInt8(ascii: "/") {
            at += 1
            guard let given = number(upTo: 32) else { return nil }
            length = given
        }
        guard at == end || bytes[at] == UInt8(ascii: "\n"), value & (UInt32.max >> length) == 0 || length == 32 else { return nil }
        return (CIDR(unchecked: IPAddress(v4: value), bits: UInt8(length)), at + 1)
    }

    /// A prefix behind whose length the address has no bits.
    private init(unchecked address: IPAddress, bits: UInt8) {
        self.address = address
        self.bits = bits
    }
}

extension CIDR: Comparable {
    /// By first address, the wider prefix first.
    public static func < (one: CIDR, other: CIDR) -> Bool {
        one.address == other.address ? one.bits < other.bits : one.address < other.address
    }
}

extension CIDR: CustomStringConvertible {
    /// `192.0.2.0/24`; for one address only the address.
    public var description: String {
        length == family.bitWidth ? address.description : "\(address)/\(length)"
    }
}

extension CIDR: Codable {
    /// Reads the prefix from its text.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let prefix = CIDR(text) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "'\(text)' is not an address or prefix")
        }
        self = prefix
    }

    /// Writes the prefix as its text.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
