/// A packet for tests, built header by header from the outside in.
///
///     let packet = Packet.ethernet(vlans: [100]).ipv4("10.0.0.1", "10.0.0.2").tcp(40_000, 443, flags: .syn).payload("hello")
///     let bytes = packet.bytes                  // lengths and checksums are right
///     let cut = packet.truncated(to: 30)
///
/// What a header must say wrongly for a test is given as an override where it is built, or written over the bytes with `overwriting`.
/// Address texts that are no addresses are a mistake in the test and trap.
public struct Packet: Sendable, Hashable {
    var layers: [PacketLayer] = []
    private var cut: Int?
    private var overwrites: [Overwrite] = []

    private struct Overwrite: Sendable, Hashable {
        var offset: Int
        var bytes: [UInt8]
    }

    /// A packet without an Ethernet header, as tunnels and ICMP errors carry.
    public init() {}

    func adding(_ layer: PacketLayer) -> Packet {
        var packet = self
        packet.layers.append(layer)
        return packet
    }

    /// The whole packet, in network byte order, with lengths and checksums filled in.
    public var bytes: [UInt8] {
        var bytes: [UInt8] = []
        for index in layers.indices.reversed() {
            let network = layers[..<index].last { $0.isNetwork }
            let inner = index + 1 < layers.endIndex ? layers[index + 1] : nil
            bytes = layers[index].header(around: bytes, inner: inner, network: network) + bytes
        }
        for overwrite in overwrites {
            for (index, byte) in overwrite.bytes.enumerated() where overwrite.offset + index < bytes.count {
                bytes[overwrite.offset + index] = byte
            }
        }
        return cut.map { Array(bytes.prefix($0)) } ?? bytes
    }

    /// The bytes from the first IP header on.
    public var networkBytes: [UInt8] {
        var inner = self
        inner.layers = Array(layers.drop { !$0.isNetwork })
        inner.overwrites = []
        inner.cut = nil
        return inner.bytes
    }

    /// The packet with nothing after its first `count` bytes.
    public func truncated(to count: Int) -> Packet {
        var packet = self
        packet.cut = count
        return packet
    }

    /// The packet with bytes written over its own, after lengths and checksums were filled in.
    public func overwriting(at offset: Int, _ bytes: [UInt8]) -> Packet {
        var packet = self
        packet.overwrites.append(Overwrite(offset: offset, bytes: bytes))
        return packet
    }
}

/// Headers.
extension Packet {
    /// Begins a packet with an Ethernet header.
    ///
    /// - Parameters:
    ///   - vlans: VLAN identifiers from the outside in. All tags but the innermost are of type 0x88a8, that one 0x8100.
    ///   - etherType: The type to claim; without it that of what follows.
    public static func ethernet(
        from source: [UInt8] = [2, 0, 0, 0, 0, 1], to destination: [UInt8] = [2, 0, 0, 0, 0, 2], vlans: [UInt16] = [],
        etherType: UInt16? = nil
    ) -> Packet {
        Packet().adding(.ethernet(source: source, destination: destination, vlans: vlans, etherType: etherType))
    }

    /// Adds an IPv4 header.
    ///
    /// - Parameters:
    ///   - options: Option bytes, padded with zeros to a multiple of 4.
    ///   - fragment: The fragment's place; without it the packet is whole.
    ///   - protocolNumber: The protocol to claim; without it that of what follows.
    ///   - headerWords: The header length to claim, in 32-bit words.
    ///   - totalLength: The total length to claim.
    public func ipv4(
        _ source: String, _ destination: String, ttl: UInt8 = 64, identification: UInt16 = 1, options: [UInt8] = [],
        fragment: Fragment? = nil, protocolNumber: UInt8? = nil, version: UInt8 = 4, headerWords: UInt8? = nil, totalLength: UInt16? = nil
    ) -> Packet {
        adding(
            .ipv4(
                IPv4Layer(
                    source: addressBytes(source, count: 4), destination: addressBytes(destination, count: 4), ttl: ttl,
                    identification: identification, options: options, fragment: fragment, protocolNumber: protocolNumber,
                    version: version, headerWords: headerWords, totalLength: totalLength)))
    }

    /// Adds an IPv6 header and its chain of extension headers.
    ///
    /// - Parameters:
    ///   - nextHeader: What the last header of the chain claims to follow; without it what follows.
    ///   - payloadLength: The length to claim.
    public func ipv6(
        _ source: String, _ destination: String, hopLimit: UInt8 = 64, extensions: [IPv6Extension] = [], nextHeader: UInt8? = nil,
        version: UInt8 = 6, payloadLength: UInt16? = nil
    ) -> Packet {
        adding(
            .ipv6(
                IPv6Layer(
                    source: addressBytes(source, count: 16), destination: addressBytes(destination, count: 16), hopLimit: hopLimit,
                    extensions: extensions, nextHeader: nextHeader, version: version, payloadLength: payloadLength)))
    }

    /// Adds a TCP header of 20 bytes and options.
    public func tcp(
        _ sourcePort: UInt16, _ destinationPort: UInt16, flags: TCPFlags = .syn, sequence: UInt32 = 1, acknowledgment: UInt32 = 0,
        options: [UInt8] = []
    ) -> Packet {
        adding(
            .tcp(
                source: sourcePort, destination: destinationPort, flags: flags, sequence: sequence, acknowledgment: acknowledgment,
                options: options))
    }

    /// Adds a UDP header.
    public func udp(_ sourcePort: UInt16, _ destinationPort: UInt16) -> Packet {
        adding(.udp(source: sourcePort, destination: destinationPort))
    }

    /// Adds an SCTP header with one chunk of the given type and nothing in it.
    public func sctp(_ sourcePort: UInt16, _ destinationPort: UInt16, chunkType: UInt8 = 1) -> Packet {
        adding(.sctp(source: sourcePort, destination: destinationPort, chunkType: chunkType))
    }

    /// Adds an ICMP header: ICMPv6 after an IPv6 header, ICMP otherwise.
    ///
    /// - Parameter rest: The header's last four bytes, identifier and sequence number of an echo for example.
    public func icmp(type: UInt8, code: UInt8 = 0, rest: UInt32 = 0x0001_0001) -> Packet {
        let isVersion6 = if case .ipv6? = layers.last(where: { $0.isNetwork }) { true } else { false }
        return adding(.icmp(type: type, code: code, rest: rest, isVersion6: isVersion6))
    }

    /// Adds bytes that stand for themselves.
    public func payload(_ bytes: [UInt8]) -> Packet { adding(.raw(bytes)) }

    /// Adds a text.
    public func payload(_ text: String) -> Packet { payload(Array(text.utf8)) }

    /// Adds the beginning of another packet from its IP header on, as an ICMP error quotes the packet it is about.
    public func quoting(_ packet: Packet, count: Int = 64) -> Packet { payload(Array(packet.networkBytes.prefix(count))) }
}

/// A fragment's place in the packet it was cut from.
public struct Fragment: Sendable, Hashable {
    /// Where its data begins in the whole, in bytes; a multiple of 8.
    public var offset: Int
    /// Whether more fragments follow.
    public var hasMore: Bool

    /// A fragment at an offset in bytes.
    public init(offset: Int, more hasMore: Bool) {
        self.offset = offset
        self.hasMore = hasMore
    }
}

/// The flags of a TCP header.
public struct TCPFlags: OptionSet, Sendable, Hashable {
    public let rawValue: UInt8
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    public static let fin = TCPFlags(rawValue: 1)
    public static let syn = TCPFlags(rawValue: 2)
    public static let rst = TCPFlags(rawValue: 4)
    public static let psh = TCPFlags(rawValue: 8)
    public static let ack = TCPFlags(rawValue: 16)
    public static let urg = TCPFlags(rawValue: 32)
}

/// An IPv6 extension header.
public enum IPv6Extension: Sendable, Hashable {
    /// Options for every hop; the data is padded to fill multiples of 8 bytes.
    case hopByHop([UInt8] = [])
    /// Options for the destination.
    case destinationOptions([UInt8] = [])
    /// A routing header of a type without effect, with no segments left.
    case routing([UInt8] = [])
    /// A fragment header.
    case fragment(Fragment, identification: UInt32 = 1)
    /// An authentication header, whose data is not checked by anyone here.
    case authentication([UInt8] = [])
    /// Any header of the common form: number of this header, its data after the two first bytes.
    case other(UInt8, [UInt8] = [])

    var number: UInt8 {
        switch self {
        case .hopByHop: 0
        case .destinationOptions: 60
        case .routing: 43
        case .fragment: 44
        case .authentication: 51
        case .other(let number, _): number
        }
    }
}
