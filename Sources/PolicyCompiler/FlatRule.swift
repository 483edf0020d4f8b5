internal import PolicyModel

/// A rule in its place in the order of evaluation of one direction and family.
struct FlatRule {
    var policy: HostPolicy
    var rule: Rule
    /// Index of the policy among the revision's.
    var policyIndex: Int
}

extension FlatRule {
    /// The rules that can match packets of the direction and family, in the order of evaluation.
    static func list(_ policySet: PolicySet, _ direction: Direction, _ family: IPAddress.Family, _ sets: SetFamilies) -> [FlatRule] {
        policySet.policies.enumerated().flatMap { index, policy in
            policy.rules(direction).filter { isPossible($0, family, sets) }
                .map { FlatRule(policy: policy, rule: $0, policyIndex: index) }
        }
    }

    /// Whether some packet of the family may match: a first sieve, so that vectors hold only the family's rules.
    private static func isPossible(_ rule: Rule, _ family: IPAddress.Family, _ sets: SetFamilies) -> Bool {
        if !rule.icmp.isEmpty, rule.icmp.allSatisfy({ $0.message(family) == nil }) { return false }
        if !rule.protocols.isEmpty, rule.protocols.allSatisfy({ $0 == (family == .v4 ? .icmpv6 : .icmpv4) }) { return false }
        return isPossible(rule.remote, family, sets) && isPossible(rule.local, family, sets)
    }

    private static func isPossible(_ match: AddressMatch, _ family: IPAddress.Family, _ sets: SetFamilies) -> Bool {
        match.positives.isEmpty
            || match.positives.contains { term in
                switch term {
                case .any: true
                case .prefix(let prefix): prefix.family == family
                case .set(let name): sets.hasEntries(name, family)
                }
            }
    }
}

/// Of which families each set has entries: looked up once, for a set may have a million entries and a thousand rules that use it.
struct SetFamilies {
    private var families: [IPAddress.Family: Set<String>] = [:]

    init(_ policySet: PolicySet) {
        for name in policySet.sets.keys {
            let parts = policySet.members(of: name).flatMap { [$0.addresses, $0.fileEntries, $0.runtimeEntries] }
            for family in IPAddress.Family.allCases where parts.contains(where: { $0.contains { $0.family == family } }) {
                families[family, default: []].insert(name)
            }
        }
    }

    func hasEntries(_ name: String, _ family: IPAddress.Family) -> Bool { families[family]?.contains(name) ?? false }
}
