import PolicyModel
import Testing

@Suite struct DocumentTests {
    @Test func `every field of a policy is read`() throws {
        let policy = try policy(
            """
            apiVersion: policyd/v1
            kind: HostPolicy
            metadata: { name: web, labels: { owner: edge-team } }
            spec:
              tier: admin
              priority: 7
              interfaces: ["eth0", "wg*", "!wg9"]
              mode: audit
              ingress:
                - { name: https, action: allow, protocol: tcp, ports: [443, 8000-8100, "53"], from: [any, "!198.51.100.0/24"], log: all }
                - action: deny
                  protocol: [udp, 47]
                  local: 192.0.2.1
                  interfaces: eth0
                - { action: pass, protocol: sctp, sourcePorts: 1024-65535 }
              egress:
                - { name: dns, action: allow, protocol: [udp, tcp], ports: [53], to: [192.0.2.53, "2001:db8::53"] }
            """)
        #expect(policy.name == "web" && policy.labels == ["owner": "edge-team"])
        #expect(policy.tier == .admin && policy.priority == 7 && policy.mode == .audit)
        #expect(policy.interfaces == InterfaceSelector(["eth0", "wg*"], except: ["wg9"]))
        let https = policy.ingress[0]
        #expect(https.name == "https" && https.action == .allow && https.protocols == [.tcp] && https.log == .all)
        #expect(https.ports == [PortRange(443), PortRange(8000...8100), PortRange(53)])
        #expect(https.remote == AddressMatch([.any], except: [.prefix(try CIDR.parse("198.51.100.0/24"))]))
        #expect(https.location == SourceLocation(file: "web.yaml", line: 10, column: 7))
        let second = policy.ingress[1]
        #expect(second.name == "ingress-2" && second.action == .deny && second.log == .new && second.protocols == [.udp, .number(47)])
        #expect(second.local == AddressMatch([.prefix(try CIDR.parse("192.0.2.1"))]) && second.interfaces == InterfaceSelector(["eth0"]))
        #expect(second.location.line == 11)
        #expect(policy.ingress[2].sourcePorts == [PortRange(1024...65535)] && policy.ingress[2].log == .none)
        #expect(policy.egress[0].remote.positives.count == 2)
    }

    @Test func `what a policy leaves out has its default`() throws {
        let policy = try policy(policyText("egress:\n  - action: allow"))
        #expect(policy.tier == .application && policy.priority == 100 && policy.mode == .enforce && policy.interfaces == nil)
        #expect(policy.egress[0].name == "egress-1" && policy.egress[0].matchesEverything && policy.ingress.isEmpty)
    }

    @Test func `a file holds several documents, each with its own text and lines`() throws {
        let text = "# about web\n\(ruleText("name: a, action: deny"))---\n\(policyText("egress: [{ action: deny }]", name: "other"))...\n"
        let loaded = DocumentLoader.load(text: text, path: "two.yaml")
        #expect(loaded.diagnostics.isEmpty)
        #expect(loaded.documents.map(\.identity) == ["HostPolicy/web", "HostPolicy/other"])
        #expect(loaded.documents[1].source.text.hasPrefix("---\napiVersion"))
        #expect(loaded.documents.map(\.source.text).joined() == text)
        // Read again by itself, a document is still where it was.
        let again = DocumentLoader.load(bundles: [loaded.documents[1].bundle])
        guard case .policy(let policy) = try #require(again.documents.first).value else { throw NotAPolicy() }
        #expect(policy.egress[0].location == SourceLocation(file: "two.yaml", line: 13, column: 12))
    }

    @Test func `anchors and aliases stand for what they name`() throws {
        let policy = try policy(
            policyText(
                "ingress:\n  - { name: a, action: allow, from: &admins [192.0.2.0/24] }\n  - { name: b, action: deny, from: *admins }"))
        #expect(policy.ingress[0].remote == policy.ingress[1].remote && !policy.ingress[1].remote.isAny)
    }

    @Test func `windows line ends and a byte order mark change nothing`() throws {
        let text = "\u{FEFF}" + ruleText("name: x, action: deny, ports: [70000]").replacing("\n", with: "\r\n")
        let loaded = DocumentLoader.load(text: text, path: "web.yaml")
        #expect(loaded.diagnostics.map(\.summary) == ["web.yaml:6:40: error: ports: 70000 is not a port (0-65535)"])
        #expect(loaded.diagnostics[0].sourceLine?.hasSuffix("}") == true)
    }

    @Test func `a set has the entries of its document`() throws {
        let text = """
            apiVersion: policyd/v1
            kind: AddressSet
            metadata: { name: abusers }
            spec: { addresses: [198.51.100.0/24, "2001:db8::/32", 192.0.2.7] }
            """
        let document = try #require(DocumentLoader.load(text: text).documents.first)
        guard case .set(let set) = document.value else { throw NotAPolicy() }
        #expect(document.identity == "AddressSet/abusers")
        #expect(set.entries.map(\.description) == ["198.51.100.0/24", "2001:db8::/32", "192.0.2.7"])
    }
}
