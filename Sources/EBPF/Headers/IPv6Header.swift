/// An address of IP version 6, in network order.
public struct IPv6Address: BitwiseCopyable, Equatable, Hashable, Sendable {
    /// Its 32-bit parts, the first highest: any more would have the kernel's structures with addresses laid out differently.
    public var words: (BigEndian<UInt32>, BigEndian<UInt32>, BigEndian<UInt32>, BigEndian<UInt32>)

    /// An address of its 32-bit parts.
    @inline(__always)
    public init(words: (BigEndian<UInt32>, BigEndian<UInt32>, BigEndian<UInt32>, BigEndian<UInt32>)) { self.words = words }

    /// - Parameters:
    ///   - high: The first eight bytes as a number.
    ///   - low: The last eight.
    @inline(__always)
    public init(high: UInt64, low: UInt64) {
        words = (
            BigEndian(UInt32(truncatingIfNeeded: high &>> 32)), BigEndian(UInt32(truncatingIfNeeded: high)),
            BigEndian(UInt32(truncatingIfNeeded: low &>> 32)), BigEndian(UInt32(truncatingIfNeeded: low))
        )
    }

    /// An address of version 4 in the form of version 6: `::ffff:192.0.2.1`.
    @inline(__always)
    public init(mapping address: IPv4Address) { words = (0, 0, 0x0000_ffff, address.number) }

    /// The first eight bytes as a number.
    @inline(__always)
    public var high: UInt64 { UInt64(words.0.value) &<< 32 | UInt64(words.1.value) }

    /// The last eight bytes as a number.
    @inline(__always)
    public var low: UInt64 { UInt64(words.2.value) &<< 32 | UInt64(words.3.value) }

    @inline(__always)
    public static func == (a: Self, b: Self) -> Bool {
        a.words.0 == b.words.0 && a.words.1 == b.words.1 && a.words.2 == b.words.2 && a.words.3 == b.words.3
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(high)
        hasher.combine(low)
    }
}

/// The header of IP version 6, 40 bytes.
public struct IPv6Header: BitwiseCopyable, Sendable {
    /// Version (4 bits), traffic class (8), flow label (20).
    public var versionClassFlow: BigEndian<UInt32>
    /// Bytes after this header.
    public var payloadLength: BigEndian<UInt16>
    /// What follows: a transport protocol or an ``IPv6Extension``.
    public var nextHeader: IPProtocol
    /// How many routers it may still pass.
    public var hopLimit: UInt8
    /// Who sent it.
    public var source: IPv6Address
    /// Whom it is for.
    public var destination: IPv6Address

    /// A header of zeros but for the version.
    @inline(__always)
    public init() {
        versionClassFlow = 0x6000_0000
        payloadLength = 0
        nextHeader = IPProtocol(0)
        hopLimit = 0
        source = IPv6Address(high: 0, low: 0)
        destination = source
    }

    /// 6, if this is such a header.
    @inline(__always)
    public var version: UInt8 { UInt8(truncatingIfNeeded: versionClassFlow.value &>> 28) }

    /// 40 bytes.
    @inline(__always)
    public static var size: Int { MemoryLayout<Self>.size }
}

/// The beginning of most extension headers of IP version 6, 2 bytes.
public struct IPv6Extension: BitwiseCopyable, Sendable {
    /// What follows: a transport protocol or another extension.
    public var nextHeader: IPProtocol
    /// In units of eight bytes, the first eight not counted.
    public var length: UInt8

    /// How many bytes the extension has, 8 to 2,048.
    @inline(__always)
    public var byteCount: Int { (Int(length) &+ 1) &* 8 }

    /// Whether a header of this kind is an extension of this form: hop-by-hop options, routing, destination options.
    @inline(__always)
    public static func isExtension(_ number: IPProtocol) -> Bool { number.number == 0 || number.number == 43 || number.number == 60 }
}

/// The extension header of a fragment, 8 bytes; its number is 44.
public struct IPv6Fragment: BitwiseCopyable, Sendable {
    /// What follows: a transport protocol or another extension.
    public var nextHeader: IPProtocol
    /// Zero.
    public var reserved: UInt8
    /// The fragment's place in the upper 13 bits, in units of eight bytes; the lowest bit says that more follow.
    public var place: BigEndian<UInt16>
    /// The same in all fragments of a packet.
    public var identification: BigEndian<UInt32>

    /// Where the fragment's bytes belong in the packet.
    @inline(__always)
    public var offset: Int { Int(place.value & 0xfff8) }

    /// Whether further fragments follow.
    @inline(__always)
    public var hasMoreFragments: Bool { place.value & 1 != 0 }

    /// The number that stands for this header.
    @inline(__always)
    public static var number: IPProtocol { IPProtocol(44) }
}
