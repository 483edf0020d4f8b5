/// Policies and sets that belong together: what a revision holds.
public struct PolicySet: Sendable {
    /// The policies in the order of evaluation: by tier, then by priority.
    public let policies: [HostPolicy]
    /// The sets by name.
    public private(set) var sets: [String: AddressSet]

    /// Puts policies and sets together.
    ///
    /// Throws every reason why they cannot be: equal names, equal priority in one tier, sets that are not there.
    public init(policies: [HostPolicy], sets: [AddressSet] = []) throws(Diagnostics) {
        self.policies = policies.sorted { ($0.tier, $0.priority, $0.name) < ($1.tier, $1.priority, $1.name) }
        self.sets = Dictionary(sets.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// No policy at all: every packet is allowed.
    public static let empty = PolicySet()

    private init() {
        policies = []
        sets = [:]
    }

    /// The rules of one direction in the order of evaluation, each with its policy.
    public func rules(_ direction: Direction) -> [(policy: HostPolicy, rule: Rule)] {
        policies.flatMap { policy in policy.rules(direction).map { (policy, $0) } }
    }

    /// Replaces the entries that a set was given at run time; a name that is no set is left out.
    public mutating func setRuntimeEntries(_ entries: [CIDR], of name: String) {
        sets[name]?.runtimeEntries = entries
    }
}
