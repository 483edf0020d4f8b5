internal import CDatapath
internal import PolicyModel

extension FlatRule {
    /// What the kernel needs to know of each rule once it is found.
    static func table(_ rules: [FlatRule], _ direction: Direction, _ numbers: RuleNumbers) -> [pd_rule] {
        rules.map { flat in
            var entry = pd_rule()
            let key = RuleKey(policy: flat.policy.name, direction: direction, rule: flat.rule.name)
            entry.number = numbers.number(of: key) ?? PD_NO_RULE
            entry.log = logs[flat.rule.log] ?? UInt8(PD_LOG_NONE.rawValue)
            let action = actions[flat.rule.action] ?? UInt8(PD_ACTION_DENY.rawValue)
            if flat.policy.mode == .audit {
                // Reported, and then as if nothing of this policy had matched.
                entry.action = UInt8(PD_ACTION_NEXT.rawValue)
                entry.audit = 1
                entry.would = action
                entry.next = UInt32(rules.firstIndex { $0.policyIndex > flat.policyIndex } ?? rules.count)
            } else {
                entry.action = action
                if flat.rule.action == .pass {
                    entry.next = UInt32(rules.firstIndex { $0.policy.tier > flat.policy.tier } ?? rules.count)
                }
            }
            return entry
        }
    }

    private static let actions: [Action: UInt8] = [
        .allow: UInt8(PD_ACTION_ALLOW.rawValue), .deny: UInt8(PD_ACTION_DENY.rawValue), .pass: UInt8(PD_ACTION_NEXT.rawValue),
    ]

    private static let logs: [Rule.Log: UInt8] = [
        .none: UInt8(PD_LOG_NONE.rawValue), .new: UInt8(PD_LOG_NEW.rawValue), .all: UInt8(PD_LOG_ALL.rawValue),
    ]
}
