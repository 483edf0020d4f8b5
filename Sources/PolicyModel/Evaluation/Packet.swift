/// What rules can see of a packet.
public struct Packet: Hashable, Sendable {
    /// Which way it goes.
    public var direction: Direction
    /// The name of the interface it enters or leaves by.
    public var interface: String
    /// The number of the transport protocol, behind all extension headers.
    public var `protocol`: UInt8
    /// The source address.
    public var source: IPAddress
    /// The destination address, of the source's family.
    public var destination: IPAddress
    /// The source port in host order; 0 where the protocol has none.
    public var sourcePort: UInt16
    /// The destination port in host order; 0 where the protocol has none.
    public var destinationPort: UInt16
    /// The ICMP type; 0 where the protocol is not the family's ICMP.
    public var icmpType: UInt8
    /// The ICMP code; 0 where the protocol is not the family's ICMP.
    public var icmpCode: UInt8

    public init(
        direction: Direction, interface: String, protocol: UInt8, source: IPAddress, destination: IPAddress,
        sourcePort: UInt16 = 0, destinationPort: UInt16 = 0, icmpType: UInt8 = 0, icmpCode: UInt8 = 0
    ) {
        self.direction = direction
        self.interface = interface
        self.protocol = `protocol`
        self.source = source
        self.destination = destination
        self.sourcePort = sourcePort
        self.destinationPort = destinationPort
        self.icmpType = icmpType
        self.icmpCode = icmpCode
    }

    /// The address family, which is the source's.
    public var family: IPAddress.Family { source.family }

    /// The address of the other side.
    public var remote: IPAddress { direction == .ingress ? source : destination }

    /// The host's own address.
    public var local: IPAddress { direction == .ingress ? destination : source }

    /// Whether the protocol is ICMP on IPv4 or ICMPv6 on IPv6.
    public var isICMP: Bool { `protocol` == ProtocolMatch.icmpNumber(family) }

    /// Whether the protocol has ports that rules match.
    public var hasPorts: Bool { ProtocolMatch.hasPorts(`protocol`) }

    /// Whether the protocol number is that of an IPv6 extension header, behind which the transport protocol is looked for: no IPv6 packet
    /// has it as its protocol (hop-by-hop, routing, fragment, authentication, destination options; RFC 8200, section 4).
    public var isExtensionHeader: Bool { family == .v6 && [0, 43, 44, 51, 60].contains(`protocol`) }
}
