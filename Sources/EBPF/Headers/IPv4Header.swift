/// An address of IP version 4, in network order.
public struct IPv4Address: BitwiseCopyable, Equatable, Hashable, Sendable {
    /// The address, its first byte first.
    public var number: BigEndian<UInt32>

    /// - Parameter number: The address as a number: 0x7f000001 for 127.0.0.1.
    @inline(__always)
    public init(_ number: UInt32) { self.number = BigEndian(number) }

    /// An address of the four bytes of memory, as the kernel's structures have it.
    @inline(__always)
    public init(bits: UInt32) { number = BigEndian(bits: bits) }

    /// `IPv4Address(127, 0, 0, 1)`.
    @inline(__always)
    public init(_ a: UInt8, _ b: UInt8, _ c: UInt8, _ d: UInt8) {
        self.init(UInt32(a) &<< 24 | UInt32(b) &<< 16 | UInt32(c) &<< 8 | UInt32(d))
    }

    /// Whether the first bits of both are the same.
    ///
    /// - Parameter length: How many, 0 to 32.
    @inline(__always)
    public func isEqual(to other: IPv4Address, length: UInt32) -> Bool {
        length == 0 || (number.value ^ other.number.value) &>> (32 &- length) == 0
    }
}

/// What an IP packet carries.
public struct IPProtocol: BitwiseCopyable, Equatable, Hashable, Sendable {
    /// The protocol's number (IANA).
    public var number: UInt8

    /// A protocol by its number.
    @inline(__always)
    public init(_ number: UInt8) { self.number = number }

    /// Messages about IP version 4, 1 (RFC 792).
    @inline(__always)
    public static var icmp: IPProtocol { IPProtocol(1) }
    /// Streams, 6 (RFC 9293).
    @inline(__always)
    public static var tcp: IPProtocol { IPProtocol(6) }
    /// Datagrams, 17 (RFC 768).
    @inline(__always)
    public static var udp: IPProtocol { IPProtocol(17) }
    /// Tunnels of any protocol, 47 (RFC 2784).
    @inline(__always)
    public static var gre: IPProtocol { IPProtocol(47) }
    /// What IPsec encrypts, 50 (RFC 4303).
    @inline(__always)
    public static var esp: IPProtocol { IPProtocol(50) }
    /// Messages about IP version 6, 58 (RFC 4443).
    @inline(__always)
    public static var icmpv6: IPProtocol { IPProtocol(58) }
    /// Streams of messages, 132 (RFC 9260).
    @inline(__always)
    public static var sctp: IPProtocol { IPProtocol(132) }
}

/// The header of IP version 4 without its options, 20 bytes.
public struct IPv4Header: BitwiseCopyable, Sendable {
    /// Version and header length in words of four bytes, four bits each.
    public var versionAndLength: UInt8
    /// Differentiated services in the upper six bits, congestion in the lower two.
    public var typeOfService: UInt8
    /// Bytes of header and payload.
    public var totalLength: BigEndian<UInt16>
    /// The same in all fragments of a packet.
    public var identification: BigEndian<UInt16>
    /// Three flags, and the fragment's place in units of eight bytes.
    public var fragment: BigEndian<UInt16>
    /// How many routers it may still pass.
    public var timeToLive: UInt8
    /// What follows the header and its options.
    public var `protocol`: IPProtocol
    /// Of the header alone: ``computedChecksum``.
    public var checksum: BigEndian<UInt16>
    /// Who sent it.
    public var source: IPv4Address
    /// Whom it is for.
    public var destination: IPv4Address

    /// A header of zeros but for version and length.
    @inline(__always)
    public init() {
        versionAndLength = 0x45
        typeOfService = 0
        totalLength = 0
        identification = 0
        fragment = 0
        timeToLive = 0
        self.protocol = IPProtocol(0)
        checksum = 0
        source = IPv4Address(0)
        destination = IPv4Address(0)
    }

    /// 4, if this is such a header.
    @inline(__always)
    public var version: UInt8 { versionAndLength &>> 4 }

    /// How many bytes the header has with its options, 0 to 60; below 20 it is malformed.
    @inline(__always)
    public var headerLength: Int { Int(versionAndLength & 0xf) &* 4 }

    /// Where the fragment's bytes belong in the packet; 0 for the first and for whole packets.
    @inline(__always)
    public var fragmentOffset: Int { Int(fragment.value & 0x1fff) &* 8 }

    /// Whether further fragments follow.
    @inline(__always)
    public var hasMoreFragments: Bool { fragment.value & 0x2000 != 0 }

    /// Whether the packet is a part of one.
    @inline(__always)
    public var isFragment: Bool { fragment.value & 0x3fff != 0 }

    /// 20 bytes.
    @inline(__always)
    public static var size: Int { MemoryLayout<Self>.size }
}
