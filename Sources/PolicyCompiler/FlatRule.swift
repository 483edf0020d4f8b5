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
    static func list(_ policySet: PolicySet, _ direction: Direction, _ family: IPAddress.Family) -> [FlatRule] {
        policySet.policies.enumerated().flatMap { index, policy in
            policy.rules(direction).filter { isPossible($0, family, policySet) }
                .map { FlatRule(policy: policy, rule: $0, policyIndex: index) }
        }
    }

    /// Whether some packet of the family may match: a first sieve, so that vectors hold only the family's rules.
    private static func isPossible(_ rule: Rule, _ family: IPAddress.Family, _ policySet: PolicySet) -> Bool {
        if !rule.icmp.isEmpty, rule.icmp.allSatisfy({ $0.message(family) == nil }) { return false }
        if !rule.protocols.isEmpty,
            !(UInt8.min...UInt8.max).contains(where: { number in
                rule.protocols.contains { $0.matches(number, family: family) }
            })
        {
            return false
        }
        return isPossible(rule.remote, family, policySet) && isPossible(rule.local, family, policySet)
    }

    private static func isPossible(_ match: AddressMatch, _ family: IPAddress.Family, _ policySet: PolicySet) -> Bool {
        match.positives.isEmpty
            || match.positives.contains { term in
                switch term {
                case .any: true
                case .prefix(let prefix): prefix.family == family
                case .set(let name): policySet.sets[name]?.hasEntries(of: family) ?? false
                }
            }
    }
}

extension AddressSet {
    fileprivate func hasEntries(of family: IPAddress.Family) -> Bool {
        addresses.contains { $0.family == family } || fileEntries.contains { $0.family == family }
            || runtimeEntries.contains { $0.family == family }
    }
}
