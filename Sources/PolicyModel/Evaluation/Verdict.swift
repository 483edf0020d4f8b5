/// A rule, by what it stands in.
public struct RuleReference: Hashable, Sendable, Codable {
    /// The policy's name.
    public var policy: String
    /// The rule's name.
    public var rule: String
    /// The policy's tier.
    public var tier: Tier
    /// What the rule says.
    public var action: Action
    /// Where it stands.
    public var location: SourceLocation

    public init(policy: String, rule: String, tier: Tier, action: Action, location: SourceLocation = .none) {
        self.policy = policy
        self.rule = rule
        self.tier = tier
        self.action = action
        self.location = location
    }

    public init(_ policy: HostPolicy, _ rule: Rule) {
        self.init(policy: policy.name, rule: rule.name, tier: policy.tier, action: rule.action, location: rule.location)
    }
}

/// What happens to a packet, and which rule says so.
public struct Verdict: Hashable, Sendable {
    /// What happens to the packet.
    public enum Action: String, Hashable, Sendable, CaseIterable, Codable {
        case allow
        case deny
        case reject
    }

    /// What happens to the packet.
    public var action: Action
    /// The policy that decided; nil for the allow at the end of all tiers.
    public var policy: String?
    /// The rule that decided; nil for the allow at the end of all tiers.
    public var rule: String?
    /// The tier of the policy that decided.
    public var tier: Tier?
    /// Where the rule stands.
    public var location: SourceLocation?
    /// The rules in audit mode that matched on the way, in the order of evaluation.
    public var audited: [RuleReference]

    public init(
        action: Action, policy: String? = nil, rule: String? = nil, tier: Tier? = nil, location: SourceLocation? = nil,
        audited: [RuleReference] = []
    ) {
        self.action = action
        self.policy = policy
        self.rule = rule
        self.tier = tier
        self.location = location
        self.audited = audited
    }

    /// The verdict of a rule that allows, denies or rejects.
    public init(_ action: Action, by rule: RuleReference, audited: [RuleReference] = []) {
        self.init(
            action: action, policy: rule.policy, rule: rule.rule, tier: rule.tier, location: rule.location, audited: audited)
    }

    /// The allow of a packet that no rule decided.
    public static func defaultAllow(audited: [RuleReference] = []) -> Verdict {
        Verdict(action: .allow, audited: audited)
    }
}
