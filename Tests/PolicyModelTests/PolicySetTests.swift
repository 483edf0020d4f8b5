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

    private func set(_ name: String, _ addresses: String) -> String {
        "apiVersion: policyd/v1\nkind: AddressSet\nmetadata: { name: \(name) }\nspec: { addresses: [\(addresses)] }\n"
    }

    @Test func `a set that contains itself is told with the way round, once`() {
        #expect(errors(set("a", "\"set:a\"")) == ["p.yaml:4:21: error: addresses: set 'a' contains itself: a, a"])
        #expect(
            errors(set("x", "\"set:a\""), set("a", "192.0.2.1, \"set:b\""), set("b", "\"set:a\", \"set:c\""), set("c", "")) == [
                "p.yaml:9:32: error: addresses: set 'a' contains itself: a, b, a"
            ])
        #expect(errors(set("a", "\"set:b\", \"set:c\""), set("b", "\"set:c\""), set("c", "192.0.2.1")).isEmpty)
        #expect(
            errors(set("office", ""), set("a", "\"set:ofice\"")) == [
                "p.yaml:9:21: error: addresses: there is no set 'ofice'; did you mean 'set:office'?"
            ])
    }

    @Test func `a chain of sets can be long, and a long way round is told by its ends`() throws {
        let count = 20_000
        let chain = (0..<count).map { AddressSet(name: "s\($0)", addresses: [CIDR(IPAddress(v4: UInt32($0)))], sets: ["s\($0 + 1)"]) }
        let policySet = try PolicySet(policies: [], sets: chain + [AddressSet(name: "s\(count)")])
        #expect(policySet.entries(of: "s0").count == count)
        #expect(policySet.contains(set: "s0", IPAddress(v4: UInt32(count - 1))))
        let last = AddressSet(name: "s\(count)", sets: ["s0"])
        let error = #expect(throws: Diagnostics.self) { try PolicySet(policies: [], sets: chain + [last]) }
        #expect(
            error?.all.map(\.summary) == [
                "error: addresses: set 's0' contains itself: s0, s1, s2, s3, s4, s5, …, s19997, s19998, s19999, s20000, s0"
            ])
    }

    @Test func `the entries of a set are its own and those of the sets in it, each set once`() throws {
        let texts = [
            set("all", "192.0.2.1, \"set:left\", \"set:right\""), set("left", "192.0.2.2, \"set:deep\""),
            set("right", "\"set:deep\", 192.0.2.3"), set("deep", "\"2001:db8::/32\""),
        ]
        var policySet = try DocumentLoader.load(text: texts.joined(separator: "---\n")).policySet()
        #expect(
            policySet.entries(of: "all").map(\.description).sorted() == ["192.0.2.1", "192.0.2.2", "192.0.2.3", "2001:db8::/32"])
        #expect(policySet.members(of: "all").map(\.name) == ["all", "left", "deep", "right"])
        let address = try #require(IPAddress("192.0.2.9"))
        #expect(!policySet.contains(set: "all", address) && !policySet.contains(set: "none", address))
        try policySet.setRuntimeEntries([CIDR(address)], of: "deep")
        #expect(policySet.contains(set: "all", address) && policySet.contains(set: "left", address))
        #expect(policySet.entries(of: "none").isEmpty)
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
        let outer = "---\napiVersion: policyd/v1\nkind: AddressSet\nmetadata: { name: y }\nspec: { addresses: [\"set:x\"] }\n"
        #expect(
            warnings(set + outer) == [
                "p.yaml:3:19: warning: set 'x' is used by no rule: it is in 'y', which no rule uses either",
                "p.yaml:3:19: warning: set 'x' has no entries", "p.yaml:8:19: warning: set 'y' is used by no rule",
                "p.yaml:8:19: warning: set 'y' has no entries",
            ])
        let rule = "---\n" + policyText("ingress: [{ action: deny, from: \"set:y\" }]")
        #expect(warnings(set.replacing("[]", with: "[192.0.2.1]") + outer + rule).isEmpty)
    }

    @Test func `a rule that has expired is told`() {
        let text = policyText("ingress: [{ name: old, action: deny, ports: 22, expires: 2026-01-01T12:00:00+02:00 }]")
        let loaded = DocumentLoader.load(text: text, path: "p.yaml")
        #expect(loaded.warnings(at: Instant(seconds: 1_767_261_599)).isEmpty)
        #expect(
            loaded.warnings(at: Instant(seconds: 1_767_261_600)).map(\.summary) == [
                "p.yaml:5:13: warning: rule 'old' expired at 2026-01-01T10:00:00Z and matches nothing"
            ])
    }

    @Test(arguments: [
        ("{ name: r, action: deny, from: 0.0.0.0/0 }", "denies IPv4 only, and nothing does so for IPv6"),
        ("{ name: r, action: reject, from: \"::/0\" }", "rejects IPv6 only, and nothing does so for IPv4"),
        ("{ name: r, action: deny, local: [0.0.0.0/1, 128.0.0.0/2, 192.0.0.0/2] }", "denies IPv4 only, and nothing does so for IPv6"),
        ("{ name: r, action: deny, from: [0.0.0.0/0, \"!10.0.0.0/8\"] }", "denies IPv4 only, and nothing does so for IPv6"),
        ("{ name: r, action: deny, protocol: tcp, ports: 22, from: 0.0.0.0/0 }", "denies IPv4 only, and nothing does so for IPv6"),
        ("{ name: r, action: deny, from: 0.0.0.0/0 }, { action: allow, from: \"2001:db8::/32\" }", "denies IPv4 only"),
        ("{ name: r, action: deny, from: 0.0.0.0/0 }, { action: deny, from: \"::/0\", mode: audit }", "denies IPv4 only"),
        ("{ action: deny, from: 0.0.0.0/0 }, { action: reject, from: \"::/0\" }", nil),
        ("{ action: deny, from: [0.0.0.0/0, \"::/0\"] }", nil), ("{ action: deny, from: any }", nil),
        ("{ action: deny, from: [0.0.0.0/1, 128.0.0.0/2] }", nil), ("{ action: deny, from: 192.0.2.0/24 }", nil),
        ("{ action: deny, from: 0.0.0.0/0 }, { action: deny }", nil),
        ("{ action: deny, from: 0.0.0.0/0 }, { action: allow, from: \"::/0\" }", nil),
        ("{ action: deny, protocol: icmpv4, from: 0.0.0.0/0 }", nil), ("{ action: deny, icmp: redirect, from: \"::/0\" }", "IPv6 only"),
        ("{ action: deny, icmp: packet-too-big, from: \"::/0\" }", nil),
        ("{ action: allow, ports: 22, from: 0.0.0.0/0 }, { action: deny }", nil),
        ("{ action: deny, ports: 22, from: 0.0.0.0/0 }, { action: deny, ports: 22, from: \"::/0\" }", nil),
        ("{ action: deny, from: 0.0.0.0/0, mode: audit }", nil),
    ])
    func `a family that was forgotten is told`(rules: String, expected: String?) throws {
        let found = warnings(policyText("ingress: [\(rules)]"))
        guard let expected else { return #expect(found.isEmpty, "\(found)") }
        #expect(found.count == 1 && found[0].contains(expected), "\(found)")
    }

    @Test func `a family that a policy behind closes is not forgotten`() {
        let last = policyText("tier: baseline\ningress: [{ action: deny, from: \"::/0\" }]", name: "last")
        let first = policyText("ingress: [{ action: allow, ports: 22 }, { action: deny, from: 0.0.0.0/0 }]")
        #expect(warnings(first + "---\n" + last).filter { $0.contains("'web'") || $0.contains("web") }.isEmpty)
    }

    @Test func `an allow of everything above denies is told`() {
        let two = "{ name: all, action: allow }, { name: ssh, action: deny, ports: 22 }, { name: rest, action: reject }"
        let found = warnings(policyText("ingress: [\(two)]"))
        #expect(
            found.first
                == "p.yaml:5:13: warning: rule 'all' allows everything: rule 'ssh' and another one, which would close something, come too late"
        )
        let last = policyText("tier: baseline\ningress: [{ name: rest, action: deny }]", name: "last")
        let open = policyText("ingress: [{ name: all, action: allow }]")
        #expect(
            warnings(open + "---\n" + last) == [
                "p.yaml:5:13: warning: rule 'all' allows everything: rule 'rest' of policy 'last', which would close something, comes too late"
            ])
        let later = "action: allow, expires: 2105-01-01T00:00:00Z"
        for harmless in ["action: pass", "action: allow, mode: audit", later, "action: allow, ports: 22"] {
            let text = policyText("ingress: [{ name: all, \(harmless) }]") + "---\n" + last
            #expect(!warnings(text).contains { $0.contains("allows everything") }, "\(harmless)")
        }
        #expect(warnings(policyText("interfaces: wg0\ningress: [{ action: allow }]") + "---\n" + last).isEmpty)
    }
}
