/// Policies and sets that belong together: what a revision holds.
public struct PolicySet: Sendable {
    /// The policies in the order of evaluation: by tier, then by priority.
    public let policies: [HostPolicy]
    /// The sets by name.
    public private(set) var sets: [String: AddressSet]

    /// Puts documents together.
    ///
    /// Throws every reason why they cannot be: equal names, equal priority in one tier, sets that are not there.
    public init(documents: [Document]) throws(Diagnostics) {
        let errors = PolicyCheck.duplicates(documents) + PolicyCheck.errors(documents)
        guard errors.isEmpty else { throw Diagnostics(errors) }
        self.init(unchecked: documents)
    }

    /// Puts policies and sets together that come from no document.
    ///
    /// Throws what `init(documents:)` throws.
    public init(policies: [HostPolicy], sets: [AddressSet] = []) throws(Diagnostics) {
        try self.init(
            documents: policies.map { Document(policy: $0) } + sets.map { Document(.set($0), source: SourceFile(path: "", text: "")) })
    }

    /// Puts documents together that were checked.
    init(unchecked documents: [Document]) {
        var policies: [HostPolicy] = []
        var sets: [String: AddressSet] = [:]
        for document in documents {
            switch document.value {
            case .policy(let policy): policies.append(policy)
            case .set(let set): sets[set.name] = set
            }
        }
        self.policies = policies.sorted { ($0.tier, $0.priority, $0.name) < ($1.tier, $1.priority, $1.name) }
        self.sets = sets
    }

    /// No policy at all: every packet is allowed.
    public static let empty = PolicySet(unchecked: [])

    /// The rules of one direction in the order of evaluation, each with its policy.
    public func rules(_ direction: Direction) -> [(policy: HostPolicy, rule: Rule)] {
        policies.flatMap { policy in policy.rules(direction).map { (policy, $0) } }
    }

    /// The number of rules in both directions.
    public var ruleCount: Int { policies.reduce(0) { $0 + $1.ingress.count + $1.egress.count } }

    /// Replaces the entries that a set was given at run time.
    ///
    /// Throws, with the name that was likely meant, if there is no such set.
    public mutating func setRuntimeEntries(_ entries: [CIDR], of name: String) throws(Diagnostics) {
        guard sets[name] != nil else {
            let near = Spelling.nearest(to: name, among: sets.keys)
            throw Diagnostics([Diagnostic(at: .none, "there is no set '\(name)'", suggestion: near)])
        }
        sets[name]?.runtimeEntries = entries
    }
}

extension Document {
    /// A document for a policy that comes from no text: its rules stand where the policy says.
    init(policy: HostPolicy) {
        let uses = Direction.allCases.flatMap { direction in
            policy.rules(direction).flatMap { rule in
                let remote = direction == .ingress ? "from" : "to"
                return rule.remote.setNames.map { SetUse(set: $0, field: remote, location: rule.location) }
                    + rule.local.setNames.map { SetUse(set: $0, field: "local", location: rule.location) }
            }
        }
        self.init(.policy(policy), source: SourceFile(path: "", text: ""), nameLocation: policy.location, setUses: uses)
    }
}
