import BPFTesting
import Glibc
import PolicyAPI
import Testing

/// Documents that are applied, listed, taken out, and taken out all together.
@Suite(.serialized) struct DocumentTests {
    static func policy(_ name: String, priority: Int, port: Int) -> String {
        """
        apiVersion: policyd/v1
        kind: HostPolicy
        metadata: { name: \(name) }
        spec:
          priority: \(priority)
          ingress: [{ name: open, action: allow, protocol: tcp, ports: [\(port)] }]

        """
    }

    static let last = """
        apiVersion: policyd/v1
        kind: HostPolicy
        metadata: { name: last }
        spec: { tier: baseline, ingress: [{ name: rest, action: deny }] }

        """

    @Test func documentsAreAddedReplacedAndDeleted() throws {
        let guarded = try GuardedHost()
        let (a, b) = try (
            guarded.folder.file("a.yaml", Self.policy("a", priority: 1, port: 8001)), guarded.folder.file("b.yaml", Self.policy("b", priority: 2, port: 8002))
        )
        let last = try guarded.folder.file("last.yaml", Self.last)
        func names() throws -> [String] {
            let policies: [PolicyMessage] = try guarded.done("get", "policies", "-o", "json").json()
            return policies.map(\.name)
        }
        func opens(_ port: UInt16) throws -> Bool {
            let listener = try guarded.host.run { try TestSocket.listener("192.0.2.1", port: port) }
            defer { withExtendedLifetime(listener) {} }
            let client = try guarded.peer.run { try TestSocket(.tcp, family: .v4) }
            return try client.connect(to: "192.0.2.1", port: port, milliseconds: 150) == .connected
        }
        try guarded.done("apply", "-f", a, last)
        #expect(try opens(8001) && !opens(8002))
        try guarded.done("apply", "-f", b)
        #expect(try names() == ["a", "b", "last"])
        #expect(try opens(8001) && opens(8002))

        // The same once more is no new revision.
        let revision = try guarded.revision
        let again: ChangeMessage = try guarded.done("apply", "-f", b, "-o", "json").json()
        #expect(!again.changed && again.revision == revision)
        // Neither is a dry run, which says what it would do.
        try guarded.folder.file("b.yaml", Self.policy("b", priority: 2, port: 8003))
        let dry: ChangeMessage = try guarded.done("apply", "-f", b, "--dry-run", "-o", "json").json()
        #expect(dry.dryRun && dry.differences == ["~ HostPolicy/b"])
        #expect(try guarded.revision == revision)
        #expect(try opens(8002) && !opens(8003))
        try guarded.done("apply", "-f", b)
        #expect(try !opens(8002) && opens(8003))

        let missing = try guarded.policyctl("delete", "HostPolicy/bb")
        #expect(missing.status == 1)
        #expect(missing.errors.contains("HostPolicy/bb") && missing.errors.contains("did you mean"), "\(missing.errors)")
        #expect(try guarded.policyctl("delete", "b").status == 2)
        try guarded.done("delete", "HostPolicy/b")
        #expect(try names() == ["a", "last"])
        #expect(try !opens(8003))

        try guarded.done("apply", "--replace", "-f", b)
        #expect(try names() == ["b"])
        // Nothing denies any more.
        #expect(try opens(8001) && opens(9999))

        let yaml = try guarded.done("get", "policies", "-o", "yaml").output
        #expect(yaml.contains("name: b\n") && !yaml.contains("{\""), "\(yaml)")
        let table = try guarded.done("get", "rules").output
        #expect(table.split(separator: "\n").first?.hasPrefix("TIER") == true)
        #expect(table.contains("b/open"))
        try guarded.end()
    }

    @Test func applyingTheFolderPutsInForceExactlyWhatItHolds() throws {
        let guarded = try GuardedHost()
        try guarded.done("apply", "-f", try guarded.folder.file("other.yaml", Self.policy("other", priority: 9, port: 9)))
        try guarded.folder.file("policies/a.yaml", Self.policy("a", priority: 1, port: 8001))
        try guarded.folder.file("policies/b.yml", Self.last)
        try guarded.folder.file("policies/notes.txt", "not a document")
        var status = try guarded.status()
        #expect(status.folder.state == .differs)
        #expect(status.folder.differences.contains("- HostPolicy/other") || status.folder.differences.contains("+ HostPolicy/a"))
        #expect(try guarded.done("status").output.contains("differs from what is in force"))

        let change: ChangeMessage = try guarded.done("apply", "-o", "json").json()
        #expect(change.changed && change.counts.policies == 2 && change.counts.rules == 2)
        #expect(Set(change.differences) == ["+ HostPolicy/a", "+ HostPolicy/last", "- HostPolicy/other"])
        status = try guarded.status()
        #expect(status.folder.state == .same)
        #expect(status.revision?.number == change.revision)
        let text = try guarded.done("apply").output
        #expect(text.contains("nothing to change"))

        // A mistake in one file of the folder: none of them is applied.
        try guarded.folder.file("policies/a.yaml", Self.policy("a", priority: 1, port: 8002))
        try guarded.folder.file("policies/c.yaml", "kind: HostPolicy\n")
        let refused = try guarded.policyctl("apply")
        #expect(refused.status == 1)
        #expect(refused.errors.contains("c.yaml"), "\(refused.errors)")
        #expect(try guarded.revision == change.revision)
        #expect(try guarded.status().folder.state == .invalid)
        try guarded.end()
    }

    @Test(arguments: ["tcx", "clsact"])
    func downLeavesNothingAndApplyEnforcesAgain(attachment: String) throws {
        let guarded = try GuardedHost(flags: ["--attach", attachment])
        try guarded.done("apply", "-f", try guarded.folder.file("last.yaml", Self.last))
        let programs = try PinnedPrograms.numbers(in: guarded.pinFolder)
        #expect(!programs.isEmpty && programs.allSatisfy { Pin.isLoaded(program: $0) })
        let listener = try guarded.host.run { try TestSocket.listener("192.0.2.1", port: 8080) }
        func outcome() throws -> TestSocket.Outcome {
            try guarded.peer.run { try TestSocket(.tcp, family: .v4) }.connect(to: "192.0.2.1", port: 8080, milliseconds: 150)
        }
        #expect(try outcome() == .timedOut)
        // There is nobody to ask, and it does not take that for a yes.
        let unasked = try guarded.policyctl("down")
        #expect(unasked.status == 1 && unasked.errors.contains("--yes"))
        #expect(try outcome() == .timedOut)

        #expect(try guarded.done("down", "--yes").output.contains("eth0"))
        #expect(try outcome() == .connected)
        #expect(guarded.bpffs.pins.isEmpty, "\(guarded.bpffs.pins)")
        #expect(try guarded.attachedPrograms().isEmpty)
        let filters = try guarded.host.run(command: "tc", "filter", "show", "dev", "eth0", "ingress").output
        #expect(filters.isEmpty, "\(filters)")
        #expect(try !guarded.host.run(command: "tc", "qdisc", "show", "dev", "eth0").output.contains("clsact"))
        #expect(eventually { programs.allSatisfy { !Pin.isLoaded(program: $0) } }, "programs \(programs)")
        #expect(try guarded.status().revision == nil)
        // Not after a restart either, until somebody applies.
        try guarded.stop()
        try guarded.start()
        #expect(try outcome() == .connected)
        #expect(try guarded.status().warnings.contains { $0.contains("down") })
        try guarded.done("apply", "-f", "\(guarded.folder.path)/last.yaml")
        #expect(try outcome() == .timedOut)
        withExtendedLifetime(listener) {}
        try guarded.done("down", "-y")
        #expect(guarded.bpffs.pins.isEmpty)
        try guarded.stop()
    }
}
