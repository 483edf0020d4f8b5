/// Policies and sets that belong together: what a revision holds.
public struct PolicySet: Sendable {
    /// The policies in the order of evaluation: by tier, then by priority.
    public let policies: [HostPolicy]
    /// The sets by name.
    public private(set) var sets: [String: AddressSet]

    /// Puts documents together.
    ///
    /// Throws every reason why they cannot be: equal names, equal priority in one tier, sets that are not there or
    /// contain themselves.
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
            documents: policies.map { Document(policy: $0) } + sets.map { Document(set: $0) })
    }

    /// Puts documents together that were checked.
    init(unchecked documents: [Document]) {
        var policies: [HostPolicy] = []
        var sets: [String: AddressSet] = [:]
        for document in documents {
            switch document.value {
            case .policy(let policy): policies.append(policy)
            case .set(let set): sets[set.name] = set
            case .probe: break
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

    /// The set of this name and all sets in it, directly or through others, each once; none if there is no such set.
    public func members(of name: String) -> [AddressSet] {
        var members: [AddressSet] = []
        var seen: Set<String> = [name]
        var waiting = [name]
        while let next = waiting.popLast() {
            guard let set = sets[next] else { continue }
            members.append(set)
            waiting += set.sets.reversed().filter { seen.insert($0).inserted }
        }
        return members
    }

    /// All entries of a set, with those of the sets in it; duplicates and nested prefixes are among them.
    public func entries(of name: String) -> [CIDR] {
        members(of: name).flatMap(\.entries)
    }

    /// Whether an entry of the set, or of a set in it, holds the address.
    public func contains(set name: String, _ address: IPAddress) -> Bool {
        guard let set = sets[name], !set.sets.isEmpty else { return sets[name]?.contains(address) ?? false }
        return members(of: name).contains { $0.contains(address) }
    }

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

    /// A document for a set that comes from no text.
    init(set: AddressSet) {
        let uses = set.sets.map { SetUse(set: $0, field: "addresses", location: set.location) }
        self.init(.set(set), source: SourceFile(path: "", text: ""), nameLocation: set.location, setUses: uses)
    }
}
