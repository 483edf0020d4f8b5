/// The header of TCP without its options, 20 bytes.
public struct TCPHeader: BitwiseCopyable, Sendable {
    /// The sender's port.
    public var sourcePort: BigEndian<UInt16>
    /// The receiver's port.
    public var destinationPort: BigEndian<UInt16>
    /// The number of the first byte of data.
    public var sequence: BigEndian<UInt32>
    /// The number of the next byte that is expected, where ``TCPFlags/ack`` is set.
    public var acknowledgement: BigEndian<UInt32>
    /// Header length in words of four bytes in the upper four bits.
    public var lengthBits: UInt8
    /// What the segment is for.
    public var flags: TCPFlags
    /// How many bytes may be sent; in units that the handshake agreed on.
    public var window: BigEndian<UInt16>
    /// Over header, data and the addresses of the IP header.
    public var checksum: BigEndian<UInt16>
    /// Where urgent data ends, counted from ``sequence``.
    public var urgentPointer: BigEndian<UInt16>

    /// How many bytes the header has with its options, 0 to 60; below 20 it is malformed.
    @inline(__always)
    public var headerLength: Int { Int(lengthBits &>> 4) &* 4 }

    /// 20 bytes.
    @inline(__always)
    public static var size: Int { MemoryLayout<Self>.size }
}

/// The flags of a TCP segment.
public struct TCPFlags: OptionSet, BitwiseCopyable, Sendable {
    /// The byte that holds them, with two flags of congestion control (RFC 3168) above.
    public var rawValue: UInt8

    /// Flags by the byte that holds them.
    @inline(__always)
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// The sender has no more to send.
    @inline(__always)
    public static var fin: TCPFlags { TCPFlags(rawValue: 0x01) }
    /// Begins a connection: the sequence number is the first.
    @inline(__always)
    public static var syn: TCPFlags { TCPFlags(rawValue: 0x02) }
    /// Ends a connection at once.
    @inline(__always)
    public static var rst: TCPFlags { TCPFlags(rawValue: 0x04) }
    /// What was sent is to be handed on now.
    @inline(__always)
    public static var psh: TCPFlags { TCPFlags(rawValue: 0x08) }
    /// The acknowledgement number is one.
    @inline(__always)
    public static var ack: TCPFlags { TCPFlags(rawValue: 0x10) }
    /// The urgent pointer is one.
    @inline(__always)
    public static var urg: TCPFlags { TCPFlags(rawValue: 0x20) }
}

/// The header of UDP, 8 bytes.
public struct UDPHeader: BitwiseCopyable, Sendable {
    /// The sender's port.
    public var sourcePort: BigEndian<UInt16>
    /// The receiver's port.
    public var destinationPort: BigEndian<UInt16>
    /// Bytes of header and payload.
    public var length: BigEndian<UInt16>
    /// Over header, data and the addresses of the IP header; 0 if the sender computed none, which IP version 4 allows.
    public var checksum: BigEndian<UInt16>

    /// 8 bytes.
    @inline(__always)
    public static var size: Int { MemoryLayout<Self>.size }
}

/// The ports that TCP, UDP and SCTP begin with, 4 bytes.
public struct TransportPorts: BitwiseCopyable, Sendable {
    /// The sender's port.
    public var source: BigEndian<UInt16>
    /// The receiver's port.
    public var destination: BigEndian<UInt16>
}

/// The header of ICMP and of ICMPv6, 8 bytes.
public struct ICMPHeader: BitwiseCopyable, Sendable {
    /// What kind of message (IANA).
    public var type: UInt8
    /// Which of its kind.
    public var code: UInt8
    /// Over header and data; for IP version 6 over its addresses too.
    public var checksum: BigEndian<UInt16>
    /// What the type makes of the next four bytes: identifier and sequence number, or the size that would have fitted.
    public var rest: BigEndian<UInt32>

    /// 8 bytes.
    @inline(__always)
    public static var size: Int { MemoryLayout<Self>.size }
}
