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

    /// The constructs of the language that a rule uses, and its edges.
    private static func constructs(_ policy: HostPolicy, _ rule: Rule, _ policySet: PolicySet) -> [String] {
        var found = ["action \(rule.action)", "log \(rule.log)", "tier \(policy.tier)", "policy \(policy.mode)"]
        func note(_ what: String, _ isThere: Bool) { if isThere { found.append(what) } }
        note("audited rule", policy.mode == .enforce && rule.mode == .audit)
        note("enforced rule of audit policy", policy.mode == .audit && rule.mode == .enforce)
        note("expired", rule.hasExpired(at: PolicyGenerator.time))
        note("expires at the time itself", rule.expires == PolicyGenerator.time)
        note("expires later", rule.expires != nil && !rule.hasExpired(at: PolicyGenerator.time))
        note("established keep", rule.established == .keep)
        note("list of protocols", rule.protocols.count > 1)
        for number: UInt8 in [47, 50, 132] { note("protocol \(number)", rule.protocols.contains(.number(number))) }
        note("protocol without a name", rule.protocols.contains { Int($0.description) != nil })
        for match in [ProtocolMatch.icmp, .icmpv4, .icmpv6] { note("protocol \(match)", rule.protocols.contains(match)) }
        note("icmp type by name", rule.icmp.contains { Int($0.text) == nil && !$0.text.contains("/") })
        note("icmp type/code by number", rule.icmp.contains { $0.text.contains("/") })
        note("icmp type by number", rule.icmp.contains { Int($0.text) != nil })
        note("ports", !rule.ports.isEmpty)
        note("source ports", !rule.sourcePorts.isEmpty)
        let ranges = rule.ports + rule.sourcePorts
        note("port 0", ranges.contains { $0.lower == 0 })
        note("port 65535", ranges.contains { $0.upper == 65535 })
        note("every port", ranges.contains(.all))
        for (one, other) in zip(rule.ports, rule.ports.dropFirst()) {
            note("equal ports", one == other)
            note("adjacent ports", Int(one.upper) + 1 == Int(other.lower))
            note("nested ports", one != other && one.contains(other))
        }
        note("rule's interfaces, globs", rule.interfaces?.positives.contains { $0.contains("*") } ?? false)
        note("rule's interfaces, negated", !(rule.interfaces?.negatives.isEmpty ?? true))
        note("policy's interfaces", policy.interfaces != nil)
        note("local", !rule.local.positives.isEmpty)
        for match in [rule.remote, rule.local] {
            note("negation", match.negatives.contains { if case .prefix = $0 { true } else { false } })
            note("set", match.positives.contains { if case .set = $0 { true } else { false } })
            note("negated set", match.negatives.contains { if case .set = $0 { true } else { false } })
            note("set of sets", match.setNames.contains { !(policySet.sets[$0]?.sets.isEmpty ?? true) })
            note("any", match.positives.contains(.any))
            for case .prefix(let prefix) in match.positives {
                note("IP\(prefix.family)", true)
                note("/0", prefix.length == 0)
                note("host", prefix.length == prefix.family.bitWidth)
            }
        }
        return found
    }

    private static let all: Set = [
        "action allow", "action deny", "action reject", "action pass", "log none", "log new", "log all", "tier safety", "tier admin",
        "tier application", "tier baseline", "policy enforce", "policy audit", "audited rule", "enforced rule of audit policy", "expired",
        "expires at the time itself", "expires later", "established keep", "list of protocols", "protocol 47", "protocol 50",
        "protocol 132", "protocol without a name", "protocol icmp", "protocol icmpv4", "protocol icmpv6", "icmp type by name",
        "icmp type/code by number", "icmp type by number", "ports", "source ports", "port 0", "port 65535", "every port", "equal ports",
        "adjacent ports", "nested ports", "rule's interfaces, globs", "rule's interfaces, negated", "policy's interfaces", "local",
        "negation", "set", "negated set", "set of sets", "any", "IPv4", "IPv6", "/0", "host",
    ]

    @Test func `generated policies use every construct and generated packets meet every outcome`() {
        var generator = PolicyGenerator(seed: 1)
        var outcomes: [String: Int] = [:]
        var seen: Set<String> = []
        for _ in 0..<400 {
            let policySet = generator.policySet()
            for (policy, rule) in policySet.rules(.ingress) + policySet.rules(.egress) {
                seen.formUnion(Self.constructs(policy, rule, policySet))
            }
            let evaluator = ReferenceEvaluator(policySet)
            for _ in 0..<20 {
                let packet = generator.packet(for: policySet)
                #expect(packet.source.family == packet.destination.family)
                let verdict = evaluator.verdict(for: packet, at: PolicyGenerator.time)
                outcomes[verdict.rule == nil ? "default" : verdict.action.rawValue, default: 0] += 1
                outcomes["audited", default: 0] += verdict.audited.count
            }
        }
        #expect(seen == Self.all, "missing \(Self.all.subtracting(seen)), not listed \(seen.subtracting(Self.all))")
        for (outcome, count) in ["allow": 500, "deny": 400, "reject": 400, "default": 500, "audited": 400] {
            #expect(outcomes[outcome, default: 0] > count, "\(outcome): \(outcomes)")
        }
    }

    @Test func `generated sets hold equal, adjacent and nested prefixes and others without entries`() {
        var generator = PolicyGenerator(seed: 5)
        var seen: Set<String> = []
        for _ in 0..<200 {
            for set in generator.policySet().sets.values {
                if set.count == 0 { seen.insert("empty") }
                for (index, one) in set.entries.enumerated() {
                    for other in set.entries[(index + 1)...] where one.family == other.family {
                        if one == other { seen.insert("equal") } else if one.contains(other) { seen.insert("nested") }
                        if one.upper.value != .max, one.upper.value + 1 == other.lower.value { seen.insert("adjacent") }
                    }
                }
            }
        }
        #expect(seen == ["empty", "equal", "nested", "adjacent"])
    }

    @Test func `generated packets lie on both sides of each edge of what a rule names`() throws {
        let ports = PortRange(1000...2000)
        let prefix = try #require(CIDR("192.0.2.0/24"))
        let icmp = ICMPMatch("3/4", v4: .init(type: 3, code: 4), v6: nil)
        let policySet = try PolicySet(policies: [
            HostPolicy(
                name: "p",
                ingress: [
                    Rule(name: "a", action: .deny, protocols: [.tcp], ports: [ports], remote: AddressMatch([.prefix(prefix)])),
                    Rule(name: "b", action: .deny, protocols: [.icmpv4], icmp: [icmp], remote: AddressMatch([.prefix(prefix)])),
                ])
        ])
        var generator = PolicyGenerator(seed: 9)
        let packets = (0..<4000).map { _ in generator.packet(for: policySet) }.filter { $0.direction == .ingress }
        let seenPorts = Set(packets.filter(\.hasPorts).map(\.destinationPort))
        #expect(seenPorts.isSuperset(of: [0, 999, 1000, 2000, 2001, 65535]))
        let sources = Set(packets.map(\.source.description))
        #expect(sources.isSuperset(of: ["192.0.1.255", "192.0.2.0", "192.0.2.255", "192.0.3.0"]))
        let messages = Set(packets.filter { $0.protocol == 1 }.map { [$0.icmpType, $0.icmpCode] })
        #expect(messages.isSuperset(of: [[3, 4], [3, 5], [2, 4]]))
    }

    @Test func `shrinking takes away what does not matter of every construct`() throws {
        let sets = [AddressSet(name: "outer", sets: ["inner"]), AddressSet(name: "inner", addresses: [.all(.v4), .all(.v6)])]
        let rule = Rule(
            name: "r", action: .reject, protocols: [.tcp, .udp], ports: [PortRange(1), PortRange(2)], sourcePorts: [.all],
            remote: AddressMatch([.set("outer")], except: [.set("inner")]), local: AddressMatch([.prefix(.all(.v6))]),
            interfaces: InterfaceSelector(["eth*"]), mode: .audit, expires: PolicyGenerator.time, established: .keep)
        let policySet = try PolicySet(policies: [HostPolicy(name: "p", mode: .audit, ingress: [rule])], sets: sets)
        let small = PolicyShrinker.minimize(policySet) { $0.ruleCount == 1 }
        #expect(small.rules(.ingress).map(\.rule) == [Rule(name: "r", action: .deny)] && small.sets.isEmpty)
        let nested = PolicyShrinker.minimize(policySet) { set in
            set.rules(.ingress).contains { $0.rule.remote.positives.contains(.set("outer")) && set.contains(set: "outer", .init(v4: 0)) }
        }
        #expect(nested.entries(of: "outer") == [.all(.v4)] && nested.sets.count == 2)
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
