import PolicyModel
import Testing

@Suite struct PolicySetTests {
    private func errors(_ texts: String..., path: String = "p.yaml") -> [String] {
        let loaded = DocumentLoader.load(text: texts.joined(separator: "---\n"), path: path)
        do throws(Diagnostics) {
            _ = try loaded.policySet()
            return []
        } catch {
            return error.all.map(\.summary)
        }
    }

    @Test func `policies are evaluated by tier, then by priority`() throws {
        let policies = [
            HostPolicy(name: "d", tier: .baseline, priority: 1), HostPolicy(name: "b", tier: .application, priority: 7),
            HostPolicy(name: "a", tier: .safety, priority: 900), HostPolicy(name: "c", tier: .application, priority: 8),
        ]
        #expect(try PolicySet(policies: policies).policies.map(\.name) == ["a", "b", "c", "d"])
    }

    @Test func `equal priority in one tier is an error that names both`() {
        let deny = "egress: [{ action: deny }]"
        #expect(
            errors(policyText(deny, name: "a"), policyText(deny, name: "b")) == [
                "p.yaml:9:19: error: priority: 100 in tier application is also that of policy 'a' (p.yaml:3:19); which comes first has to be said"
            ])
        #expect(errors(policyText(deny, name: "a"), policyText("tier: admin\n" + deny, name: "b")).isEmpty)
    }

    @Test func `two documents of one name are an error, of two kinds they are not`() {
        let set = "apiVersion: policyd/v1\nkind: AddressSet\nmetadata: { name: a }\nspec: { addresses: [192.0.2.1] }\n"
        #expect(errors(policyText("egress: [{ action: deny }]", name: "a"), set).isEmpty)
        #expect(errors(set, set) == ["p.yaml:8:19: error: name: there is another AddressSet 'a' (p.yaml:3:19)"])
    }

    @Test func `a set that is not there is told at each place that uses it`() {
        let found = errors(policyText("ingress:\n  - { action: deny, from: \"set:x\" }\n  - { action: deny, local: [\"!set:y\"] }"))
        #expect(found == ["p.yaml:6:29: error: from: there is no set 'x'", "p.yaml:7:31: error: local: there is no set 'y'"])
    }

    @Test func `what is in force counts when documents are added to it`() throws {
        let set = "apiVersion: policyd/v1\nkind: AddressSet\nmetadata: { name: x }\nspec: { addresses: [192.0.2.1] }\n"
        let user = DocumentLoader.load(text: policyText("ingress: [{ action: deny, from: \"set:x\" }]"))
        #expect(throws: Diagnostics.self) { try user.policySet() }
        var inForce = DocumentCollection(DocumentLoader.load(text: set).documents)
        #expect(try user.policySet(over: inForce).ruleCount == 1)
        inForce.apply(user.documents)
        #expect(inForce.documents.map(\.identity) == ["AddressSet/x", "HostPolicy/web"])
        inForce.apply(DocumentLoader.load(text: policyText("ingress: [{ action: allow }, { action: deny }]")).documents)
        #expect(try inForce.policySet().ruleCount == 2)
        #expect(inForce.remove(.hostPolicy, "web") && !inForce.remove(.hostPolicy, "web"))
        #expect(inForce[.addressSet, "x"] != nil && inForce[.hostPolicy, "web"] == nil)
        #expect(DocumentLoader.load(bundles: inForce.bundles).documents.map(\.identity) == ["AddressSet/x"])
    }

    @Test func `entries of run time are in the set, and only in a set that is there`() throws {
        let sets = [AddressSet(name: "abusers")]
        let policy = HostPolicy(
            name: "p", ingress: [Rule(name: "r", action: .deny, remote: AddressMatch([.set("abusers")]))])
        var policySet = try PolicySet(policies: [policy], sets: sets)
        let address = try #require(IPAddress("192.0.2.1"))
        let packet = Packet(direction: .ingress, interface: "eth0", protocol: 6, source: address, destination: address)
        #expect(ReferenceEvaluator(policySet).verdict(for: packet).action == .allow)
        try policySet.setRuntimeEntries([CIDR(address)], of: "abusers")
        #expect(ReferenceEvaluator(policySet).verdict(for: packet).action == .deny)
        let error = #expect(throws: Diagnostics.self) { try policySet.setRuntimeEntries([], of: "abuser") }
        #expect(error?.all.map(\.summary) == ["error: there is no set 'abuser'; did you mean 'abusers'?"])
    }

    @Test func `policies made without documents are checked as well`() {
        let rule = Rule(name: "r", action: .deny, remote: AddressMatch([.set("none")]))
        #expect(throws: Diagnostics.self) { try PolicySet(policies: [HostPolicy(name: "p", ingress: [rule])]) }
        #expect(throws: Diagnostics.self) { try PolicySet(policies: [HostPolicy(name: "a"), HostPolicy(name: "b")]) }
        let twice = [Rule(name: "r", action: .deny), Rule(name: "r", action: .allow)]
        #expect(throws: Diagnostics.self) { try PolicySet(policies: [HostPolicy(name: "p", ingress: twice)]) }
    }
}

@Suite struct WarningTests {
    private func warnings(_ text: String) -> [String] {
        let loaded = DocumentLoader.load(text: text, path: "p.yaml")
        return (loaded.diagnostics + loaded.warnings()).map(\.summary)
    }

    @Test func `a policy that allows and never denies is told`() {
        #expect(
            warnings(policyText("ingress: [{ action: allow, ports: 80 }]")) == [
                "p.yaml:3:19: warning: policy 'web' has no final ingress rule, nor has a policy behind it: what its rules do not match is allowed"
            ])
        #expect(warnings(policyText("ingress: [{ action: deny, ports: 80 }]")).isEmpty)
        #expect(warnings(policyText("tier: safety\ningress: [{ action: allow, ports: 80 }]")).isEmpty)
        #expect(warnings(policyText("ingress: [{ action: allow, ports: 80 }, { action: deny }]")).isEmpty)
        let last = policyText("tier: baseline\ningress: [{ action: deny }]", name: "last")
        #expect(warnings(policyText("ingress: [{ action: allow, ports: 80 }]") + "---\n" + last).isEmpty)
    }

    @Test func `sets that are empty or not used are told`() {
        let set = "apiVersion: policyd/v1\nkind: AddressSet\nmetadata: { name: x }\nspec: { addresses: [] }\n"
        #expect(warnings(set) == ["p.yaml:3:19: warning: set 'x' is used by no rule", "p.yaml:3:19: warning: set 'x' has no entries"])
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
        ("action: allow, sourcePorts: 1024-65535", "action: deny, ports: 22", false),
    ])
    func `a rule is told to be shadowed only if it is`(first: String, second: String, isShadowed: Bool) {
        let found = warnings(policyText("ingress:\n  - { \(first) }\n  - { \(second) }\n  - { action: deny, name: end }"))
        let told = found.contains {
            $0 == "p.yaml:7:7: warning: rule 'ingress-2' never matches: rule 'ingress-1' on line 6 matches all that it does"
        }
        #expect(told == isShadowed, "\(found)")
    }
}
