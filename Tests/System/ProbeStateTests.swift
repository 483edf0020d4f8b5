import BPF
import BPFTestObjects
import BPFTesting
import Glibc
import PolicyAPI
import Testing

/// Probes and what the daemon keeps of them: over its restarts, and where its folders do not let it.
extension ProbeTests {
    private static let persistent = GuardedHost.watchSystemCalls + "\n  persist: true"

    /// Loads a probe at a place that takes one program only, and has the next daemon find that it cannot be read.
    private func leaveUnreadable(_ guarded: GuardedHost) throws -> String {
        try guarded.writeObject(.frames, as: "frames.o")
        let document = try guarded.folder.file(
            "frames.yaml",
            """
            apiVersion: policyd/v1
            kind: Probe
            metadata: { name: frames }
            spec: { object: frames.o, persist: true, programs: { pw_count: { attach: "xdp/generic:eth0" } } }
            """)
        try guarded.done("probe", "load", "-f", document)
        let links = guarded.probeLinks
        try guarded.stop()
        try guarded.folder.file("state/probes/frames.json", "{\"source\":")
        try guarded.start()
        #expect(guarded.probeLinks == links && links.count == 1)
        let warnings = try guarded.status().warnings
        #expect(warnings.contains { $0.contains("frames is not at work") && $0.contains("stays there until") }, "\(warnings)")
        return document
    }

    @Test func `unloading a probe that could not be loaded again takes out what it has left in the kernel`() throws {
        let guarded = try GuardedHost()
        let before = KernelObjects(namePrefix: "pw_")
        _ = try leaveUnreadable(guarded)
        try guarded.done("probe", "unload", "frames")
        #expect(FolderEntry.all(in: "\(guarded.pinFolder)/probes").isEmpty)
        #expect(KernelObjects.leftovers(since: before).isEmpty)
        #expect(try !guarded.status().warnings.contains { $0.contains("frames") })
        try guarded.end()
    }

    @Test func `a probe that is refused leaves what one that could not be loaded again has in the kernel`() throws {
        let guarded = try GuardedHost()
        let before = KernelObjects(namePrefix: "pw_")
        _ = try leaveUnreadable(guarded)
        let links = guarded.probeLinks
        let document = try guarded.folder.file(
            "wrong.yaml",
            """
            apiVersion: policyd/v1
            kind: Probe
            metadata: { name: frames }
            spec: { object: frames.o, persist: true, programs: { pw_count: { attach: "xdp/generic:nosuch0" } } }
            """)
        let refused = try guarded.policyctl("probe", "load", "-f", document)
        #expect(refused.status == 1 && refused.errors.contains("nosuch0"), "\(refused.errors)")
        #expect(guarded.probeLinks == links)
        try guarded.done("probe", "unload", "frames")
        #expect(KernelObjects.leftovers(since: before).isEmpty)
        try guarded.end()
    }

    @Test func `loading a probe over one that could not be loaded again has its place, and pins of its own`() throws {
        let guarded = try GuardedHost()
        let before = KernelObjects(namePrefix: "pw_")
        let document = try leaveUnreadable(guarded)
        let (links, folder) = (guarded.probeLinks, "\(guarded.pinFolder)/probes/frames")
        let generations = FolderEntry.all(in: folder).compactMap { Int($0.name) }
        // What is only tried changes nothing.
        try guarded.done("probe", "load", "--dry-run", "-f", document)
        #expect(guarded.probeLinks == links)
        #expect(try guarded.done("probe", "load", "-f", document).output.hasPrefix("loaded probe frames"))
        #expect(eventually { guarded.probeLinks.count == 1 } && guarded.probeLinks.isDisjoint(with: links))
        let now = FolderEntry.all(in: folder).compactMap { Int($0.name) }
        #expect(generations.count == 1 && now.count == 1 && now[0] > generations[0], "\(generations), \(now)")
        #expect(try !guarded.status().warnings.contains { $0.contains("frames") })
        try guarded.done("probe", "unload", "frames")
        #expect(KernelObjects.leftovers(since: before).isEmpty)
        try guarded.end()
    }

    @Test func `what cannot be cleaned out of the state folder does not keep a probe from being kept`() throws {
        let guarded = try GuardedHost()
        let before = KernelObjects(namePrefix: "pw_")
        try guarded.writeObject(.callsOne, as: "one.o")
        let document = try guarded.watchDocument(more: Self.persistent)
        // It is no file that could be taken away.
        #expect(mkdir("\(guarded.folder.path)/state/objects/stray", 0o700) == 0)
        #expect(try guarded.done("probe", "load", "-f", document).output.hasPrefix("loaded probe calls"))
        try guarded.done("probe", "unload", "calls")
        #expect(FolderEntry.all(in: "\(guarded.folder.path)/state/objects").map(\.name) == ["stray"])
        #expect(KernelObjects.leftovers(since: before).isEmpty)
        try guarded.end()
    }

    @Test func `what the state folder does not take is said, and taken when it can be`() throws {
        let guarded = try GuardedHost()
        let before = KernelObjects(namePrefix: "pw_")
        try guarded.writeObject(.callsOne, as: "one.o")
        let document = try guarded.watchDocument(more: Self.persistent)
        let folder = "\(guarded.folder.path)/state/probes"
        func breakFolder() throws {
            #expect(rename(folder, "\(folder).away") == 0)
            try guarded.folder.file("state/probes", "")
        }
        func mendFolder() {
            #expect(unlink(folder) == 0 && rename("\(folder).away", folder) == 0)
        }
        try breakFolder()
        for way in ["loaded probe calls", "probe calls is loaded already"] {
            let loaded = try guarded.policyctl("probe", "load", "-f", document)
            #expect(loaded.status == 1 && loaded.output.hasPrefix(way), "\(loaded.output)")
            #expect(loaded.errors.contains("probe calls: in force, but not kept: "), "\(loaded.errors)")
            #expect(try guarded.probes().map(\.name) == ["calls"])
            #expect(try guarded.status().warnings.contains { $0.contains("probe calls: in force, but not kept") })
        }
        mendFolder()
        #expect(try guarded.done("probe", "load", "-f", document).output.contains("is loaded already"))
        #expect(FolderEntry.all(in: folder).map(\.name) == ["calls.json"])
        #expect(try !guarded.status().warnings.contains { $0.contains("calls") })

        try breakFolder()
        let unloaded = try guarded.policyctl("probe", "unload", "calls")
        #expect(unloaded.status == 1 && unloaded.output.hasPrefix("unloaded probe calls"), "\(unloaded.output)")
        #expect(unloaded.errors.contains("unloaded, but still kept: "), "\(unloaded.errors)")
        #expect(KernelObjects.leftovers(since: before).isEmpty)
        #expect(try guarded.probes().isEmpty)
        mendFolder()
        try guarded.done("probe", "unload", "calls")
        #expect(FolderEntry.all(in: folder).isEmpty)
        #expect(try !guarded.status().warnings.contains { $0.contains("calls") })
        try guarded.end()
    }

    @Test(arguments: [SIGTERM, SIGKILL])
    func `what a ring had no room for is told once, whichever daemon reads it`(signal: CInt) throws {
        let guarded = try GuardedHost()
        try guarded.writeObject(.callsOne, as: "one.o")
        // A ring of a page holds some 50.
        try guarded.done(
            "probe", "load", "-f", guarded.watchDocument(more: Self.persistent + "\n  maps: { pw_calls: { maxEntries: 4096 } }"))
        func events() throws -> ProbeEventsMessage { try #require(try guarded.probes().first).events }
        func call(_ count: Int) { for argument in 0..<count { getpgid(pid_t(argument)) } }
        func isTold(_ count: Int) throws -> Bool {
            try eventually {
                let events = try events()
                return events.received + events.lostInKernel == count
            }
        }
        try guarded.daemon.send(SIGSTOP)
        call(300)
        try guarded.daemon.send(SIGCONT)
        #expect(try isTold(300), shown(try events()))
        #expect(try events().lostInKernel > 0)

        try guarded.stop(signal)
        call(500)
        try guarded.start()
        #expect(try isTold(500), shown(try events()))
        #expect(try events().lostInKernel > 0)

        try guarded.stop(signal)
        call(3)
        try guarded.start()
        #expect(try isTold(3), shown(try events()))
        #expect(try events().lostInKernel == 0)
        try guarded.done("probe", "unload", "calls")
        try guarded.end()
    }

    @Test func `a perf event array does not outlive the daemon, which is said, and what is lost by it is counted`() throws {
        let guarded = try GuardedHost()
        let before = KernelObjects(namePrefix: "pw_")
        try guarded.writeObject(.callsPerf, as: "perf.o")
        let globals = "  globals: { watched: \(getpid()), label: system }"
        let warning = "pw_calls is a perf event array"
        let brief = try guarded.done("probe", "load", "-f", guarded.watchDocument("perf.o", more: globals))
        #expect(!brief.output.contains(warning), "\(brief.output)")
        let document = try guarded.watchDocument("perf.o", more: globals + "\n  persist: true")
        for more in [["--dry-run"], []] {
            let loaded = try guarded.policyctl(["probe", "load", "-f", document] + more)
            #expect(loaded.status == 0 && loaded.output.contains(warning), "\(loaded.output)\(loaded.errors)")
        }
        let links = guarded.probeLinks
        getpgid(1)
        #expect(try eventually { try guarded.probes().first?.events.received == 1 })
        try guarded.stop()
        #expect(guarded.probeLinks == links)
        for argument in 2...5 { getpgid(pid_t(argument)) }
        try guarded.start()
        // Pinned and taken over all the same.
        let probe = try #require(try guarded.probes().first)
        #expect(probe.adopted && guarded.probeLinks == links && probe.warnings.contains { $0.contains(warning) }, "\(probe)")
        getpgid(6)
        #expect(
            try eventually {
                let events = try guarded.probes()[0].events
                return events.received == 1 && events.lostInKernel == 4
            }, shown(try guarded.probes().map(\.events)))
        try guarded.done("probe", "unload", "calls")
        #expect(KernelObjects.leftovers(since: before).isEmpty)
        try guarded.end()
    }
}
