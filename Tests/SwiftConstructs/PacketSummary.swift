public import EBPF

/// What a filter wants to know of a packet. The parser is one source for the kernel and for the tests and the fuzzer of the host.
public struct PacketSummary: BitwiseCopyable, Equatable, Sendable {
    public enum Kind {
        @inline(__always) public static var other: UInt8 { 0 }
        @inline(__always) public static var whole: UInt8 { 1 }
        /// A fragment that is not the first: it has no ports.
        @inline(__always) public static var fragment: UInt8 { 2 }
        /// The packet ends before its headers do.
        @inline(__always) public static var short: UInt8 { 3 }
        /// A length or version that cannot be.
        @inline(__always) public static var malformed: UInt8 { 4 }
        /// More extension headers than are looked at.
        @inline(__always) public static var tooLong: UInt8 { 5 }
    }

    public var kind: UInt8 = Kind.other
    /// 4 or 6; 0 for what is no IP packet.
    public var version: UInt8 = 0
    public var transport: UInt8 = 0
    /// How many tags there are, at most two.
    public var tags: UInt8 = 0
    /// Where the transport's header begins.
    public var offset: UInt16 = 0
    public var sourcePort: UInt16 = 0
    public var destinationPort: UInt16 = 0
    public var vlan: UInt16 = 0
    /// Of version 6, the addresses' lowest words.
    public var source: UInt32 = 0
    public var destination: UInt32 = 0
    /// The number of the rule for the source.
    public var rule: UInt32 = 0

    @inline(__always)
    public init() {}

    /// Walks the headers of a packet.
    @inline(__always)
    public init(_ packet: some PacketBytes) {
        self.init()
        guard let ethernet = packet.read(EthernetHeader.self, at: 0) else {
            kind = Kind.short
            return
        }
        var type = ethernet.type
        var start = EthernetHeader.size
        for _ in 0..<2 where type.isVLAN {
            guard let tag = packet.read(VLANTag.self, at: start) else {
                kind = Kind.short
                return
            }
            if tags == 0 { vlan = tag.identifier }
            tags &+= 1
            type = tag.type
            start &+= VLANTag.size
        }
        switch type {
        case .ipv4: walkVersion4(packet, at: start)
        case .ipv6: walkVersion6(packet, at: start)
        default: break
        }
    }

    @inline(__always)
    private mutating func walkVersion4(_ packet: some PacketBytes, at start: Int) {
        version = 4
        guard let header = packet.read(IPv4Header.self, at: start) else {
            kind = Kind.short
            return
        }
        guard header.version == 4, header.headerLength >= IPv4Header.size else {
            kind = Kind.malformed
            return
        }
        source = header.source.number.value
        destination = header.destination.number.value
        transport = header.protocol.number
        readPorts(packet, at: start &+ header.headerLength, isFragment: header.fragmentOffset != 0)
    }

    @inline(__always)
    private mutating func walkVersion6(_ packet: some PacketBytes, at start: Int) {
        version = 6
        guard let header = packet.read(IPv6Header.self, at: start) else {
            kind = Kind.short
            return
        }
        guard header.version == 6 else {
            kind = Kind.malformed
            return
        }
        source = header.source.words.3.value
        destination = header.destination.words.3.value
        var next = header.nextHeader
        var place = start &+ IPv6Header.size
        for _ in 0..<6 {
            if next == IPv6Fragment.number {
                guard let fragment = packet.read(IPv6Fragment.self, at: place) else {
                    kind = Kind.short
                    return
                }
                next = fragment.nextHeader
                place &+= 8
                if fragment.offset != 0 {
                    transport = next.number
                    offset = UInt16(truncatingIfNeeded: place)
                    kind = Kind.fragment
                    return
                }
            } else if IPv6Extension.isExtension(next) {
                guard let header = packet.read(IPv6Extension.self, at: place) else {
                    kind = Kind.short
                    return
                }
                next = header.nextHeader
                place &+= header.byteCount
            } else {
                transport = next.number
                readPorts(packet, at: place, isFragment: false)
                return
            }
        }
        kind = Kind.tooLong
    }

    @inline(__always)
    private mutating func readPorts(_ packet: some PacketBytes, at place: Int, isFragment: Bool) {
        offset = UInt16(truncatingIfNeeded: place)
        kind = isFragment ? Kind.fragment : Kind.whole
        guard !isFragment, transport == IPProtocol.tcp.number || transport == IPProtocol.udp.number else { return }
        guard let ports = packet.read(TransportPorts.self, at: place) else {
            kind = Kind.short
            return
        }
        sourcePort = ports.source.value
        destinationPort = ports.destination.value
    }
}

extension PacketSummary {
    /// Walks a packet and looks its source up: rule 0 is for what no prefix covers.
    @inline(__always)
    public init(_ packet: some PacketBytes, rules: borrowing some Lookup<Prefix<IPv4Address>, UInt32> & ~Copyable) {
        self.init(packet)
        if version == 4, kind != Kind.short, kind != Kind.malformed { rule = rules.value(for: Prefix(IPv4Address(source))) ?? 0 }
    }
}
