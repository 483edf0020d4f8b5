import PolicyModel
import PolicyTesting
import Testing

@Suite struct EvaluatorTests {
    private func policySet(_ texts: String...) throws -> PolicySet {
        try DocumentLoader.load(text: texts.joined(separator: "---\n"), path: "p.yaml").policySet()
    }

    /// A TCP packet from 192.0.2.9 to 192.0.2.1, or as changed.
    private func packet(_ change: (inout Packet) -> Void = { _ in }) throws -> Packet {
        var packet = Packet(
            direction: .ingress, interface: "eth0", protocol: 6, source: try #require(IPAddress("192.0.2.9")),
            destination: try #require(IPAddress("192.0.2.1")), sourcePort: 40000, destinationPort: 22)
        change(&packet)
        return packet
    }

    @Test func `without a matching rule the packet is allowed and no rule is named`() throws {
        #expect(ReferenceEvaluator(.empty).verdict(for: try packet()) == Verdict(action: .allow))
        let only = try policySet(policyText("ingress: [{ action: deny, ports: 23 }]"))
        #expect(ReferenceEvaluator(only).verdict(for: try packet()) == Verdict(action: .allow))
    }

    @Test func `the first match decides, and is named with its place`() throws {
        let set = try policySet(policyText("ingress:\n  - { name: a, action: allow, ports: 22 }\n  - { name: b, action: deny }"))
        let verdict = ReferenceEvaluator(set).verdict(for: try packet())
        #expect(
            verdict
                == Verdict(
                    action: .allow, policy: "web", rule: "a", tier: .application,
                    location: SourceLocation(file: "p.yaml", line: 6, column: 7)))
        #expect(ReferenceEvaluator(set).verdict(for: try packet { $0.destinationPort = 23 }).rule == "b")
    }

    @Test func `a pass goes to the next tier, not to the next policy`() throws {
        let set = try policySet(
            policyText("tier: admin\npriority: 1\ningress: [{ name: p, action: pass, ports: 22 }]", name: "one"),
            policyText("tier: admin\npriority: 2\ningress: [{ name: no, action: deny }]", name: "two"),
            policyText("tier: baseline\ningress: [{ name: yes, action: deny }]", name: "three"))
        #expect(ReferenceEvaluator(set).verdict(for: try packet()).rule == "yes")
        #expect(ReferenceEvaluator(set).verdict(for: try packet { $0.destinationPort = 23 }).rule == "no")
    }

    @Test func `a policy in audit mode is reported and changes nothing`() throws {
        let set = try policySet(
            policyText("mode: audit\npriority: 1\ningress: [{ name: a, action: deny }, { name: b, action: deny }]", name: "one"),
            policyText("mode: audit\npriority: 2\ningress: [{ name: c, action: pass }]", name: "two"),
            policyText("priority: 3\ningress: [{ name: d, action: allow }]", name: "three"))
        let verdict = ReferenceEvaluator(set).verdict(for: try packet())
        #expect(verdict.rule == "d" && verdict.audited.map(\.rule) == ["a", "c"] && verdict.audited.map(\.action) == [.deny, .pass])
    }

    @Test func `a rule that is audited alone is reported, and the next rule decides`() throws {
        let set = try policySet(
            policyText(
                "priority: 1\ningress: [{ name: a, action: reject, mode: audit }, { name: b, action: pass, mode: audit }, { name: c, action: deny }]",
                name: "one"),
            policyText("priority: 2\ningress: [{ name: d, action: allow }]", name: "two"))
        let evaluator = ReferenceEvaluator(set)
        let verdict = evaluator.verdict(for: try packet())
        #expect(verdict.rule == "c" && verdict.audited.map(\.rule) == ["a", "b"] && verdict.audited.map(\.action) == [.reject, .pass])
        let step = try #require(evaluator.walk(for: try packet()).tiers.last?.policies.first)
        #expect(step.outcome == .decided && step.rules.map(\.isAudited) == [true, true, false])
    }

    @Test func `in an audit policy a rule cannot be enforced, and only the first match is reported`() throws {
        let set = try policySet(
            policyText("mode: audit\ningress: [{ name: a, action: deny, mode: audit }, { name: b, action: deny, mode: enforce }]"))
        let verdict = ReferenceEvaluator(set).verdict(for: try packet())
        #expect(verdict.action == .allow && verdict.audited.map(\.rule) == ["a"])
        let only = try policySet(policyText("ingress: [{ name: a, action: deny, mode: audit }]"))
        #expect(ReferenceEvaluator(only).walk(for: try packet()).tiers[2].policies[0].outcome == .audited)
    }

    @Test func `a rejected packet has a verdict of its own`() throws {
        let verdict = ReferenceEvaluator(try policySet(policyText("ingress: [{ action: reject }]"))).verdict(for: try packet())
        #expect(verdict.action == .reject && verdict.rule == "ingress-1")
        #expect(verdict.jsonLine.contains(#""verdict":"reject""#))
    }

    @Test func `from the moment it expires a rule matches nothing`() throws {
        let set = try policySet(
            policyText("ingress:\n  - { name: a, action: allow, expires: 2026-12-31T18:00:00.25Z }\n  - { name: b, action: deny }"))
        let evaluator = ReferenceEvaluator(set)
        let end = try #require(Instant("2026-12-31T18:00:01Z"))
        #expect(evaluator.verdict(for: try packet(), at: Instant(seconds: end.seconds - 1)).rule == "a")
        #expect(evaluator.verdict(for: try packet(), at: end).rule == "b")
        let walk = evaluator.walk(for: try packet(), at: end)
        #expect(walk.verdict.rule == "b")
        #expect(walk.tiers[2].policies[0].rules[0].mismatch == .init(field: .expires, reason: "expired at 2026-12-31T18:00:01Z"))
    }

    @Test func `a set in a set is part of it, negated too`() throws {
        func set(_ name: String, _ addresses: String) -> String {
            "apiVersion: policyd/v1\nkind: AddressSet\nmetadata: { name: \(name) }\nspec: { addresses: \(addresses) }\n"
        }
        let (outer, inner) = (set("outer", "[\"set:inner\", 10.0.0.0/8]"), set("inner", "[192.0.2.8/31]"))
        for (from, action) in [("set:outer", Verdict.Action.deny), ("!set:outer", .allow)] {
            let policySet = try policySet(ruleText("action: deny, from: \"\(from)\""), outer, inner)
            #expect(ReferenceEvaluator(policySet).verdict(for: try packet()).action == action)
        }
    }

    @Test func `the policy's interfaces and the rule's have both to match`() throws {
        let set = try policySet(policyText("interfaces: [\"eth*\"]\ningress: [{ action: deny, interfaces: \"*1\" }]"))
        let evaluator = ReferenceEvaluator(set)
        for (name, action) in [("eth0", Verdict.Action.allow), ("eth1", .deny), ("wg1", .allow)] {
            #expect(evaluator.verdict(for: try packet { $0.interface = name }).action == action, "\(name)")
        }
    }

    /// Fields of a rule, a change to the packet, and whether the rule matches.
    @Test(arguments: [
        ("ports: 22", "tcp", 22, true), ("ports: 22", "udp", 22, true), ("ports: 22", "sctp", 22, true), ("ports: 22", "gre", 22, false),
        ("ports: 0-65535", "gre", 0, false), ("ports: 0-65535", "tcp", 0, true), ("ports: 0-65535", "tcp", 65535, true),
        ("protocol: [udp, gre]", "gre", 0, true), ("protocol: 47", "gre", 0, true), ("protocol: [udp, sctp], ports: 5", "tcp", 5, false),
    ])
    func `ports match only protocols that have them`(fields: String, proto: String, port: UInt16, matches: Bool) throws {
        let set = try policySet(ruleText("action: deny, \(fields)"))
        let number = try #require(ProtocolName.number(of: proto))
        let verdict = ReferenceEvaluator(set).verdict(for: try packet { ($0.protocol, $0.destinationPort) = (number, port) })
        #expect((verdict.action == .deny) == matches)
    }

    @Test(arguments: [
        ("icmp: echo-request", 4, 1, 8, 0, true), ("icmp: echo-request", 6, 58, 128, 0, true), ("icmp: echo-request", 6, 58, 8, 0, false),
        ("icmp: echo-request", 4, 58, 128, 0, false), ("protocol: icmpv4, icmp: 8", 6, 58, 8, 0, false),
        ("protocol: icmpv6, icmp: 1/4", 6, 58, 1, 4, true), ("protocol: icmpv6, icmp: 1/4", 6, 58, 1, 3, false),
        ("icmp: destination-unreachable/port-unreachable", 4, 1, 3, 3, true), ("icmp: port-unreachable", 6, 58, 1, 4, true),
        ("icmp: neighbor-solicitation", 4, 1, 135, 0, false), ("icmp: fragmentation-needed", 4, 1, 3, 4, true),
        ("icmp: fragmentation-needed", 6, 58, 3, 4, false), ("protocol: icmp", 4, 1, 99, 9, true), ("protocol: 1", 6, 1, 0, 0, true),
    ])
    func `icmp names are each family's own message`(
        fields: String, family: Int, proto: UInt8, type: UInt8, code: UInt8, matches: Bool
    ) throws {
        let set = try policySet(ruleText("action: deny, \(fields)"))
        let six = try #require(IPAddress("2001:db8::1"))
        let verdict = ReferenceEvaluator(set).verdict(
            for: try packet {
                if family == 6 { ($0.source, $0.destination) = (six, six) }
                ($0.protocol, $0.icmpType, $0.icmpCode) = (proto, type, code)
            })
        #expect((verdict.action == .deny) == matches)
    }

    @Test(arguments: [
        ("from: 192.0.2.0/24", true), ("from: 192.0.2.0/29", false), ("from: [10.0.0.0/8, 192.0.2.9]", true),
        ("from: [192.0.2.0/24, \"!192.0.2.9\"]", false), ("from: \"!192.0.2.9\"", false), ("from: \"!192.0.2.8\"", true),
        ("from: [any, \"!192.0.2.8/29\"]", false), ("from: \"::/0\"", false), ("from: any", true), ("local: 192.0.2.1", true),
        ("local: 192.0.2.9", false), ("from: \"set:some\"", true), ("from: \"!set:some\"", false), ("from: \"set:none\"", false),
        ("from: \"!set:none\"", true), ("from: [\"set:none\", 192.0.2.9]", true),
    ])
    func `positives are joined and negatives taken away`(fields: String, matches: Bool) throws {
        func set(_ name: String, _ addresses: String) -> String {
            "apiVersion: policyd/v1\nkind: AddressSet\nmetadata: { name: \(name) }\nspec: { addresses: \(addresses) }\n"
        }
        let policySet = try policySet(ruleText("action: deny, \(fields)"), set("some", "[192.0.2.8/31]"), set("none", "[]"))
        #expect((ReferenceEvaluator(policySet).verdict(for: try packet()).action == .deny) == matches)
    }

    @Test func `the remote side of egress is the destination`() throws {
        let set = try policySet(policyText("egress: [{ action: deny, to: 192.0.2.1, local: 192.0.2.9 }]"))
        #expect(ReferenceEvaluator(set).verdict(for: try packet { $0.direction = .egress }).action == .deny)
        #expect(ReferenceEvaluator(set).verdict(for: try packet()).action == .allow)
    }

    @Test func `the walk says why each rule did not match`() throws {
        let set = try policySet(
            policyText("tier: safety\ninterfaces: wg0\ningress: [{ action: deny }]", name: "vpn"),
            policyText(
                """
                ingress:
                  - { name: https, action: allow, protocol: tcp, ports: [443, 8000-8100] }
                  - { name: dns, action: allow, protocol: udp, ports: 53 }
                  - { name: ping, action: allow, icmp: echo-request }
                  - { name: admin, action: allow, from: [192.0.2.0/24, "!192.0.2.9"] }
                  - { name: other, action: allow, from: [10.0.0.0/8] }
                  - { name: host, action: allow, local: 192.0.2.77 }
                  - { name: rest, action: deny }
                  - { name: never, action: deny }
                """))
        let walk = ReferenceEvaluator(set).walk(for: try packet())
        #expect(walk.tiers.map(\.tier) == [.safety, .admin, .application])
        #expect(walk.tiers[0].policies[0].outcome == .notForInterface)
        #expect(walk.tiers[0].policies[0].mismatch?.reason == "interface eth0 is not one of wg0")
        let step = try #require(walk.tiers[2].policies.first)
        #expect(step.outcome == .decided && step.rules.last?.rule.rule == "rest" && step.rules.last?.mismatch == nil)
        #expect(
            step.rules.compactMap(\.mismatch?.reason) == [
                "destination port 22 is none of 443, 8000-8100", "protocol tcp on IPv4 is none of udp", "protocol tcp is not ICMP",
                "source 192.0.2.9 is in 192.0.2.9, which is taken away", "source 192.0.2.9 is not in 10.0.0.0/8",
                "the host's own address 192.0.2.1 is not in 192.0.2.77",
            ])
    }

    @Test func `the walk ends where the verdict is`() {
        var generator = PolicyGenerator(seed: 11)
        for _ in 0..<300 {
            let policySet = generator.policySet()
            let evaluator = ReferenceEvaluator(policySet)
            for _ in 0..<10 {
                let packet = generator.packet(for: policySet)
                let walk = evaluator.walk(for: packet)
                let decided = walk.tiers.last?.policies.last.flatMap { $0.outcome == .decided ? $0.rules.last?.rule : nil }
                #expect(walk.verdict == evaluator.verdict(for: packet))
                #expect(decided?.rule == walk.verdict.rule && decided?.policy == walk.verdict.policy)
                let audited = walk.tiers.flatMap(\.policies).flatMap(\.rules).filter(\.isAudited).map(\.rule)
                #expect(audited == walk.verdict.audited)
            }
        }
    }
}
