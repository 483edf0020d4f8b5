import PolicyCompiler
import PolicyModel
import PolicyTesting
import Testing

@Suite struct PolicyDifferenceTests {
    private func difference(_ old: String, _ new: String) throws -> PolicyDifference {
        PolicyDifference(from: try load(old).policySet, to: try load(new).policySet)
    }

    private func rules(_ lines: String...) -> String {
        policyText("ingress:\n" + lines.map { "  - { \($0) }" }.joined(separator: "\n"))
    }

    @Test func `rules that came, went, changed and moved are told`() throws {
        let old = rules(
            "name: a, action: allow, ports: 1", "name: b, action: allow, ports: 2", "name: c, action: allow, ports: 3",
            "name: z, action: deny")
        let new = rules(
            "name: b, action: allow, ports: 2", "name: z, action: deny", "name: c, action: allow, ports: [3, 4]", "name: d, action: allow")
        let changes = try #require(try difference(old, new).policies.first)
        #expect(changes.kind == .changed && changes.fields.isEmpty)
        #expect(
            changes.rules.map { "\($0.kind) \($0.rule)" } == ["moved z", "changed c", "added d", "removed a"]
                || changes.rules.map { "\($0.kind) \($0.rule)" } == ["changed c", "added d", "removed a"], "\(changes.rules)")
        let field = try #require(changes.rules.first { $0.rule == "c" }?.fields.first)
        #expect(field.key == "ports" && field.old == "[3]" && field.new == "[3, 4]")
    }

    @Test func `a difference of verdicts is shown with a packet and both rules`() throws {
        let found = try difference(
            rules("name: web, action: allow, protocol: tcp, ports: [80, 443]", "name: rest, action: deny"),
            rules("name: web, action: allow, protocol: tcp, ports: 443", "name: rest, action: deny"))
        #expect(found.packets.extent == .complete)
        #expect(found.packets.examples.allSatisfy { $0.packet.protocol == 6 && $0.packet.destinationPort == 80 })
        #expect(Set(found.packets.examples.map(\.packet.family)) == [.v4, .v6])
        #expect(found.packets.examples.allSatisfy { $0.old.rule == "web" && $0.new.rule == "rest" && $0.new.action == .deny })
    }

    @Test func `words that differ without a difference for packets are proved to make none`() throws {
        let found = try difference(
            rules("name: web, action: allow, protocol: tcp, ports: [80, 443]", "name: rest, action: deny"),
            rules(
                "name: http, action: allow, protocol: tcp, ports: 80", "name: https, action: allow, protocol: tcp, ports: 443",
                "name: rest, action: deny"))
        #expect(!found.isEmpty && found.packets.examples.isEmpty && found.packets.extent == .complete)
    }

    @Test func `entries of a set are counted, also those of sets in it`() throws {
        func text(_ addresses: String) -> String {
            rules("action: allow, from: \"set:all\"", "action: deny")
                + "---\napiVersion: policyd/v1\nkind: AddressSet\nmetadata: { name: all }\nspec: { addresses: [\"set:part\"] }\n"
                + "---\napiVersion: policyd/v1\nkind: AddressSet\nmetadata: { name: part }\nspec: { addresses: [\(addresses)] }\n"
        }
        let found = try difference(text("192.0.2.1, 192.0.2.2"), text("192.0.2.2, 192.0.2.3, 192.0.2.4"))
        #expect(found.sets.map(\.set) == ["all", "part"] && found.policies.isEmpty)
        #expect(found.sets.allSatisfy { $0.entriesAdded == 2 && $0.entriesRemoved == 1 && $0.firstRemoved == [CIDR("192.0.2.1")] })
        #expect(Set(found.packets.examples.map(\.packet.source.description)).isSubset(of: ["192.0.2.1", "192.0.2.3", "192.0.2.4"]))
        #expect(found.packets.examples.contains { $0.new.action == .deny } && found.packets.examples.contains { $0.new.action == .allow })
    }

    @Test func `a pass that comes turns packets to other tiers`() throws {
        let rest =
            "---\n"
            + policyText(
                "tier: baseline\ningress: [{ name: yes, action: allow, from: 192.0.2.0/28 }, { name: end, action: deny }]", name: "base")
        let old = policyText("tier: admin\ningress: [{ name: no, action: deny, from: 192.0.2.0/24 }]") + rest
        let new =
            policyText(
                "tier: admin\ningress: [{ name: ours, action: pass, from: 192.0.2.10 }, { name: no, action: deny, from: 192.0.2.0/24 }]")
            + rest
        let found = try difference(old, new)
        #expect(found.packets.extent == .complete && found.packets.examples.count == 1)
        #expect(found.packets.examples.first?.packet.source == IPAddress("192.0.2.10"))
        #expect(found.packets.examples.first?.new.rule == "yes" && found.packets.examples.first?.old.rule == "no")
    }

    /// Two random policy sets with much in common; packets made for both.
    @Test(arguments: 0..<120)
    func `no packet differs where none is said to, and examples do`(round: Int) throws {
        var generator = PolicyGenerator(seed: 55_000 + UInt64(round))
        let old = generator.policySet()
        let time = Instant(seconds: 1_800_000_000)
        var random = SplitMix64(seed: UInt64(round))
        var policies = old.policies
        for index in policies.indices where Bool.random(using: &random) {
            if policies[index].ingress.count > 1 { policies[index].ingress.swapAt(0, policies[index].ingress.count - 1) }
            if !policies[index].egress.isEmpty {
                switch Int.random(in: 0..<3, using: &random) {
                case 0: policies[index].egress.removeFirst()
                case 1: policies[index].egress[0].ports = []
                default: policies[index].egress[0].remote = .any
                }
            }
        }
        let new = try PolicySet(policies: policies, sets: Array(old.sets.values))
        let found = PolicyDifference(from: old, to: new, at: time, examples: 1000)
        let evaluators = [old, new].map { ReferenceEvaluator($0) }
        for example in found.packets.examples {
            let verdicts = evaluators.map { $0.verdict(for: example.packet, at: time) }
            #expect(verdicts == [example.old, example.new] && verdicts[0].action != verdicts[1].action)
        }
        #expect(found.packets.extent == .complete)
        let pairs = Set(found.packets.examples.map { Pair($0.packet.direction, $0.old, $0.new) })
        for index in 0..<400 {
            let packet = generator.packet(for: index % 2 == 0 ? old : new)
            let verdicts = evaluators.map { $0.verdict(for: packet, at: time) }
            guard verdicts[0].action != verdicts[1].action else { continue }
            #expect(pairs.contains(Pair(packet.direction, verdicts[0], verdicts[1])), "\(packet) \(verdicts)")
        }
    }

    private struct Pair: Hashable {
        var rules: [String?]

        init(_ direction: Direction, _ old: Verdict, _ new: Verdict) {
            rules = [direction.rawValue, old.policy, old.rule, new.policy, new.rule]
        }
    }
}
