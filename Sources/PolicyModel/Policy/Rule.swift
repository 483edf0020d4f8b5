/// One rule of a policy: what to do with the packets that match every field it has.
///
/// A field that is empty or nil matches every packet.
public struct Rule: Hashable, Sendable {
    /// When a match is reported as an event.
    public enum Log: String, Hashable, Sendable, CaseIterable, Codable {
        /// Never.
        case none
        /// Once for each new connection or refused flow.
        case new
        /// For every packet.
        case all
    }

    /// What becomes of connections that are older than the rule when they are judged again.
    public enum Established: String, Hashable, Sendable, CaseIterable, Codable {
        /// The rule counts for them as for new ones.
        case judge
        /// The rule does not cut them; only `deny` and `reject` can say so.
        case keep
    }

    /// The name, unique in its policy and direction.
    public var name: String
    /// What to do with a packet that matches.
    public var action: Action
    /// The protocols; empty matches all of them.
    public var protocols: [ProtocolMatch]
    /// The destination ports; if there are any, only TCP, UDP and SCTP packets match.
    public var ports: [PortRange]
    /// The source ports; if there are any, only TCP, UDP and SCTP packets match.
    public var sourcePorts: [PortRange]
    /// The ICMP messages; if there are any, only packets of the family's ICMP match.
    public var icmp: [ICMPMatch]
    /// The addresses of the other side: `from` of an ingress rule, `to` of an egress rule.
    public var remote: AddressMatch
    /// The host's own addresses.
    public var local: AddressMatch
    /// Narrows the policy's interfaces; nil leaves them as they are.
    public var interfaces: InterfaceSelector?
    /// When a match is reported.
    public var log: Log
    /// Whether the match is taken or only reported; nil is as the policy says, and a rule of an audit policy is never taken.
    public var mode: HostPolicy.Mode?
    /// From this time on the rule matches nothing; nil is never.
    public var expires: Instant?
    /// What becomes of connections that are older than the rule.
    public var established: Established
    /// Where the rule stands.
    public var location: SourceLocation

    /// Makes a rule. Without `log` a deny or reject is reported once a flow and nothing else is.
    public init(
        name: String, action: Action, protocols: [ProtocolMatch] = [], ports: [PortRange] = [],
        sourcePorts: [PortRange] = [], icmp: [ICMPMatch] = [], remote: AddressMatch = .any, local: AddressMatch = .any,
        interfaces: InterfaceSelector? = nil, log: Log? = nil, mode: HostPolicy.Mode? = nil, expires: Instant? = nil,
        established: Established = .judge, location: SourceLocation = .none
    ) {
        self.name = name
        self.action = action
        self.protocols = protocols
        self.ports = ports
        self.sourcePorts = sourcePorts
        self.icmp = icmp
        self.remote = remote
        self.local = local
        self.interfaces = interfaces
        self.log = log ?? Self.defaultLog(action)
        self.mode = mode
        self.expires = expires
        self.established = established
        self.location = location
    }

    /// What `log` is where a rule does not say: `new` for deny and reject, otherwise `none`.
    public static func defaultLog(_ action: Action) -> Log {
        action == .deny || action == .reject ? .new : .none
    }

    /// Whether the rule matches nothing any more at this time.
    public func hasExpired(at time: Instant) -> Bool {
        expires.map { $0 <= time } ?? false
    }

    /// Whether the rule matches every packet on the policy's interfaces, as long as it has not expired.
    public var matchesEverything: Bool {
        protocols.isEmpty && ports.isEmpty && sourcePorts.isEmpty && icmp.isEmpty && remote.isAny && local.isAny
            && (interfaces ?? .all) == .all
    }
}
