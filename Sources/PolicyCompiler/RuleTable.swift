internal import CDatapath
internal import PolicyModel

extension FlatRule {
    /// What the kernel needs to know of each rule once it is found.
    static func table(_ rules: [FlatRule], _ direction: Direction, _ numbers: RuleNumbers) -> [pd_rule] {
        let behindPolicy = ends(rules) { $0.policyIndex == $1.policyIndex }
        let behindTier = ends(rules) { $0.policy.tier == $1.policy.tier }
        return rules.enumerated().map { place, flat in
            var entry = pd_rule()
            let key = RuleKey(policy: flat.policy.name, direction: direction, rule: flat.rule.name)
            entry.number = numbers.number(of: key) ?? PD_NO_RULE
            entry.log = logs[flat.rule.log] ?? UInt8(PD_LOG_NONE.rawValue)
            entry.order = UInt32(flat.order)
            entry.next = UInt32(flat.end)
            entry.expires = flat.rule.expires.map(seconds) ?? 0
            let action = actions[flat.rule.action] ?? UInt8(PD_ACTION_DENY.rawValue)
            if flat.policy.audits(flat.rule) {
                // Reported, and then as if the rule, or nothing of an audit policy, had matched.
                entry.action = UInt8(PD_ACTION_NEXT.rawValue)
                entry.audit = 1
                entry.would = action
                entry.next = flat.policy.mode == .audit ? behindPolicy[place] : UInt32(place + 1)
            } else {
                entry.action = action
                if flat.rule.action == .pass {
                    entry.next = behindTier[place]
                }
                if flat.rule.established == .keep { entry.since = numbers.revision(of: key) }
            }
            return entry
        }
    }

    /// For each rule, the place of the first one behind it that begins something else.
    private static func ends(_ rules: [FlatRule], _ isSame: (FlatRule, FlatRule) -> Bool) -> [UInt32] {
        var ends = [UInt32](repeating: UInt32(rules.count), count: rules.count)
        for place in rules.indices.dropLast().reversed() {
            ends[place] = isSame(rules[place], rules[place + 1]) ? ends[place + 1] : UInt32(place + 1)
        }
        return ends
    }

    /// A time of expiry as the kernel keeps it, where 0 is never: what is beyond the year 2106 never comes.
    private static func seconds(_ time: Instant) -> UInt32 {
        time.seconds > Int64(UInt32.max) ? 0 : UInt32(max(time.seconds, 1))
    }

    private static let actions: [Action: UInt8] = [
        .allow: UInt8(PD_ACTION_ALLOW.rawValue), .deny: UInt8(PD_ACTION_DENY.rawValue),
        .reject: UInt8(PD_ACTION_REJECT.rawValue), .pass: UInt8(PD_ACTION_NEXT.rawValue),
    ]

    private static let logs: [Rule.Log: UInt8] = [
        .none: UInt8(PD_LOG_NONE.rawValue), .new: UInt8(PD_LOG_NEW.rawValue), .all: UInt8(PD_LOG_ALL.rawValue),
    ]
}
