/// Which way a packet goes, seen from the host.
public enum Direction: String, Hashable, Sendable, CaseIterable, Codable {
    /// Into the host: the remote side is the source.
    case ingress
    /// Out of the host: the remote side is the destination.
    case egress
}

/// The tiers in which policies are evaluated, one after the other.
public enum Tier: String, Hashable, Sendable, CaseIterable, Codable, Comparable {
    /// What a host cannot do without, such as neighbour discovery.
    case safety
    /// What the administrators of all hosts say.
    case admin
    /// What the host's services need; the default.
    case application
    /// What holds where nobody said anything.
    case baseline

    /// The place in the order of evaluation, 0 first.
    public var order: Int {
        switch self {
        case .safety: 0
        case .admin: 1
        case .application: 2
        case .baseline: 3
        }
    }

    /// The tier evaluated after this one.
    public var next: Tier? { Tier.allCases.first { $0.order == order + 1 } }

    /// In the order of evaluation.
    public static func < (one: Tier, other: Tier) -> Bool {
        one.order < other.order
    }
}

/// What a rule does with a packet that matches it.
public enum Action: String, Hashable, Sendable, CaseIterable, Codable {
    /// Lets the packet through.
    case allow
    /// Drops the packet without an answer.
    case deny
    /// Drops the packet and tells the sender: a TCP reset, or ICMP's "administratively prohibited" for every other protocol.
    case reject
    /// Leaves the decision to the next tier.
    case pass
}
