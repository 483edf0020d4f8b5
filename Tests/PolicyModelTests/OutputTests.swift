import PolicyModel
import PolicyTesting
import Testing

@Suite struct OutputTests {
    /// Judges packets by the documents that the output says, in one of its forms.
    private func reread(_ policySet: PolicySet, _ form: (OutputValue) -> String) throws -> PolicySet {
        let outputs = policySet.policies.map(\.output) + policySet.sets.values.map(\.output)
        let loaded = DocumentLoader.load(bundles: outputs.map { SourceBundle(files: [SourceFile(path: "out.yaml", text: form($0))]) })
        do throws(Diagnostics) {
            return try loaded.policySet()
        } catch {
            Issue.record("\(error)\n\(outputs.map(form).joined(separator: "---\n"))")
            return .empty
        }
    }

    /// What does not show in verdicts has to come back as well: modes, times, logs.
    private static func withoutPlaces(_ policySet: PolicySet) -> [[Rule]] {
        policySet.policies.map { policy in
            (policy.ingress + policy.egress).map { rule in
                var rule = rule
                rule.location = .none
                // Every interface is written as a glob, and a list of addresses with its negatives last.
                rule.interfaces = rule.interfaces.map { InterfaceSelector(patterns: $0.patterns.isEmpty ? ["*"] : $0.patterns) }
                return rule
            }
        }
    }

    @Test(arguments: [false, true])
    func `what is written as YAML or JSON judges packets as before`(isJSON: Bool) throws {
        var generator = PolicyGenerator(seed: 21)
        for _ in 0..<150 {
            var policySet = generator.policySet()
            // Only what stands in documents can be written.
            let sets = policySet.sets.values.map { AddressSet(name: $0.name, addresses: $0.entries, sets: $0.sets) }
            policySet = try PolicySet(policies: policySet.policies, sets: sets)
            let again = try reread(policySet) { isJSON ? $0.json(isPretty: true) : $0.yaml() }
            for _ in 0..<20 {
                let packet = generator.packet(for: policySet)
                var verdict = ReferenceEvaluator(again).verdict(for: packet, at: PolicyGenerator.time)
                var expected = ReferenceEvaluator(policySet).verdict(for: packet, at: PolicyGenerator.time)
                (verdict.location, expected.location) = (nil, nil)
                for index in verdict.audited.indices { verdict.audited[index].location = .none }
                #expect(verdict == expected)
            }
            #expect(Self.withoutPlaces(again) == Self.withoutPlaces(policySet))
        }
    }

    @Test func `a policy is written as it would be by hand`() throws {
        let policy = try policy(
            """
            apiVersion: policyd/v1
            kind: HostPolicy
            metadata: { name: "8080", labels: { owner: "yes" } }
            spec:
              interfaces: ["eth*", "!eth9"]
              ingress:
                - { name: web, action: allow, protocol: tcp, ports: [80, 8000-8100], from: [192.0.2.0/24, "2001:db8::/32", "!set:x"] }
                - { name: rest, action: deny }
            """)
        #expect(
            policy.output.yaml() == """
                apiVersion: policyd/v1
                kind: HostPolicy
                metadata:
                  name: "8080"
                  labels:
                    owner: "yes"
                spec:
                  tier: application
                  priority: 100
                  interfaces: ["eth*", "!eth9"]
                  ingress:
                    - name: web
                      action: allow
                      protocol: [tcp]
                      ports: [80, "8000-8100"]
                      from: [192.0.2.0/24, "2001:db8::/32", "!set:x"]
                    - name: rest
                      action: deny

                """)
        #expect(policy.ingress[1].output(.ingress).json() == #"{"name":"rest","action":"deny"}"#)
    }

    @Test func `text is quoted so that it comes back`() {
        let text = "a\"b\\c\nd\te\u{1}ü"
        #expect(OutputValue.mapping([("k", .text(text))]).json() == #"{"k":"a\"b\\c\nd\te\u0001ü"}"#)
        #expect(OutputValue.mapping([("k", .list([])), ("m", .mapping([])), ("o", .null)]).yaml() == "k: []\nm: {}\no: null\n")
    }
}
