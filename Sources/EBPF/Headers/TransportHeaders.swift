/// The header of TCP without its options, 20 bytes.
public struct TCPHeader: BitwiseCopyable, Sendable {
    public var sourcePort: BigEndian<UInt16>
    public var destinationPort: BigEndian<UInt16>
    public var sequence: BigEndian<UInt32>
    public var acknowledgement: BigEndian<UInt32>
    /// Header length in words of four bytes in the upper four bits.
    public var lengthBits: UInt8
    public var flags: TCPFlags
    public var window: BigEndian<UInt16>
    public var checksum: BigEndian<UInt16>
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
    public var rawValue: UInt8

    @inline(__always)
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    @inline(__always)
    public static var fin: TCPFlags { TCPFlags(rawValue: 0x01) }
    @inline(__always)
    public static var syn: TCPFlags { TCPFlags(rawValue: 0x02) }
    @inline(__always)
    public static var rst: TCPFlags { TCPFlags(rawValue: 0x04) }
    @inline(__always)
    public static var psh: TCPFlags { TCPFlags(rawValue: 0x08) }
    @inline(__always)
    public static var ack: TCPFlags { TCPFlags(rawValue: 0x10) }
    @inline(__always)
    public static var urg: TCPFlags { TCPFlags(rawValue: 0x20) }
}

/// The header of UDP, 8 bytes.
public struct UDPHeader: BitwiseCopyable, Sendable {
    public var sourcePort: BigEndian<UInt16>
    public var destinationPort: BigEndian<UInt16>
    /// Bytes of header and payload.
    public var length: BigEndian<UInt16>
    public var checksum: BigEndian<UInt16>

    /// 8 bytes.
    @inline(__always)
    public static var size: Int { MemoryLayout<Self>.size }
}

/// The ports that TCP, UDP and SCTP begin with, 4 bytes.
public struct TransportPorts: BitwiseCopyable, Sendable {
    public var source: BigEndian<UInt16>
    public var destination: BigEndian<UInt16>
}

/// The header of ICMP and of ICMPv6, 8 bytes.
public struct ICMPHeader: BitwiseCopyable, Sendable {
    public var type: UInt8
    public var code: UInt8
    public var checksum: BigEndian<UInt16>
    /// What the type makes of the next four bytes: identifier and sequence number, or the size that would have fitted.
    public var rest: BigEndian<UInt32>

    /// 8 bytes.
    @inline(__always)
    public static var size: Int { MemoryLayout<Self>.size }
}
