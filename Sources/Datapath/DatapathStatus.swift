public import PolicyModel

/// What a rule, or a reason without one, has judged.
public struct RuleCounter: Sendable, Hashable, Codable {
    public var packets: UInt64
    /// Bytes of frames.
    public var bytes: UInt64
    /// Events that found no room in the ring.
    public var lostEvents: UInt64

    public init(packets: UInt64 = 0, bytes: UInt64 = 0, lostEvents: UInt64 = 0) {
        self.packets = packets
        self.bytes = bytes
        self.lostEvents = lostEvents
    }
}

/// How the datapath is.
public struct DatapathStatus: Sendable, Hashable {
    /// The revision packets are judged by; nil while nothing is in force.
    public var revision: UInt32?
    /// Bytes of the tables in force.
    public var tableBytes: Int
    /// The tables of connections.
    public var connections: [ConnectionUse]
    /// What was judged for a reason and not by a rule.
    public var reasons: [PacketEvent.Reason: RuleCounter]
    /// Frames that are not IP, by ethertype; they pass.
    public var ethertypes: [UInt16: RuleCounter]
    /// Events that found no room in the ring.
    public var lostEvents: UInt64
    public var interfaces: [ProtectedInterface]

    /// The table of a family's connections that are established, or that are opening.
    public func connections(_ family: IPAddress.Family, opening: Bool = false) -> ConnectionUse? {
        connections.first { $0.family == family && $0.isOpening == opening }
    }
}
