public import PolicyModel

/// A connection that the kernel knows. `GET /v1/flows` answers with them.
public struct FlowMessage: Codable, Sendable, Hashable {
    /// The way its first packet took: `ingress` if somebody else opened it.
    public var direction: Direction
    /// The interface of its first packet.
    public var interface: String
    public var `protocol`: String
    /// Who opened it.
    public var source: IPAddress
    /// Absent where the protocol has no ports.
    public var sourcePort: UInt16?
    /// Towards whom.
    public var destination: IPAddress
    public var destinationPort: UInt16?
    /// The identifier of echo requests; absent for all else.
    public var identifier: UInt16?
    public var state: FlowState
    /// The rule that allows it; absent if no tier decided, or an older rule spares it.
    public var policy: String?
    public var rule: String?
    public var tier: String?
    /// `file:line` of the rule.
    public var location: String?
    /// The revision that judged it last.
    public var revision: UInt32
    /// From the opener.
    public var original: CounterMessage
    /// Back to the opener.
    public var reply: CounterMessage
    /// Seconds since its first packet.
    public var age: Double
    /// Seconds since its last packet.
    public var idle: Double
    /// Seconds until it is forgotten if nothing comes.
    public var remaining: Double

    public init(
        direction: Direction, interface: String, protocol: String, source: IPAddress, sourcePort: UInt16? = nil, destination: IPAddress,
        destinationPort: UInt16? = nil, identifier: UInt16? = nil, state: FlowState, rule: RuleName? = nil, revision: UInt32,
        original: CounterMessage, reply: CounterMessage, age: Double, idle: Double, remaining: Double
    ) {
        self.direction = direction
        self.interface = interface
        self.protocol = `protocol`
        self.source = source
        self.sourcePort = sourcePort
        self.destination = destination
        self.destinationPort = destinationPort
        self.identifier = identifier
        self.state = state
        policy = rule?.policy
        self.rule = rule?.rule
        tier = rule?.tier.rawValue
        location = rule?.location
        self.revision = revision
        self.original = original
        self.reply = reply
        self.age = age
        self.idle = idle
        self.remaining = remaining
    }

    /// Both ways together.
    public var traffic: CounterMessage { original + reply }
}

/// How far a connection has come.
public enum FlowState: String, Codable, Sendable, Hashable, CaseIterable {
    /// Nothing was answered yet.
    case opening
    /// There was an answer, which the opener has not confirmed: it may have forged its address.
    case answered
    case established
    /// One side of a TCP connection has closed.
    case halfClosed = "half-closed"
    /// Both sides have closed.
    case closing
    /// One side has broken it off.
    case reset
}

/// The answer of `GET /v1/flows`: the connections that moved most bytes first.
public struct FlowsMessage: Codable, Sendable, Hashable {
    public var flows: [FlowMessage]
    /// How many passed the filter, of which `flows` has at most as many as were asked for.
    public var matched: Int

    public init(flows: [FlowMessage], matched: Int) {
        self.flows = flows
        self.matched = matched
    }
}
