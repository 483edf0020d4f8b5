import PolicyCompiler
import PolicyModel
import PolicyTesting
import Testing

/// Reads documents, which have to be sound.
func load(_ text: String, path: String = "p.yaml") throws -> (loaded: LoadedDocuments, policySet: PolicySet) {
    let loaded = DocumentLoader.load(text: text, path: path)
    return (loaded, try loaded.policySet())
}

/// A policy with these lines under `spec`, the first of which is line 5.
func policyText(_ spec: String, name: String = "web") -> String {
    "apiVersion: policyd/v1\nkind: HostPolicy\nmetadata: { name: \(name) }\nspec:\n"
        + spec.split(separator: "\n", omittingEmptySubsequences: false).map { "  \($0)" }.joined(separator: "\n") + "\n"
}

@Suite struct CoverageWarningTests {
    private func warnings(_ text: String) throws -> [String] {
        let (loaded, policySet) = try load(text)
        return loaded.findings(policySet: policySet).map(\.summary)
    }

    @Test(arguments: [
        ("action: allow, ports: 1-100", "action: deny, protocol: tcp, ports: 22", true),
        ("action: allow, ports: 1-100", "action: deny, protocol: tcp, ports: 101", false),
        ("action: allow, ports: 1-100", "action: deny, protocol: tcp", false),
        ("action: allow, protocol: tcp, ports: 22", "action: deny, ports: 22", false),
        ("action: allow", "action: deny, from: 192.0.2.1", true),
        ("action: allow, from: 192.0.2.0/24", "action: deny, from: [192.0.2.1, 192.0.2.128/25]", true),
        ("action: allow, from: 192.0.2.0/24", "action: deny, from: [192.0.2.1, 192.0.3.0]", false),
        ("action: allow, from: 192.0.2.0/24", "action: deny", false),
        ("action: allow, from: 0.0.0.0/0", "action: deny, from: \"::1\"", false),
        ("action: allow, from: \"!192.0.2.1\"", "action: deny, from: 192.0.2.0/24", false),
        ("action: allow, from: \"!192.0.2.1\"", "action: deny, from: [192.0.2.0/24, \"!192.0.2.0/30\"]", true),
        ("action: allow, protocol: icmp", "action: deny, icmp: echo-request", true),
        ("action: allow, protocol: icmpv4", "action: deny, icmp: echo-request", false),
        ("action: allow, icmp: echo-request", "action: deny, protocol: icmpv4, icmp: 8/0", true),
        ("action: allow, icmp: port-unreachable", "action: deny, icmp: destination-unreachable", false),
        ("action: allow, protocol: icmp", "action: deny, protocol: [tcp, icmpv6]", false),
        ("action: allow, interfaces: eth0", "action: deny, ports: 22", false),
        ("action: allow, interfaces: \"eth*\"", "action: deny, interfaces: [eth0, \"eth?1\"]", true),
        ("action: allow, interfaces: \"eth*\"", "action: deny, interfaces: \"*th0\"", false),
        ("action: allow, sourcePorts: 1024-65535", "action: deny, ports: 22", false),
        ("action: allow, mode: audit", "action: deny, ports: 22", false),
        ("action: allow, expires: 2099-01-01T00:00:00Z", "action: deny, ports: 22", false),
        ("action: pass", "action: deny, ports: 22", true),
    ])
    func `a rule is told never to match only if it does not`(first: String, second: String, isDead: Bool) throws {
        let found = try warnings(policyText("ingress:\n  - { \(first) }\n  - { \(second) }\n  - { action: deny, name: end }"))
        let told = found.contains(
            "p.yaml:7:7: warning: rule 'ingress-2' never matches: rule 'ingress-1' on line 6 matches all that it does")
        #expect(told == isDead, "\(found)")
    }

    @Test func `several rules together cover one, across policies`() throws {
        let first = policyText("priority: 1\ningress: [{ name: low, action: allow, ports: 0-1023, protocol: tcp }]", name: "first")
        let second = policyText(
            "ingress:\n  - { name: high, action: allow, protocol: tcp, ports: 1024-65535 }\n  - { name: all, action: deny, protocol: tcp }\n"
                + "  - { name: end, action: deny, log: none }")
        let found = try warnings(first + "---\n" + second)
        #expect(
            found == [
                "p.yaml:14:7: warning: rule 'all' never matches: rules 'low' of policy 'first' on line 6 and 'high' on line 13 "
                    + "match all that it does"
            ], "\(found)")
    }

    @Test func `what an earlier tier passes on is not covered by what it denies`() throws {
        func text(_ gate: String) -> String {
            policyText("tier: admin\ningress:\(gate)\n  - { name: no, action: deny, from: 192.0.2.0/28 }", name: "admin") + "---\n"
                + policyText("ingress:\n  - { name: yes, action: allow, from: 192.0.2.10 }\n  - { name: end, action: deny }")
        }
        #expect(try warnings(text("\n  - { name: ours, action: pass, from: 192.0.2.10 }")).isEmpty)
        #expect(try warnings(text("")).count { $0.contains("rule 'yes' never matches: rule 'no' of policy 'admin'") } == 1)
    }

    @Test func `a rule that no packet can be is told, one of an empty set is not`() throws {
        let none = policyText("ingress:\n  - { action: allow, from: [192.0.2.0/24, \"!192.0.2.0/24\"] }\n  - { action: deny }")
        #expect(try warnings(none) == ["p.yaml:6:7: warning: rule 'ingress-1' never matches: no packet is all that it asks for"])
        let empty = policyText("ingress:\n  - { action: allow, from: \"set:x\" }\n  - { action: deny }")
        let set = "---\napiVersion: policyd/v1\nkind: AddressSet\nmetadata: { name: x }\nspec: { addresses: [] }\n"
        #expect(try warnings(empty + set).allSatisfy { !$0.contains("never matches") })
    }

    @Test(arguments: [
        ("action: deny, from: 192.0.2.1", "action: deny", true),
        ("action: deny, from: 192.0.2.1, log: all", "action: deny", false),
        ("action: reject, from: 192.0.2.1", "action: deny", false),
        ("action: deny, from: 192.0.2.1, mode: audit", "action: deny", false),
        ("action: deny, from: 192.0.2.1, expires: 2099-01-01T00:00:00Z", "action: deny", false),
        ("action: deny, from: 192.0.2.1, established: keep", "action: deny", false),
        ("action: allow, from: 192.0.2.1", "action: allow, from: 192.0.2.0/24", true),
        ("action: allow, from: 192.0.2.1", "action: allow, from: 192.0.3.0/24", false),
        ("action: allow, from: \"set:x\"", "action: allow, from: 192.0.2.0/24", false),
        ("action: deny, from: \"set:x\"", "action: deny", true),
    ])
    func `a rule is redundant if later ones do the same`(first: String, second: String, isRedundant: Bool) throws {
        let set = "---\napiVersion: policyd/v1\nkind: AddressSet\nmetadata: { name: x }\nspec: { addresses: [192.0.2.7] }\n"
        let found = try warnings(
            policyText("ingress:\n  - { name: a, \(first) }\n  - { name: b, \(second) }\n  - { action: deny, name: end, log: all }") + set)
        let told = found.contains { $0 == "p.yaml:6:7: warning: rule 'a' is redundant: rule 'b' on line 7 does the same without it" }
        #expect(told == isRedundant, "\(found)")
    }

    @Test func `a rule between that does something else keeps one from being redundant`() throws {
        let found = try warnings(
            policyText(
                "ingress:\n  - { name: a, action: allow, ports: 22, from: 192.0.2.1 }\n  - { name: b, action: deny, from: 192.0.2.0/28 }\n"
                    + "  - { name: c, action: allow, ports: 22 }\n  - { name: end, action: deny }"))
        #expect(found.isEmpty)
    }

    @Test func `what the budget does not suffice for is said, not guessed`() throws {
        let (loaded, policySet) = try load(policyText("ingress:\n  - { action: deny }\n  - { action: allow, ports: 80 }"))
        let found = loaded.findings(policySet: policySet, budget: AnalysisBudget(comparisons: 10, perQuestion: 10, size: 1))
        #expect(found.map(\.summary) == ["note: 2 of 2 rules were not analysed for whether they ever match: that would take too long"])
    }
}

/// Random policies, judged packet by packet.
@Suite struct CoveragePropertyTests {
    private static let limits: PolicyGenerator.Limits = {
        var limits = PolicyGenerator.Limits()
        limits.rules = 6
        return limits
    }()

    /// The rule that a packet is decided by, or reported by.
    private static func met(_ policySet: PolicySet, _ packet: Packet, _ time: Instant) -> [String] {
        let verdict = ReferenceEvaluator(policySet).verdict(for: packet, at: time)
        return verdict.audited.map { "\($0.policy)/\($0.rule)" }
            + [verdict].compactMap { verdict in
                verdict.policy.flatMap { policy in verdict.rule.map { "\(policy)/\($0)" } }
            }
    }

    @Test(arguments: 0..<120)
    func `what is said of a rule holds for every packet`(round: Int) throws {
        var generator = PolicyGenerator(seed: 31_000 + UInt64(round), limits: Self.limits)
        let policySet = generator.policySet()
        let time = Instant(seconds: 1_800_000_000)
        let coverage = Coverage(of: policySet, at: time)
        var dead: Set<String> = []
        for finding in coverage.findings {
            let name = "\(finding.rule.policy)/\(finding.rule.rule)"
            switch finding.reach {
            case .packet(let packet):
                // Rules that pass are met on the way: they are no part of a verdict.
                if finding.rule.action == .pass {
                    let walk = ReferenceEvaluator(policySet).walk(for: packet, at: time)
                    let met = walk.tiers.flatMap(\.policies).flatMap(\.rules).filter { $0.mismatch == nil }.map(\.rule)
                    #expect(met.contains { $0.policy == finding.rule.policy && $0.rule == finding.rule.rule }, "\(name) \(packet)")
                } else {
                    #expect(Self.met(policySet, packet, time).contains(name), "\(name) \(packet) \(policySet)")
                }
            case .never, .expired, .later: dead.insert("\(finding.direction) \(name)")
            case .notAnalysed: Issue.record("\(name) was not analysed")
            }
            if !finding.redundant.isEmpty { try isRedundant(finding, policySet, time, &generator) }
        }
        for _ in 0..<300 {
            let packet = generator.packet(for: policySet)
            for name in Self.met(policySet, packet, time) {
                #expect(!dead.contains("\(packet.direction) \(name)"), "\(name) never matches, but \(packet) \(policySet)")
            }
        }
    }

    /// Without the rule no packet has another verdict.
    private func isRedundant(
        _ finding: Coverage.Finding, _ policySet: PolicySet, _ time: Instant, _ generator: inout PolicyGenerator
    ) throws {
        let policies = policySet.policies.map { policy in
            var policy = policy
            guard policy.name == finding.rule.policy else { return policy }
            if finding.direction == .ingress { policy.ingress.removeAll { $0.name == finding.rule.rule } }
            if finding.direction == .egress { policy.egress.removeAll { $0.name == finding.rule.rule } }
            return policy
        }
        let without = try PolicySet(policies: policies, sets: Array(policySet.sets.values))
        for _ in 0..<300 {
            let packet = generator.packet(for: policySet)
            let verdicts = [policySet, without].map { ReferenceEvaluator($0).verdict(for: packet, at: time) }
            #expect(verdicts[0].action == verdicts[1].action && verdicts[0].audited == verdicts[1].audited, "\(finding) \(packet)")
        }
        let difference = PolicyDifference(from: policySet, to: without, at: time)
        #expect(difference.packets.examples.isEmpty && difference.packets.extent == .complete)
    }
}

/// Large policies.
@Suite struct CoverageScaleTests {
    /// Rules as packet filters of routers have them: pairs of prefixes that often meet, some ports, a deny at the end.
    static func policySet(rules count: Int) throws -> PolicySet {
        var random = SplitMix64(seed: 11)
        func prefix() -> AddressTerm {
            let length = [12, 16, 20, 21, 24, 24, 28, 32, 32, 32].randomElement(using: &random) ?? 32
            let address = IPAddress(
                v4: 0x0A00_0000 | UInt32.random(in: 0...0x3_FFFF, using: &random) << UInt32.random(in: 0...6, using: &random))
            return .prefix(CIDR(address, length: length))
        }
        var rules = (0..<count).map { index in
            var rule = Rule(
                name: "rule-\(index)", action: index % 3 == 0 ? .deny : .allow, remote: AddressMatch([prefix()]),
                local: AddressMatch([prefix()]))
            if index % 4 != 0 {
                rule.protocols = [.tcp]
                let port = UInt16.random(in: 0...60_000, using: &random)
                rule.ports = [index % 2 == 0 ? PortRange(port) : PortRange(port...port + 1000)]
            }
            return rule
        }
        rules.append(Rule(name: "rest", action: .deny))
        return try PolicySet(policies: [HostPolicy(name: "big", ingress: rules)])
    }

    @Test func `a thousand rules that overlap are all analysed`() throws {
        let policySet = try Self.policySet(rules: 1000)
        let coverage = Coverage(of: policySet)
        #expect(coverage.notAnalysed == 0)
        let evaluator = ReferenceEvaluator(policySet)
        var reached = 0
        for finding in coverage.findings.filter({ $0.direction == .ingress }) {
            guard case .packet(let packet) = finding.reach else { continue }
            reached += 1
            #expect(evaluator.verdict(for: packet).rule == finding.rule.rule)
        }
        #expect(reached > 300 && reached <= 1001)
    }
}
