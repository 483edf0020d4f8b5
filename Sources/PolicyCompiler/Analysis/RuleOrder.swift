internal import PolicyModel

/// The rules of one policy set in the order of evaluation, and what keeps packets from each of them.
struct RuleOrder {
    let space: PacketSpace
    let rules: [SpaceRule]
    /// The first and the last class of each field of each rule: most pairs of rules are told apart by them.
    private let lower: [[Int32]]
    private let upper: [[Int32]]
    private let tiers: [Tier: Range<Int>]

    init(_ space: PacketSpace, list: Int = 0) {
        self.space = space
        rules = space.lists[list]
        let rules = rules
        lower = (0..<Box.fieldCount).map { field in
            rules.map { $0.box.isEmpty ? .max : $0.box.fields[field].hull.lowerBound }
        }
        upper = (0..<Box.fieldCount).map { field in
            rules.map { $0.box.isEmpty ? .min : $0.box.fields[field].hull.upperBound }
        }
        var tiers: [Tier: Range<Int>] = [:]
        for tier in Tier.allCases {
            let first = rules.firstIndex { $0.policy.tier >= tier } ?? rules.count
            tiers[tier] = first..<(rules.firstIndex { $0.policy.tier > tier } ?? rules.count)
        }
        self.tiers = tiers
    }

    /// What keeps packets of a box from a rule, tier by tier; the rule's own number is `rules.count` for what follows the last rule.
    func barriers(before number: Int, within box: Box, _ cost: inout Int) -> [Barrier] {
        let own = number < rules.count ? rules[number] : nil
        var barriers: [Barrier] = []
        for tier in Tier.allCases {
            guard let range = tiers[tier], !range.isEmpty, range.lowerBound < number else { continue }
            let isOwn = own?.policy.tier == tier
            var members: [Barrier.Member] = []
            for place in near(box, range.lowerBound..<min(range.upperBound, number), &cost) {
                let rule = rules[place]
                if rule.isOfAuditPolicy {
                    // Of an audit policy only the first match is reported.
                    guard let own, own.policy.name == rule.policy.name else { continue }
                } else if rule.isAudit {
                    continue
                }
                members.append(Barrier.Member(number: place, box: rule.box, stops: isOwn || rule.rule.action != .pass))
            }
            if members.contains(where: \.stops) { barriers.append(Barrier(members: members)) }
        }
        return barriers
    }

    /// The rules of a range that match some packet of the box.
    func near(_ box: Box, _ range: Range<Int>, _ cost: inout Int) -> [Int] {
        guard !box.isEmpty else { return [] }
        // The fields that tell most rules apart come first.
        let (lower0, upper0, hull0) = (lower[0], upper[0], box.fields[0].hull)
        let (lower1, upper1, hull1) = (lower[1], upper[1], box.fields[1].hull)
        let (lower2, upper2, hull2) = (lower[2], upper[2], box.fields[2].hull)
        cost += range.count / 8
        return range.filter { place in
            lower0[place] <= hull0.upperBound && upper0[place] >= hull0.lowerBound && lower1[place] <= hull1.upperBound
                && upper1[place] >= hull1.lowerBound && lower2[place] <= hull2.upperBound && upper2[place] >= hull2.lowerBound
                && rules[place].box.intersects(box)
        }
    }
}
