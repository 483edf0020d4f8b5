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
    /// Entries used of those there is room for.
    public struct Use: Sendable, Hashable, Codable {
        public var used: Int
        public var limit: Int
    }

    /// The revision packets are judged by; nil while nothing is in force.
    public var revision: UInt32?
    /// Bytes of the tables in force.
    public var tableBytes: Int
    /// Connections of each family.
    public var connections4: Use
    public var connections6: Use
    /// What was judged for a reason and not by a rule.
    public var reasons: [PacketEvent.Reason: RuleCounter]
    /// Frames that are not IP, by ethertype; they pass.
    public var ethertypes: [UInt16: RuleCounter]
    /// Events that found no room in the ring.
    public var lostEvents: UInt64
    public var interfaces: [ProtectedInterface]
}
