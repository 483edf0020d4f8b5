import BPFTesting
import PolicyAPI
import Testing

/// What an apply would change, and warnings that stand in its way.
@Suite(.serialized) struct DiffTests {
    static func policy(_ ports: String, more: String = "") -> String {
        """
        apiVersion: policyd/v1
        kind: HostPolicy
        metadata: { name: web }
        spec:
          ingress:
            - { name: web, action: allow, protocol: tcp, ports: [\(ports)] }
        \(more)    - { name: rest, action: deny }

        """
    }

    @Test func whatIsInForceIsComparedWithFiles() throws {
        let guarded = try GuardedHost()
        let path = try guarded.folder.file("web.yaml", Self.policy("80, 443"))
        try guarded.done("apply", "-f", path)
        let revision = try guarded.revision
        let same = try guarded.policyctl("diff", "-f", path, "--exit-code")
        #expect(same.status == 0 && same.output == "no difference\n", "\(same.errors)")

        let next = try guarded.folder.file("next.yaml", Self.policy("443"))
        let other = try guarded.policyctl("diff", "-f", next, "--exit-code")
        #expect(other.status == 1)
        #expect(other.output.contains("ingress rule 'web': ports: [80, 443] → [443]"), "\(other.output)")
        #expect(other.output.contains(":80: allow (web/web, \(path):6) → deny (web/rest, \(next):7)"), "\(other.output)")
        // Without --exit-code a difference is what was asked for.
        #expect(try guarded.policyctl("diff", "-f", next).status == 0)
        #expect(try guarded.revision == revision)

        // The same ports in two rules.
        let two = Self.policy("80", more: "    - { name: more, action: allow, protocol: tcp, ports: 443 }\n")
        let split = try guarded.done("diff", "-f", guarded.folder.file("split.yaml", two))
        #expect(split.output.contains("no packet's verdict changes"), "\(split)")
        try guarded.end()
    }

    @Test func filesAreComparedWithoutADaemonAndWarningsCanBeErrors() throws {
        let guarded = try GuardedHost()
        let (old, new) = try (
            guarded.folder.file("old.yaml", Self.policy("80")),
            guarded.folder.file("new.yaml", Self.policy("80", more: "    - { name: dead, action: deny, protocol: tcp, ports: 80 }\n"))
        )
        let loose = try guarded.policyctl("diff", "-f", new, "--against", old)
        #expect(loose.status == 0 && loose.errors.contains("warning: rule 'dead' never matches"), "\(loose.errors)")
        for command in [["diff", "-f", new, "--against", old], ["validate", "-f", new], ["apply", "-f", new]] {
            let result = try guarded.policyctl(command + ["--strict"])
            #expect(result.status == 1 && result.errors.contains("error: rule 'dead' never matches"), "\(command) \(result.errors)")
        }
        let policies: [PolicyMessage] = try guarded.done("get", "-o", "json").json()
        #expect(!policies.contains { $0.name == "web" })
        try guarded.done("apply", "-f", new)
        try guarded.end()
    }
}
