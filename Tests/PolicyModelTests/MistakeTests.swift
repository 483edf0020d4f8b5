import PolicyModel
import Testing

@Suite struct MistakeTests {
    @Test func `five mistakes give five messages with line and column at once`() throws {
        let text = """
            apiVersion: policyd/v1
            kind: HostPolicy
            metadata: { name: web }
            spec:
              tier: aplication
              ingress:
                - name: https
                  action: allow
                  protocol: tcp
                  ports: [443, 70000]
                - name: ssh
                  action: alow
                  form: 192.0.2.0/24
                - { name: dns, action: allow, from: [10.0.0.1/8, "set:abuser"] }
            ---
            apiVersion: policyd/v1
            kind: AddressSet
            metadata: { name: abusers }
            spec: { addresses: [] }
            """
        let loaded = DocumentLoader.load(text: text, path: "web.yaml")
        let error = #expect(throws: Diagnostics.self) { try loaded.policySet() }
        #expect(
            error?.all.map(\.summary) == [
                "web.yaml:5:9: error: tier: 'aplication' is not one of safety, admin, application or baseline; did you mean 'application'?",
                "web.yaml:10:20: error: ports: 70000 is not a port (0-65535)",
                "web.yaml:12:15: error: action: 'alow' is not one of allow, deny, reject or pass; did you mean 'allow'?",
                "web.yaml:13:7: error: rule: unknown key 'form'; did you mean 'from'?",
                "web.yaml:14:42: error: from: '10.0.0.1/8' has bits set behind its length; did you mean '10.0.0.0/8'?",
                "web.yaml:14:54: error: from: there is no set 'abuser'; did you mean 'set:abusers'?",
            ])
        #expect(loaded.documents.isEmpty)
        #expect(
            error?.all[1].description == """
                web.yaml:10:20: error: ports: 70000 is not a port (0-65535)
                      ports: [443, 70000]
                                   ^
                """)
    }

    @Test(arguments: [
        ("ports: [-1]", "6:17: error: ports: -1 is not a port (0-65535)"),
        ("ports: [http]", "6:17: error: ports: 'http' is not a port (0-65535)"),
        ("ports: [0443]", "6:17: error: ports: '0443' is not a port (0-65535)"),
        ("ports: [1-2-3]", "6:17: error: ports: '2-3' is not a port (0-65535)"),
        ("ports: [20-10]", "6:17: error: ports: the range '20-10' ends before it begins; did you mean '10-20'?"),
        ("ports: [1e3]", "6:17: error: ports: '1e3' is not a port (0-65535)"),
        ("ports: []", "6:16: error: ports: the list is empty; leave the key out if everything is meant"),
        ("ports: {}", "6:16: error: ports: expected a list, found a mapping"),
        ("ports: [[80]]", "6:17: error: ports: expected a single value, found a list"),
        ("ports: ", "6:9: error: ports: has no value; leave the key out if none is meant"),
        ("protocol: tpc", "6:19: error: protocol: 'tpc' is not the name or number of a protocol; did you mean 'tcp'?"),
        ("protocol: 256", "6:19: error: protocol: 256 is not a protocol number (0-255)"),
        (
            "protocol: any",
            "6:19: error: protocol: 'any' is not the name or number of a protocol (leave the key out to match every protocol)"
        ),
        (
            "protocol: [tcp, gre], ports: 5",
            "6:25: error: protocol: 'gre' has no ports, and the rule has 'ports'; only tcp, udp and sctp have"
        ),
        (
            "protocol: tcp, icmp: echo-request",
            "6:19: error: protocol: 'tcp' has no ICMP types, and the rule has 'icmp'; icmp, icmpv4 and icmpv6 have"
        ),
        ("icmp: echo-request, ports: 5", "6:9: error: icmp: the rule has 'ports' as well, and no packet has both"),
        ("icmp: 8", "6:15: error: icmp: type numbers differ by family: 8 needs protocol icmpv4 or icmpv6, or a name"),
        ("icmp: echo-requst", "6:15: error: icmp: 'echo-requst' is not the name of an ICMP message; did you mean 'echo-request'?"),
        ("protocol: icmpv4, icmp: packet-too-big", "6:33: error: icmp: 'packet-too-big' is a message of ICMPv6 on IPv6 only"),
        ("protocol: icmpv4, icmp: 256", "6:33: error: icmp: 256 is not an ICMP type (0-255)"),
        ("protocol: icmpv4, icmp: 3/x", "6:33: error: icmp: 'x' is not the name of a code of this ICMP message"),
        (
            "icmp: destination-unreachable/4",
            "6:15: error: icmp: code numbers differ by family: 'destination-unreachable/4' needs protocol icmpv4 or icmpv6, or a name"
        ),
        ("from: example.org", "6:15: error: from: 'example.org' is not an address or prefix, 'any' or 'set:NAME'"),
        ("from: 10.0.0.1-10.0.0.9", "6:15: error: from: '10.0.0.1-10.0.0.9': ranges of addresses are not supported; write prefixes"),
        ("from: 10.0.0.0/33", "6:15: error: from: '10.0.0.0/33': the length of the prefix is not a number from 0 to 32"),
        ("from: \"!any\"", "6:15: error: from: '!any' would match nothing"),
        ("to: any", "6:9: error: to: an ingress rule has 'from' for the other side and 'local' for the host's own"),
        ("expires: '2026-13-01'", "6:18: error: expires: '2026-13-01' is not an RFC 3339 time such as 2026-12-31T18:00:00Z"),
        (
            "expires: 2027-02-29T00:00:00Z",
            "6:18: error: expires: '2027-02-29T00:00:00Z' is not an RFC 3339 time such as 2026-12-31T18:00:00Z"
        ),
        (
            "expires: 2027-01-01T00:00:00",
            "6:18: error: expires: '2027-01-01T00:00:00' is not an RFC 3339 time such as 2026-12-31T18:00:00Z"
        ),
        ("expires: 1798761600", "6:18: error: expires: 1798761600 is not an RFC 3339 time such as 2026-12-31T18:00:00Z"),
        (
            "expires: 9999-12-31T00:00:00Z",
            "6:18: error: expires: '9999-12-31T00:00:00Z' is not in the years 1970 to 2105; leave the key out if it is never"
        ),
        ("established: keep", "6:22: error: established: 'keep' is for deny and reject; 'allow' cuts no connection"),
        ("established: kept", "6:22: error: established: 'kept' is not one of judge or keep"),
        ("mode: off", "6:15: error: mode: 'off' is not one of enforce or audit"),
        ("interfaces: [eth/0]", "6:22: error: interfaces: 'eth/0' holds a character that no interface's name has"),
        (
            "interfaces: [averyveryverylongname]",
            "6:22: error: interfaces: 'averyveryverylongname' is longer than an interface's name can be (15)"
        ),
        ("log: yes", "6:14: error: log: 'yes' is not one of none, new or all"),
        ("name: a b", "6:15: error: name: 'a b' is not a name: letters, digits, '.', '_' and '-', the first a letter or digit, at most 63"),
        ("name: x, name: y", "6:18: error: rule: 'name' stands here twice, first on line 6"),
        ("<<: {}", "6:9: error: rule: merge keys (<<) are not supported; an alias can stand for a whole value"),
        (
            "zzzzz: 1",
            "6:9: error: rule: unknown key 'zzzzz'; known are name, action, protocol, ports, sourcePorts, icmp, from, local, interfaces, "
                + "log, mode, expires and established"
        ),
    ])
    func `a mistake in a rule is named where it stands`(field: String, expected: String) {
        let found = messages(policyText("ingress:\n  - { \(field), action: allow }"))
        #expect(found == ["web.yaml:" + expected])
    }

    @Test func `a rule without an action is told`() {
        #expect(messages(ruleText("name: x")) == ["web.yaml:6:7: error: rule: 'action' is missing: allow, deny, reject or pass"])
    }

    @Test func `two rules of one name are told, with the line of the first`() {
        let found = messages(policyText("ingress:\n  - { name: a, action: deny }\n  - { name: a, action: deny }"))
        #expect(found == ["web.yaml:7:15: error: name: 'a' is the name of an earlier ingress rule, on line 6"])
        #expect(messages(policyText("ingress: [{ name: a, action: deny }]\negress: [{ name: a, action: deny }]")).isEmpty)
    }

    @Test(arguments: [
        ("", ["p.yaml: error: holds no document"]),
        ("# only a comment\n", ["p.yaml: error: holds no document"]),
        ("---\n---\n", ["p.yaml: error: holds no document"]),
        ("hello", ["p.yaml:1:1: error: document: expected a mapping of apiVersion, kind, metadata and spec, found a single value"]),
        (
            "{}",
            [
                "p.yaml:1:1: error: document: 'apiVersion' is missing", "p.yaml:1:1: error: document: 'kind' is missing",
                "p.yaml:1:1: error: document: 'metadata' is missing", "p.yaml:1:1: error: document: 'spec' is missing",
            ]
        ),
        (
            "apiVersion: v2\nkind: Probe\nmetadata: { name: x }\nspec: {}",
            [
                "p.yaml:1:13: error: apiVersion: 'v2' is not known; this version reads 'policyd/v1'",
                "p.yaml:4:7: error: spec: 'object' is missing",
            ]
        ),
        (
            "apiVersion: policyd/v1\nkind: hostpolicy\nmetadata: { name: x }\nspec: {}",
            [
                "p.yaml:2:7: error: kind: 'hostpolicy' is not one of HostPolicy, AddressSet or Probe; did you mean 'HostPolicy'?"
            ]
        ),
        (
            "apiVersion: policyd/v1\nkind: HostPolicy\nmetadata: { name: x, labels: [a] }\nspec: {}",
            [
                "p.yaml:3:30: error: labels: expected a mapping of words to values, found a list",
                "p.yaml:4:7: error: spec: a HostPolicy needs rules: 'ingress', 'egress' or both",
            ]
        ),
        (
            "apiVersion: policyd/v1\nkind: AddressSet\nmetadata: { name: x }\nspec: { addresses: [\"!set:y\", 1.2.3] }",
            [
                "p.yaml:4:21: error: addresses: '!set:y': nothing can be taken away from a set; write it where a rule uses the set",
                "p.yaml:4:31: error: addresses: '1.2.3' is not an address or prefix or 'set:NAME'",
            ]
        ),
    ])
    func `a document that is none is refused in words`(text: String, expected: [String]) {
        #expect(messages(text, path: "p.yaml") == expected)
    }
}
