import PolicyImport
import PolicyModel
import Testing

@Suite struct KubernetesTests {
    static let policies = """
        apiVersion: networking.k8s.io/v1
        kind: NetworkPolicy
        metadata: { name: web, namespace: shop }
        spec:
          podSelector: {}
          policyTypes: [Ingress, Egress]
          ingress:
            - from:
                - ipBlock: { cidr: 192.0.2.0/24, except: [192.0.2.64/26, 192.0.2.7/32] }
                - ipBlock: { cidr: "2001:db8::/32" }
                - podSelector: { matchLabels: { role: frontend } }
              ports:
                - { protocol: TCP, port: 8000, endPort: 8100 }
                - { port: 443 }
                - { protocol: UDP, port: 443 }
                - { port: metrics }
          egress:
            - to: [{ ipBlock: { cidr: 0.0.0.0/0 } }]
              ports: [{ protocol: SCTP }]
        ---
        apiVersion: networking.k8s.io/v1
        kind: NetworkPolicy
        metadata: { name: monitoring, namespace: shop }
        spec:
          podSelector:
          ingress:
            - from: [{ ipBlock: { cidr: 198.51.100.9/32 } }]
            - from: [{ namespaceSelector: { matchLabels: { team: ops } } }]
        ---
        apiVersion: networking.k8s.io/v1
        kind: NetworkPolicy
        metadata: { name: database, namespace: shop }
        spec:
          podSelector: { matchLabels: { role: db } }
          ingress: [{}]
        """

    @Test func `policies are added up, and what they do not allow is denied`() throws {
        let result = try imported(.kubernetes, ["p.yaml": Self.policies])
        #expect(result.missingLines == [11, 16, 28, 34], "\(result.missing)")
        #expect(result.missing[3].contains("NetworkPolicy database: selects some pods by label"))
        try check(
            result,
            """
            in e tcp 192.0.2.9 10.0.0.1 8100 allow
            in e tcp 192.0.2.9 10.0.0.1 8101 deny
            in e tcp 192.0.2.7 10.0.0.1 443 deny
            in e tcp 192.0.2.65 10.0.0.1 443 deny
            in e udp 192.0.2.9 10.0.0.1 443 allow
            in e udp 192.0.2.9 10.0.0.1 8000 deny
            in e tcp 2001:db8::9 2001:db8::1 443 allow
            in e gre 198.51.100.9 10.0.0.1 - allow
            in e gre 198.51.100.10 10.0.0.1 - deny
            out e sctp 10.0.0.1 192.0.2.9 5 allow
            out e sctp 2001:db8::1 2001:db8::9 5 deny
            out e tcp 10.0.0.1 192.0.2.9 5 deny
            """)
    }

    @Test func `a policy without egress leaves egress open`() throws {
        let text = "kind: NetworkPolicy\nmetadata: { name: a }\nspec: { podSelector: {} }\n"
        try check(
            try imported(.kubernetes, ["p": text]), "in e tcp 192.0.2.9 10.0.0.1 1 deny\nout e tcp 10.0.0.1 192.0.2.9 1 allow")
        try check(
            try imported(.kubernetes, ["p": text.replacing("{} }", with: "{}, ingress: [{}] }")]), "in e tcp 192.0.2.9 10.0.0.1 1 allow")
    }

    @Test func `other kinds and namespaces are listed`() throws {
        let text =
            "kind: NetworkPolicy\nmetadata: { name: a }\nspec: { podSelector: {}, ingress: [{}] }\n---\nkind: Pod\nspec: {}\n---\n"
            + "kind: NetworkPolicy\nmetadata: { name: b, namespace: other }\nspec: { podSelector: {} }\n"
        #expect(try imported(.kubernetes, ["p": text]).missingLines == [5, 8])
    }

    @Test(
        arguments: [
            ("spec: {}", "p:1: error: expected a document of Kubernetes"), ("kind: NetworkPolicy", "expected a mapping 'spec'"),
            ("a: [", "is not YAML"), ("", "holds no document"),
            ("kind: NetworkPolicy\nspec:\n  podSelector: {}\n  ingress:\n  - from: [{ipBlock: {cidr: 300.0.0.0/8}}]", "p:5: error:"),
            ("kind: NetworkPolicy\nspec:\n  podSelector: {}\n  ingress:\n  - ports: [{port: 5, endPort: 4}]", "p:5: error:"),
        ])
    func `what cannot be read is an error with its line`(_ text: String, _ words: String) throws {
        let error = try #require(throws: ImportError.self) { try imported(.kubernetes, ["p": text]) }
        #expect(error.description.contains(words), "\(error)")
    }
}
