/// A policy document: rules for both directions, evaluated in the order they stand.
public struct HostPolicy: Hashable, Sendable {
    /// What a policy's matches do.
    public enum Mode: String, Hashable, Sendable, CaseIterable, Codable {
        /// The rule's action is taken.
        case enforce
        /// The match is reported and not taken. Of a policy: evaluation goes on after it, as if none of its rules had matched. Of one
        /// rule of a policy that enforces: evaluation goes on with the next rule.
        case audit
    }

    /// The priority of a policy that does not say: 100.
    public static let defaultPriority = 100

    /// The name, unique among policies.
    public var name: String
    /// Labels, for people and selections; they match no packet.
    public var labels: [String: String]
    /// The tier.
    public var tier: Tier
    /// The place within the tier, lower first.
    public var priority: Int
    /// The interfaces the policy is for; nil is every protected interface.
    public var interfaces: InterfaceSelector?
    /// Whether matches are taken or only reported.
    public var mode: Mode
    /// The rules for packets that enter the host.
    public var ingress: [Rule]
    /// The rules for packets that leave the host.
    public var egress: [Rule]
    /// Where the document begins.
    public var location: SourceLocation

    public init(
        name: String, labels: [String: String] = [:], tier: Tier = .application, priority: Int = defaultPriority,
        interfaces: InterfaceSelector? = nil, mode: Mode = .enforce, ingress: [Rule] = [], egress: [Rule] = [],
        location: SourceLocation = .none
    ) {
        self.name = name
        self.labels = labels
        self.tier = tier
        self.priority = priority
        self.interfaces = interfaces
        self.mode = mode
        self.ingress = ingress
        self.egress = egress
        self.location = location
    }

    /// Whether a rule of this policy is only reported, as the rule or the policy says so.
    public func audits(_ rule: Rule) -> Bool {
        mode == .audit || rule.mode == .audit
    }

    /// The rules of one direction.
    public func rules(_ direction: Direction) -> [Rule] {
        direction == .ingress ? ingress : egress
    }
}
