internal import PolicyModel

/// A rule of one direction and family. An object, as lists of them are gone through again and again: a copy of policy and rule costs more
/// than what is asked of them.
final class FlatRule {
    let policy: HostPolicy
    let rule: Rule
    /// Index of the policy among the revision's.
    let policyIndex: Int
    /// Its place in the order of evaluation.
    let order: Int
    /// Where the rules that lie with it end.
    private(set) var end = 0

    private init(_ policy: HostPolicy, _ rule: Rule, policyIndex: Int, order: Int) {
        self.policy = policy
        self.rule = rule
        self.policyIndex = policyIndex
        self.order = order
    }
}

extension FlatRule {
    /// The rules that can match packets of the direction and family, in the order of evaluation.
    static func list(_ policySet: PolicySet, _ direction: Direction, _ family: IPAddress.Family, _ sets: SetFamilies) -> [FlatRule] {
        var rules: [FlatRule] = []
        for (index, policy) in policySet.policies.enumerated() {
            for rule in policy.rules(direction) where isPossible(rule, family, sets) {
                rules.append(FlatRule(policy, rule, policyIndex: index, order: rules.count))
            }
        }
        for rule in rules { rule.end = rules.count }
        return rules
    }

    /// The order in which rules lie where classes are vectors.
    ///
    /// That is the order of evaluation, but where many rules leave one side open, as many the other, and each decides: then those that
    /// leave the same sides open lie together. Mixed, they would have both sides' vectors full of bits of which hardly any are shared.
    static func byKinds(_ rules: [FlatRule]) -> [FlatRule] {
        var kinds: [[FlatRule]] = [[], [], [], []]
        for rule in rules { kinds[(rule.rule.remote.isOpen ? 1 : 0) + (rule.rule.local.isOpen ? 2 : 0)].append(rule) }
        let isMixed = rules.count >= many && min(kinds[1].count, kinds[2].count) > rules.count / 12
        guard isMixed, rules.allSatisfy(\.decides) else { return rules }
        var result: [FlatRule] = []
        for kind in kinds {
            let end = result.count + kind.count
            for rule in kind { rule.end = end }
            result += kind
        }
        return result
    }

    /// From so many rules on it is worth while.
    private static let many = 1024

    /// Whether a packet that matches never has to go on to other rules.
    var decides: Bool { rule.action != .pass && rule.expires == nil && !policy.audits(rule) }

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

extension AddressMatch {
    /// Whether every address matches but for some that are taken away.
    fileprivate var isOpen: Bool { positives.isEmpty || positives.contains(.any) }
}
