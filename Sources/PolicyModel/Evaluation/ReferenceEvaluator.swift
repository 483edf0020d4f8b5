/// Judges packets as the policy language reads, rule after rule, without any table.
///
/// It is what the compiled tables and the kernel program are measured against, and so it is kept plain
/// rather than fast: tier after tier, policy after policy by priority, rule after rule; the first rule
/// whose fields all match decides. Time is an input like the packet: a rule that has expired matches nothing.
public struct ReferenceEvaluator: Sendable {
    /// What is evaluated.
    public let policySet: PolicySet

    public init(_ policySet: PolicySet) {
        self.policySet = policySet
    }

    /// What happens to the packet at this time.
    public func verdict(for packet: Packet, at time: Instant = .now) -> Verdict {
        var audited: [RuleReference] = []
        tiers: for tier in Tier.allCases {
            for policy in policySet.policies where policy.tier == tier {
                rules: for rule in policy.rules(packet.direction) where matches(policy, rule, packet, at: time) {
                    let reference = RuleReference(policy, rule)
                    if policy.audits(rule) {
                        audited.append(reference)
                        // Of an audit policy only the first match is reported; a rule that is audited alone lets the next one decide.
                        if policy.mode == .audit { break rules } else { continue rules }
                    }
                    switch rule.action {
                    case .allow: return Verdict(.allow, by: reference, audited: audited)
                    case .deny: return Verdict(.deny, by: reference, audited: audited)
                    case .reject: return Verdict(.reject, by: reference, audited: audited)
                    case .pass: continue tiers
                    }
                }
            }
        }
        return .defaultAllow(audited: audited)
    }

    private func matches(_ policy: HostPolicy, _ rule: Rule, _ packet: Packet, at time: Instant) -> Bool {
        mismatch(policy, packet) == nil && mismatch(rule, packet, at: time) == nil
    }
}
