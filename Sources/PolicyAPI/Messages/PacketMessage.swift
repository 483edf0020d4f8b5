public import PolicyModel

/// A packet as `why` takes it: a line of a `--packets` file.
public struct PacketMessage: Codable, Sendable, Hashable {
    public var direction: Direction
    public var interface: String
    /// The protocol's name or number; `icmp` is ICMP on IPv4 and ICMPv6 on IPv6.
    public var `protocol`: String
    public var source: IPAddress
    /// Absent or null where the protocol has no ports.
    public var sourcePort: UInt16?
    public var destination: IPAddress
    public var destinationPort: UInt16?
    /// Absent or null where the protocol is not ICMP.
    public var icmpType: UInt8?
    public var icmpCode: UInt8?

    public init(_ packet: Packet) {
        direction = packet.direction
        interface = packet.interface
        `protocol` = packet.isICMP ? "icmp" : ProtocolName.name(of: packet.protocol) ?? "\(packet.protocol)"
        source = packet.source
        destination = packet.destination
        if packet.hasPorts {
            sourcePort = packet.sourcePort
            destinationPort = packet.destinationPort
        }
        if packet.isICMP {
            icmpType = packet.icmpType
            icmpCode = packet.icmpCode
        }
    }

    /// What is wrong with a packet, in a clause.
    public struct Invalid: Error, Sendable, Hashable, CustomStringConvertible {
        public var description: String

        public init(_ description: String) {
            self.description = description
        }
    }

    /// The packet that is meant.
    ///
    /// - Throws: ``Invalid`` for families that differ, an unknown protocol, ports without a protocol that has them.
    public func packet() throws(Invalid) -> Packet {
        guard source.family == destination.family else { throw Invalid("source and destination are of different families") }
        let number: UInt8
        switch `protocol`.lowercased() {
        case "icmp": number = ProtocolMatch.icmpNumber(source.family)
        case "icmpv4": number = 1
        case "icmpv6": number = 58
        case let text:
            guard let known = UInt8(text) ?? ProtocolName.number(of: text) else { throw Invalid("'\(`protocol`)' is no protocol") }
            number = known
        }
        let packet = Packet(
            direction: direction, interface: interface, protocol: number, source: source, destination: destination,
            sourcePort: sourcePort ?? 0, destinationPort: destinationPort ?? 0, icmpType: icmpType ?? 0, icmpCode: icmpCode ?? 0)
        if !packet.hasPorts, (sourcePort ?? 0) != 0 || (destinationPort ?? 0) != 0 { throw Invalid("protocol \(`protocol`) has no ports") }
        if !packet.isICMP, (icmpType ?? 0) != 0 || (icmpCode ?? 0) != 0 { throw Invalid("protocol \(`protocol`) has no ICMP type") }
        return packet
    }

    public init(
        direction: Direction, interface: String, protocol: String, source: IPAddress, sourcePort: UInt16? = nil, destination: IPAddress,
        destinationPort: UInt16? = nil, icmpType: UInt8? = nil, icmpCode: UInt8? = nil
    ) {
        self.direction = direction
        self.interface = interface
        self.protocol = `protocol`
        self.source = source
        self.sourcePort = sourcePort
        self.destination = destination
        self.destinationPort = destinationPort
        self.icmpType = icmpType
        self.icmpCode = icmpCode
    }
}
