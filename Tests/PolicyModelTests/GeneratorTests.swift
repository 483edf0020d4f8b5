import PolicyModel
import PolicyTesting
import Testing

@Suite struct GeneratorTests {
    @Test func `a seed gives the same policies and packets again`() {
        var one = PolicyGenerator(seed: 42)
        var other = PolicyGenerator(seed: 42)
        for _ in 0..<50 {
            let (first, second) = (one.policySet(), other.policySet())
            #expect(first.policies == second.policies && first.sets == second.sets)
            #expect(one.packet(for: first) == other.packet(for: second))
        }
    }

    @Test func `generated packets meet every outcome and generated policies every construct`() {
        var generator = PolicyGenerator(seed: 1)
        var (allowed, denied, byDefault, audited) = (0, 0, 0, 0)
        var seen: Set<String> = []
        for _ in 0..<400 {
            let policySet = generator.policySet()
            for (policy, rule) in policySet.rules(.ingress) + policySet.rules(.egress) {
                seen.insert("action \(rule.action)")
                seen.insert("mode \(policy.mode)")
                if !rule.ports.isEmpty { seen.insert("ports") }
                if !rule.sourcePorts.isEmpty { seen.insert("sourcePorts") }
                if !rule.icmp.isEmpty { seen.insert("icmp") }
                if !rule.remote.negatives.isEmpty { seen.insert("negation") }
                if !rule.local.setNames.isEmpty { seen.insert("local set") }
                if rule.interfaces != nil { seen.insert("interfaces") }
            }
            let evaluator = ReferenceEvaluator(policySet)
            for _ in 0..<20 {
                let packet = generator.packet(for: policySet)
                #expect(packet.source.family == packet.destination.family)
                let verdict = evaluator.verdict(for: packet)
                switch (verdict.action, verdict.rule) {
                case (_, nil): byDefault += 1
                case (.allow, _): allowed += 1
                case (.deny, _), (.reject, _): denied += 1
                }
                audited += verdict.audited.count
            }
        }
        #expect(seen.count == 11, "\(seen.sorted())")
        #expect(allowed > 500 && denied > 500 && byDefault > 500 && audited > 100, "\(allowed) \(denied) \(byDefault) \(audited)")
    }

    @Test func `shrinking leaves the one rule that matters`() throws {
        var generator = PolicyGenerator(seed: 3)
        var policySet = generator.policySet()
        while !policySet.rules(.ingress).contains(where: { $0.rule.action == .pass && !$0.rule.remote.isAny }) {
            policySet = generator.policySet()
        }
        let small = PolicyShrinker.minimize(policySet) { set in
            set.rules(.ingress).contains { $0.rule.action == .pass && !$0.rule.remote.isAny }
        }
        #expect(small.ruleCount == 1 && small.policies.count == 1)
        let rule = try #require(small.policies.first?.ingress.first)
        #expect(rule.ports.isEmpty && rule.local.isAny && rule.remote.positives.count + rule.remote.negatives.count == 1)
    }
}
