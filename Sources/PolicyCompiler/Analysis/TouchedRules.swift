internal import PolicyModel

/// The rules that can have a part in a difference of verdicts: those of which anything is not as it was.
struct TouchedRules {
    private var old: Set<RuleKey> = []
    private var new: Set<RuleKey> = []

    init(_ old: PolicySet, _ new: PolicySet, _ policies: [PolicyDifference.PolicyChange], _ sets: [PolicyDifference.SetChange]) {
        let entries = Set(sets.filter { $0.entriesAdded > 0 || $0.entriesRemoved > 0 }.map(\.set))
        var changed: Set<RuleKey> = []
        var whole: Set<String> = []
        for change in policies {
            for rule in change.rules { changed.insert(RuleKey(policy: change.policy, direction: rule.direction, rule: rule.rule)) }
            if change.fields.contains(where: { $0.key != "labels" }) { whole.insert(change.policy) }
        }
        func isTouched(_ policy: HostPolicy, _ direction: Direction, _ rule: Rule) -> Bool {
            whole.contains(policy.name) || changed.contains(RuleKey(policy: policy.name, direction: direction, rule: rule.name))
                || !entries.isDisjoint(with: rule.remote.setNames) || !entries.isDisjoint(with: rule.local.setNames)
        }
        self.old = Self.keys(old, isTouched)
        self.new = Self.keys(new, isTouched)
        // A `pass` decides nothing itself: what came after it in its tier, and now does or does not, is all of the tier.
        for direction in Direction.allCases {
            let tiers = Self.passTiers(old, direction, self.old).union(Self.passTiers(new, direction, self.new))
            self.old.formUnion(Self.keys(old) { policy, own, _ in own == direction && tiers.contains(policy.tier) })
            self.new.formUnion(Self.keys(new) { policy, own, _ in own == direction && tiers.contains(policy.tier) })
        }
    }

    private static func keys(_ policySet: PolicySet, _ include: (HostPolicy, Direction, Rule) -> Bool) -> Set<RuleKey> {
        var keys: Set<RuleKey> = []
        for direction in Direction.allCases {
            for (policy, rule) in policySet.rules(direction) where include(policy, direction, rule) {
                keys.insert(RuleKey(policy: policy.name, direction: direction, rule: rule.name))
            }
        }
        return keys
    }

    private static func passTiers(_ policySet: PolicySet, _ direction: Direction, _ touched: Set<RuleKey>) -> Set<Tier> {
        var tiers: Set<Tier> = []
        for (policy, rule) in policySet.rules(direction)
        where rule.action == .pass && touched.contains(RuleKey(policy: policy.name, direction: direction, rule: rule.name)) {
            tiers.insert(policy.tier)
        }
        return tiers
    }

    /// By place in a list of rules whether the rule is touched.
    func flags(_ rules: [SpaceRule], _ direction: Direction, isNew: Bool) -> [Bool] {
        let keys = isNew ? new : old
        return rules.map { keys.contains(RuleKey(policy: $0.policy.name, direction: direction, rule: $0.rule.name)) }
    }

    /// Whether no rule of a direction is.
    func isEmpty(_ direction: Direction) -> Bool {
        !old.contains { $0.direction == direction } && !new.contains { $0.direction == direction }
    }
}
