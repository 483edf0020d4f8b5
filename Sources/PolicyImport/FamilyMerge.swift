internal import PolicyModel

/// Puts the rules of two rulesets, one of IPv4 and one of IPv6, into one list.
///
/// Rules of different families never see the same packet, so any order of both lists that keeps each one's own is
/// right. Rules that say the same of their family become one rule of both.
enum FamilyMerge {
    /// Up to how many pairs of rules are compared.
    private static let pairLimit = 4_000_000

    static func merge(_ four: [FlatRule], _ six: [FlatRule]) -> [FlatRule] {
        guard !four.isEmpty, !six.isEmpty, four.count * six.count <= pairLimit else { return four + six }
        let fourKeys = four.map(Key.init)
        let sixKeys = six.map(Key.init)
        // The longest list of common rules, by the length that is still possible from each pair on.
        let width = six.count + 1
        var lengths = [Int32](repeating: 0, count: (four.count + 1) * width)
        for one in four.indices.reversed() {
            for two in six.indices.reversed() {
                lengths[one * width + two] =
                    fourKeys[one].isSame(as: sixKeys[two])
                    ? lengths[(one + 1) * width + two + 1] + 1 : max(lengths[(one + 1) * width + two], lengths[one * width + two + 1])
            }
        }
        var result: [FlatRule] = []
        var (one, two) = (0, 0)
        while one < four.count, two < six.count {
            if fourKeys[one].isSame(as: sixKeys[two]) {
                var rule = four[one]
                rule.match.families = .both
                rule.match.source.v6 = .all(bits: 128)
                rule.match.destination.v6 = .all(bits: 128)
                result.append(rule)
                one += 1
                two += 1
            } else if lengths[(one + 1) * width + two] >= lengths[one * width + two + 1] {
                result.append(four[one])
                one += 1
            } else {
                result.append(six[two])
                two += 1
            }
        }
        return result + four[one...] + six[two...]
    }

    /// What a rule says, its family left out; nil parts never equal another's.
    private struct Key {
        let match: Match?
        let action: Action
        let log: Rule.Log?

        init(_ rule: FlatRule) {
            action = rule.action
            log = rule.log
            let isICMP = rule.match.protocols == .numbers([1]) || rule.match.protocols == .numbers([58])
            guard rule.match.source.isAny(rule.match.families), rule.match.destination.isAny(rule.match.families), !isICMP else {
                match = nil
                return
            }
            var match = rule.match
            match.families = .both
            match.source = AddressBox()
            match.destination = AddressBox()
            self.match = match
        }

        func isSame(as other: Key) -> Bool {
            match != nil && match == other.match && action == other.action && log == other.log
        }
    }
}
