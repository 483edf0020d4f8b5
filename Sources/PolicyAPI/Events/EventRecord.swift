public import PolicyModel

/// One line of the event stream.
public enum EventLine: Sendable, Hashable {
    /// What was decided about a packet.
    case verdict(EventRecord)
    /// Events that did not arrive.
    case lost(LossRecord)
}

/// What was decided about a packet, by which rule, and why.
public struct EventRecord: Sendable, Hashable {
    public var time: Timestamp
    public var verdict: Verdict.Action
    public var direction: Direction
    /// The interface's name.
    public var interface: String
    /// The number of the transport protocol.
    public var `protocol`: UInt8
    /// The source address; nil where the packet was not understood that far.
    public var source: IPAddress?
    /// The destination address; nil where the packet was not understood that far.
    public var destination: IPAddress?
    /// The source port in host order; 0 where the protocol has none.
    public var sourcePort: UInt16
    /// The destination port in host order; 0 where the protocol has none.
    public var destinationPort: UInt16
    public var icmpType: UInt8
    public var icmpCode: UInt8
    /// The rule that decided; nil if something else did.
    public var rule: RuleName?
    /// What decided: `rule`, `default`, `malformed`, `fragment`, `audit`, …
    public var reason: String
    /// The revision that was in force.
    public var revision: UInt32
    /// The packet's length in bytes.
    public var length: Int
    /// How many packets the event stands for.
    public var count: Int

    public init(
        time: Timestamp, verdict: Verdict.Action, direction: Direction, interface: String, protocol: UInt8, source: IPAddress?,
        destination: IPAddress?, sourcePort: UInt16 = 0, destinationPort: UInt16 = 0, icmpType: UInt8 = 0, icmpCode: UInt8 = 0,
        rule: RuleName? = nil, reason: String, revision: UInt32, length: Int = 0, count: Int = 1
    ) {
        self.time = time
        self.verdict = verdict
        self.direction = direction
        self.interface = interface
        self.protocol = `protocol`
        self.source = source
        self.destination = destination
        self.sourcePort = sourcePort
        self.destinationPort = destinationPort
        self.icmpType = icmpType
        self.icmpCode = icmpCode
        self.rule = rule
        self.reason = reason
        self.revision = revision
        self.length = length
        self.count = count
    }

    /// Whether the protocol has ports: TCP, UDP, SCTP.
    public var hasPorts: Bool { ProtocolMatch.hasPorts(`protocol`) }

    /// Whether the protocol is ICMP or ICMPv6.
    public var isICMP: Bool { `protocol` == 1 || `protocol` == 58 }
}

/// The rule of an event.
///
/// A class, because thousands of events share one rule, and a record of five strings would count references five times.
public final class RuleName: Sendable, Hashable {
    public let policy: String
    public let rule: String
    public let tier: Tier
    /// `file:line` of the rule; empty if not known.
    public let location: String

    public init(policy: String, rule: String, tier: Tier, location: String) {
        self.policy = policy
        self.rule = rule
        self.tier = tier
        self.location = location
    }

    public static func == (a: RuleName, b: RuleName) -> Bool {
        a === b || (a.policy == b.policy && a.rule == b.rule && a.tier == b.tier && a.location == b.location)
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(policy)
        hasher.combine(rule)
    }
}

/// A count of events that did not arrive.
public struct LossRecord: Sendable, Hashable {
    /// Where events were lost.
    public enum Place: String, Sendable, Hashable, CaseIterable {
        /// The buffer between kernel and daemon was full.
        case kernel
        /// This client did not read fast enough.
        case client
        /// More came in a second than the probe's limit lets through.
        case limit
    }

    public var time: Timestamp
    public var place: Place
    /// Events lost since the last such line.
    public var count: Int

    public init(time: Timestamp, place: Place, count: Int) {
        self.time = time
        self.place = place
        self.count = count
    }
}

extension LossRecord.Place {
    /// Why events were lost.
    public var inWords: String {
        switch self {
        case .kernel: "the buffer between kernel and daemon was full"
        case .client: "this client did not read fast enough"
        case .limit: "more came in a second than the probe's limit"
        }
    }
}
