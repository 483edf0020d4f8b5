import BPF
import BPFTestObjects
import BPFTesting
import Testing

/// The unit under a real systemd, with and without what the documentation adds to it for probes.
@Suite("The daemon under systemd", .serialized, .timeLimit(.minutes(2)))
struct SystemdBootTests {
    /// What `docs/probe-documents.md` has people give to `systemctl edit policyd`.
    private static let dropIn = "sed -n '/^```ini/,/^```/p' \(Project.root)/docs/probe-documents.md | sed '/^```/d'"

    @Test(.enabled(if: Features.uprobe == .available, "this kernel has no uprobes"))
    func `probes at functions of programs want what the documentation adds to the unit`() throws {
        let machine = try SystemdContainer()
        let load = "\(Programs.policyctl) probe load -f \(Programs.probes)/function-calls.yaml"
        func capabilities() throws -> Set<Substring> {
            Set(try machine.run("systemctl show -P CapabilityBoundingSet policyd").output.dropLast().split(separator: " "))
        }
        let own = try #require(try SystemdTests.setting("CapabilityBoundingSet")).lowercased().split(separator: " ")
        #expect(try capabilities() == Set(own) && !own.contains("cap_sys_admin"))
        // What looks at objects of others first works under the unit too.
        try machine.write(EmbeddedObject.frames.bytes, as: "/etc/policyd/frames.o")
        func loadFrames(_ more: String = "") throws -> String {
            try machine.write(
                Array(
                    """
                    apiVersion: policyd/v1
                    kind: Probe
                    metadata: { name: frames }
                    spec:
                      object: frames.o
                      programs: { pw_count: { attach: "xdp/generic:lo" } }
                      \(more)
                    """.utf8), as: "/etc/policyd/frames.yaml")
            return try machine.run("\(Programs.policyctl) probe load -f /etc/policyd/frames.yaml").output
        }
        let foreign = try loadFrames()
        #expect(foreign.hasPrefix("loaded probe frames"), "\(foreign)")
        // Nor does replacing want more, at a place for one program only, also where a daemon before this one pinned what is there.
        let replaced = try loadFrames("persist: true")
        #expect(replaced.hasPrefix("replaced probe frames"), "\(replaced)")
        #expect(try machine.run("systemctl restart policyd").status == 0)
        let replacedAgain = try loadFrames()
        #expect(replacedAgain.hasPrefix("replaced probe frames"), "\(replacedAgain)")
        let refused = try machine.run(load)
        #expect(refused.status == 1 && refused.output.contains("CAP_SYS_ADMIN"), "\(refused.output)")

        let folder = "/etc/systemd/system/policyd.service.d"
        let edited = try machine.run(
            "mkdir \(folder) && \(Self.dropIn) >\(folder)/override.conf && systemctl daemon-reload && systemctl restart policyd")
        #expect(edited.status == 0, "\(edited.output)")
        #expect(machine.isActive)
        let given = try capabilities()
        // Of which systemd takes one away again where the unit protects the kernel's log.
        #expect(given == Set(own + ["cap_sys_admin", "cap_syslog"]), "\(given)")
        let loaded = try machine.run(load)
        #expect(loaded.status == 0 && loaded.output.contains("entered at uprobe:libc.so.6:getaddrinfo"), "\(loaded.output)")
        _ = try machine.run("getent ahosts localhost")
        let events = "\(Programs.policyctl) probe events function-calls --last 10"
        #expect(try eventually { try machine.run(events).output.contains("comm=getent") }, shown(try machine.run(events).output))
        #expect(try machine.run("\(Programs.policyctl) probe unload function-calls").status == 0)
        // And without an interface there is nothing else that it would have complained of.
        #expect(try machine.run("systemctl is-failed policyd").status != 0)
    }
}
