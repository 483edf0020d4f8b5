public import PolicyModel

/// For every rule of a policy set, whether a packet can reach it, and whether it changes anything.
///
/// ```swift
/// for finding in Coverage(of: policySet).findings {
///     if case .never(let because) = finding.reach { print(finding.rule.rule, because.map(\.rule)) }
/// }
/// ```
public struct Coverage: Sendable {
    /// Whether packets reach a rule.
    public enum Reach: Hashable, Sendable {
        /// This packet is decided by the rule, or reported by it if it only audits.
        case packet(Packet)
        /// None: every packet that matches the rule is decided by these before. With no rules, no packet can match it.
        case never([RuleReference])
        /// This packet is, once rules before it have expired.
        case later(Packet)
        /// The rule has expired.
        case expired
        /// Not found out within the budget.
        case notAnalysed
    }

    /// What was found out about a rule.
    public struct Finding: Hashable, Sendable {
        /// The direction the rule is for.
        public var direction: Direction
        /// The rule.
        public var rule: RuleReference
        /// Whether packets reach it.
        public var reach: Reach
        /// If nothing changed without the rule: the later rules of its policy that do the same with all packets it decides.
        public var redundant: [RuleReference]
    }

    /// The findings by direction, in the order of evaluation.
    public private(set) var findings: [Finding] = []

    /// The number of rules that the budget did not suffice for.
    public var notAnalysed: Int { findings.count { $0.reach == .notAnalysed } }

    /// Analyses the rules of a policy set as it stands at an instant.
    ///
    /// The cost is near the number of rules times the number of those that overlap with one.
    public init(of policySet: PolicySet, at instant: Instant = .now, budget: AnalysisBudget = AnalysisBudget()) {
        var left = budget.comparisons
        let isTooLarge = policySet.analysedSize > budget.size
        for direction in Direction.allCases {
            var merged: [FamilyFinding] = []
            if !isTooLarge {
                for family in IPAddress.Family.allCases {
                    let space = PacketSpace([policySet], direction, family, at: instant)
                    let own = FamilyCoverage(RuleOrder(space), policySet).findings(budget, &left)
                    merged = merged.isEmpty ? own : zip(merged, own).map { $0.merged(with: $1) }
                }
            }
            var next = merged.makeIterator()
            for (policy, rule) in policySet.rules(direction) {
                let isExpired = rule.expires.map { $0 <= instant } ?? false
                let reach: Reach = isTooLarge ? .notAnalysed : isExpired ? .expired : .notAnalysed
                var finding = Finding(direction: direction, rule: RuleReference(policy, rule), reach: reach, redundant: [])
                if !isTooLarge, !isExpired, let own = next.next() {
                    finding.reach = own.reach ?? .notAnalysed
                    finding.redundant = own.redundant ?? []
                }
                findings.append(finding)
            }
        }
    }
}

extension PolicySet {
    /// Rules, and entries of sets as often as other sets have them.
    var analysedSize: Int { sets.keys.reduce(ruleCount) { $0 + members(of: $1).reduce(0) { $0 + $1.count } } }
}

/// What was found out about a rule in one family.
struct FamilyFinding {
    /// Nil is not analysed.
    var reach: Coverage.Reach?
    /// Rules that make it redundant; nil if it is not.
    var redundant: [RuleReference]?
    func merged(with other: FamilyFinding) -> FamilyFinding {
        var result = self
        switch (reach, other.reach) {
        case (.packet, _): break
        case (_, .packet): result.reach = other.reach
        case (.later, _): break
        case (_, .later): result.reach = other.reach
        case (.never(let own), .never(let others)): result.reach = .never(own + others.filter { !own.contains($0) })
        default: result.reach = nil
        }
        // In a family that has no packets for the rule nothing speaks against it.
        switch (redundant, other.redundant) {
        case (let own?, let others?): result.redundant = own + others.filter { !own.contains($0) }
        default: result.redundant = nil
        }
        return result
    }
}

/// The analysis of one direction and family.
private struct FamilyCoverage {
    let order: RuleOrder
    let policySet: PolicySet

    init(_ order: RuleOrder, _ policySet: PolicySet) {
        self.order = order
        self.policySet = policySet
    }

    func findings(_ budget: AnalysisBudget, _ left: inout Int) -> [FamilyFinding] {
        order.rules.indices.map { number in
            guard left > 0 else { return FamilyFinding(reach: nil, redundant: nil) }
            return finding(number, budget, &left)
        }
    }

    private func finding(_ number: Int, _ budget: AnalysisBudget, _ left: inout Int) -> FamilyFinding {
        let rule = order.rules[number]
        guard !rule.box.isEmpty else { return FamilyFinding(reach: .never([]), redundant: []) }
        var cost = 0
        let barriers = order.barriers(before: number, within: rule.box, &cost)
        left -= cost
        var search = PointSearch(order.space, budget: min(budget.perQuestion, left))
        let before = search.budget
        defer { left -= before - search.budget }
        switch search.run(rule.box, barriers) {
        case .unknown:
            return FamilyFinding(reach: nil, redundant: nil)
        case .none:
            // Without all names there may be one that nobody looked at.
            guard order.space.isComplete else { return FamilyFinding(reach: nil, redundant: nil) }
            switch search.run(rule.box, lasting(barriers)) {
            case .unknown: return FamilyFinding(reach: nil, redundant: nil)
            case .found(let point): return FamilyFinding(reach: .later(order.space.packet(point)), redundant: nil)
            case .none(let walls):
                let numbers = few(walls.map(\.number), covering: rule.box, lasting(barriers), &search)
                return FamilyFinding(reach: .never(numbers.sorted().map(reference)), redundant: [])
            }
        case .found(let point):
            let packet = order.space.packet(point)
            return FamilyFinding(reach: .packet(packet), redundant: redundancy(number, at: point, barriers, &search))
        }
    }

    private func reference(_ number: Int) -> RuleReference {
        RuleReference(order.rules[number].policy, order.rules[number].rule)
    }

    /// What is left of barriers when all expires that will.
    private func lasting(_ barriers: [Barrier]) -> [Barrier] {
        barriers.map { barrier in
            Barrier(members: barrier.members.filter { !$0.stops || order.rules[$0.number].rule.expires == nil })
        }
    }

    /// As few of the rules as suffice, each tried without once.
    private func few(_ numbers: [Int], covering box: Box, _ barriers: [Barrier], _ search: inout PointSearch) -> Set<Int> {
        var kept = Set(numbers)
        guard kept.count > 1, kept.count <= 32 else { return kept }
        for number in numbers.sorted(by: >) {
            let fewer = kept.subtracting([number])
            let part = barriers.map { Barrier(members: $0.members.filter { !$0.stops || fewer.contains($0.number) }) }
            if case .none = search.run(box, part) { kept = fewer }
        }
        return kept
    }

    /// The later rules of the policy that do just the same with every packet the rule decides; nil if there is a packet they do not.
    private func redundancy(_ number: Int, at point: [Int32], _ barriers: [Barrier], _ search: inout PointSearch) -> [RuleReference]? {
        let own = order.rules[number]
        guard !own.isAudit, own.rule.action != .pass, order.space.isComplete else { return nil }
        var end = number + 1
        while end < order.rules.count, order.rules[end].policy.name == own.policy.name { end += 1 }
        // A set can be given entries at run time; what holds must hold then too.
        guard let box = openBox(own) else { return nil }
        // The first later match of the packet at hand tells most rules apart.
        guard let next = (number + 1..<end).first(where: { order.rules[$0].box.contains(point) }), isSame(order.rules[next], own) else {
            return nil
        }
        var cost = 0
        let later = order.near(box, number + 1..<end, &cost).map { place in
            Barrier.Member(number: place, box: order.rules[place].box, stops: isSame(order.rules[place], own))
        }
        var all = barriers
        if own.rule.usesSets { all = order.barriers(before: number, within: box, &cost) }
        all = lasting(all)
        all.append(Barrier(members: later))
        guard case .none(let walls) = search.run(box, all) else { return nil }
        let mine = Set(walls.filter { $0.barrier == all.count - 1 }.map(\.number))
        return mine.isEmpty ? nil : mine.sorted().map(reference)
    }

    /// The rule's packets if its sets could hold any address.
    private func openBox(_ rule: SpaceRule) -> Box? {
        var box = rule.box
        if rule.rule.remote.usesSets { box.fields[0] = order.space.all.fields[0] }
        if rule.rule.local.usesSets { box.fields[1] = order.space.all.fields[1] }
        return box.isEmpty ? nil : box
    }

    /// Whether a packet cannot tell which of the two rules it met.
    private func isSame(_ other: SpaceRule, _ own: SpaceRule) -> Bool {
        !other.isAudit && other.rule.action == own.rule.action && other.rule.log == own.rule.log
            && other.rule.expires == nil && own.rule.expires == nil && other.rule.established == own.rule.established
    }
}

extension AddressMatch {
    var usesSets: Bool { !setNames.isEmpty }
}

extension Rule {
    var usesSets: Bool { remote.usesSets || local.usesSets }
}
