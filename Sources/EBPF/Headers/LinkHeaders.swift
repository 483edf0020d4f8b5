/// An Ethernet address.
public struct EthernetAddress: BitwiseCopyable, Equatable, Hashable, Sendable {
    var words: (BigEndian<UInt16>, BigEndian<UInt16>, BigEndian<UInt16>)

    /// The address in the lower 48 bits of a number, its first byte highest.
    @inline(__always)
    public init(_ number: UInt64) {
        words = (
            BigEndian(UInt16(truncatingIfNeeded: number &>> 32)), BigEndian(UInt16(truncatingIfNeeded: number &>> 16)),
            BigEndian(UInt16(truncatingIfNeeded: number))
        )
    }

    /// The address as a number below 2⁴⁸, its first byte highest.
    @inline(__always)
    public var number: UInt64 { UInt64(words.0.value) &<< 32 | UInt64(words.1.value) &<< 16 | UInt64(words.2.value) }

    /// Whether it is one of a group, all hosts (ff:ff:ff:ff:ff:ff) among them.
    @inline(__always)
    public var isGroup: Bool { words.0.value & 0x100 != 0 }

    @inline(__always)
    public static func == (a: Self, b: Self) -> Bool { a.words.0 == b.words.0 && a.words.1 == b.words.1 && a.words.2 == b.words.2 }

    public func hash(into hasher: inout Hasher) { hasher.combine(number) }
}

/// What an Ethernet frame carries.
public struct EtherType: BitwiseCopyable, Equatable, Hashable, Sendable {
    /// The EtherType (IEEE 802); below 1,536 it is a length.
    public var number: BigEndian<UInt16>

    /// A type by its number.
    @inline(__always)
    public init(_ number: BigEndian<UInt16>) { self.number = number }

    /// IP version 4, 0x0800.
    @inline(__always)
    public static var ipv4: EtherType { EtherType(0x0800) }
    /// The address resolution protocol, 0x0806 (RFC 826).
    @inline(__always)
    public static var arp: EtherType { EtherType(0x0806) }
    /// IP version 6, 0x86dd.
    @inline(__always)
    public static var ipv6: EtherType { EtherType(0x86dd) }
    /// A VLAN tag (IEEE 802.1Q).
    @inline(__always)
    public static var vlan: EtherType { EtherType(0x8100) }
    /// A VLAN tag before another (IEEE 802.1ad).
    @inline(__always)
    public static var outerVLAN: EtherType { EtherType(0x88a8) }

    /// Whether a ``VLANTag`` follows.
    @inline(__always)
    public var isVLAN: Bool { self == .vlan || self == .outerVLAN }
}

/// The beginning of an Ethernet frame, 14 bytes.
public struct EthernetHeader: BitwiseCopyable, Sendable {
    /// Whom the frame is for.
    public var destination: EthernetAddress
    /// Who sent it.
    public var source: EthernetAddress
    /// What follows.
    public var type: EtherType

    /// A header of its three fields.
    @inline(__always)
    public init(destination: EthernetAddress, source: EthernetAddress, type: EtherType) {
        self.destination = destination
        self.source = source
        self.type = type
    }

    /// 14 bytes.
    @inline(__always)
    public static var size: Int { MemoryLayout<Self>.size }
}

/// What follows an Ethernet type of a VLAN, 4 bytes.
public struct VLANTag: BitwiseCopyable, Sendable {
    /// Priority (3 bits), drop eligibility (1), identifier (12).
    public var control: BigEndian<UInt16>
    /// What comes after the tag.
    public var type: EtherType

    /// A tag of its two fields.
    @inline(__always)
    public init(control: BigEndian<UInt16>, type: EtherType) {
        self.control = control
        self.type = type
    }

    /// The VLAN's number, below 4,096.
    @inline(__always)
    public var identifier: UInt16 { control.value & 0xfff }

    /// 4 bytes.
    @inline(__always)
    public static var size: Int { MemoryLayout<Self>.size }
}
