public import PolicyModel

/// Packets whose verdict differs between two policy sets.
///
/// They are looked for in all pairs of a rule of the old set and one of the new that decide differently and of which one is not as it was:
/// where a verdict differs there is such a pair. Each example was judged by the reference evaluator with both sets.
public struct PacketDifference: Sendable {
    /// A packet with both its verdicts.
    public struct Example: Hashable, Sendable {
        public var packet: Packet
        public var old: Verdict
        public var new: Verdict
    }

    /// How far the search came.
    public enum Extent: String, Hashable, Sendable, Codable {
        /// Everything was looked at: without an example, no packet's verdict differs.
        case complete
        /// The search stopped at the number of examples that was asked for.
        case enough
        /// The budget was spent: there may be packets that were not found.
        case budgetSpent
    }

    /// Packets of different pairs of rules, in the order the search found them.
    public private(set) var examples: [Example] = []
    /// How far the search came.
    public private(set) var extent = Extent.complete

    init(
        from old: PolicySet, to new: PolicySet, touched: TouchedRules, at instant: Instant, examples limit: Int, budget: AnalysisBudget
    ) {
        guard max(old.analysedSize, new.analysedSize) <= budget.size else {
            if Direction.allCases.contains(where: { !touched.isEmpty($0) }) { extent = .budgetSpent }
            return
        }
        let evaluators = (old: ReferenceEvaluator(old), new: ReferenceEvaluator(new))
        var left = budget.comparisons
        for direction in Direction.allCases where !touched.isEmpty(direction) {
            for family in IPAddress.Family.allCases {
                let space = PacketSpace([old, new], direction, family, at: instant)
                if !space.isComplete { extent = .budgetSpent }
                var search = PairSearch(space, touched, perQuestion: budget.perQuestion, left: left)
                search.run { packet in
                    let example = Example(
                        packet: packet, old: evaluators.old.verdict(for: packet, at: instant),
                        new: evaluators.new.verdict(for: packet, at: instant))
                    // One example for two rules; whatever else happened, what is shown is true.
                    guard example.old.action != example.new.action else { return true }
                    examples.append(example)
                    return examples.count < limit
                }
                left = search.left
                if search.isCut { extent = .budgetSpent }
                if examples.count >= limit {
                    extent = .enough
                    return
                }
            }
        }
    }
}

/// The search through the pairs of one direction and family.
private struct PairSearch {
    let space: PacketSpace
    let old: RuleOrder
    let new: RuleOrder
    let oldTouched: [Bool]
    let newTouched: [Bool]
    let perQuestion: Int
    private(set) var left: Int
    /// Whether a pair could not be looked at to its end.
    private(set) var isCut = false

    init(_ space: PacketSpace, _ touched: TouchedRules, perQuestion: Int, left: Int) {
        self.space = space
        old = RuleOrder(space, list: 0)
        new = RuleOrder(space, list: 1)
        // What follows the last rule is the same in both.
        oldTouched = touched.flags(old.rules, space.direction, isNew: false) + [false]
        newTouched = touched.flags(new.rules, space.direction, isNew: true) + [false]
        self.perQuestion = perQuestion
        self.left = left
    }

    /// Gives packets to `found` until it wants no more.
    mutating func run(_ found: (Packet) -> Bool) {
        for number in oldTouched.indices {
            guard let action = action(old, number) else { continue }
            let box = box(old, number)
            guard !box.isEmpty else { continue }
            var cost = 0
            let barriers = old.barriers(before: number, within: box, &cost)
            // Of an untouched rule only the pairs with a touched one count.
            let candidates = new.near(box, new.rules.indices, &cost) + [new.rules.count]
            left -= cost
            for other in candidates where oldTouched[number] || newTouched[other] {
                guard let otherAction = self.action(new, other), otherAction != action else { continue }
                guard left > 0 else {
                    isCut = true
                    return
                }
                let common = box.intersection(self.box(new, other))
                guard !common.isEmpty else { continue }
                cost = 0
                let all = barriers + new.barriers(before: other, within: common, &cost)
                var search = PointSearch(space, budget: min(perQuestion, left - cost))
                let before = search.budget
                let result = search.run(common, all)
                left -= cost + before - search.budget
                switch result {
                case .none: break
                case .unknown: isCut = true
                case .found(let point): if !found(space.packet(point)) { return }
                }
            }
        }
    }

    /// What becomes of a packet that gets to a rule; nil where the rule decides nothing.
    private func action(_ order: RuleOrder, _ number: Int) -> Action? {
        guard number < order.rules.count else { return .allow }
        let rule = order.rules[number]
        return rule.isAudit || rule.rule.action == .pass ? nil : rule.rule.action
    }

    private func box(_ order: RuleOrder, _ number: Int) -> Box {
        number < order.rules.count ? order.rules[number].box : space.all
    }
}
