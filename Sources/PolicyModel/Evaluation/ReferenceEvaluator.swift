/// Judges packets as the policy language reads, rule after rule, without any table.
///
/// It is what the compiled tables and the kernel program are measured against, and so it is kept plain
/// rather than fast: tier after tier, policy after policy by priority, rule after rule; the first rule
/// whose fields all match decides.
public struct ReferenceEvaluator: Sendable {
    /// What is evaluated.
    public let policySet: PolicySet

    public init(_ policySet: PolicySet) {
        self.policySet = policySet
    }

    /// What happens to the packet.
    public func verdict(for packet: Packet) -> Verdict {
        var audited: [RuleReference] = []
        tiers: for tier in Tier.allCases {
            for policy in policySet.policies where policy.tier == tier {
                guard let rule = policy.rules(packet.direction).first(where: { matches(policy, $0, packet) }) else { continue }
                let reference = RuleReference(policy, rule)
                if policy.mode == .audit {
                    audited.append(reference)
                    continue
                }
                switch rule.action {
                case .allow: return Verdict(.allow, by: reference, audited: audited)
                case .deny: return Verdict(.deny, by: reference, audited: audited)
                case .pass: continue tiers
                }
            }
        }
        return .defaultAllow(audited: audited)
    }

    private func matches(_ policy: HostPolicy, _ rule: Rule, _ packet: Packet) -> Bool {
        mismatch(policy, packet) == nil && mismatch(rule, packet) == nil
    }
}
