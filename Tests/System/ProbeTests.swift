import BPF
import BPFTestObjects
import BPFTesting
import Glibc
import PolicyAPI
import Testing

/// Probes from the document to what `policyctl` shows of them.
@Suite(.serialized, .enabled(if: Features.uprobe == .available, "this kernel has no uprobes")) struct ProbeTests {
    @Test func `a probe tells what its programs see, and leaves nothing when it is unloaded`() throws {
        let guarded = try GuardedHost()
        let before = KernelObjects(namePrefix: "pw_")
        try guarded.writeObject(.callsOne, as: "one.o")
        let document = try guarded.watchDocument(more: GuardedHost.watchThisProcess)
        let loaded: [ProbeChangeMessage] = try guarded.done("probe", "load", "-f", document, "-o", "json").json()
        #expect(loaded.map(\.outcome) == [.loaded])
        let stream = try CallStream(guarded)
        getpgid(7001)
        #expect(try eventually { try stream.calls.count == 2 }, shown(try stream.calls))
        let calls = try stream.calls
        #expect(Set(calls.compactMap(\.way)) == ["CALL_TRACEPOINT", "CALL_UPROBE"])
        for call in calls {
            #expect(call.type == "event" && call.probe == "calls" && call.record == "call")
            #expect(call.pid == getpid() && call.argument == 7001 && call.label == "system" && call.version == 1)
            let time = try #require(Timestamp(call.time))
            #expect(abs(time.nanoseconds / 1_000_000_000 - Int64(Glibc.time(nil))) < 20)
        }
        let kept = try guarded.done("probe", "events", "calls", "--last", "1").output
        #expect(kept.contains("argument=7001") && kept.contains("label=system") && kept.split(separator: "\n").count == 1, "\(kept)")

        let probe = try #require(try guarded.probes().first)
        #expect(
            probe.programs.map(\.attached) == [["tracepoint:syscalls/sys_enter_getpgid"], ["uprobe:libc.so.6:getpgid pid=\(getpid())"]])
        #expect(probe.events.received == 2 && probe.events.kept == 2 && probe.events.lostInKernel == 0)
        #expect(probe.maps.first { $0.name == "pw_calls" }?.record == "call")
        #expect(probe.memoryBytes > 65_536 && !probe.persist)
        #expect(try guarded.done("get", "probes").output.contains("one.o"))
        #expect(guarded.probePrograms.count == 2)

        let unloaded = try guarded.done("probe", "unload", "calls").output
        #expect(unloaded.hasPrefix("unloaded probe calls") && unloaded.contains("2 events"), "\(unloaded)")
        #expect(stream.end().status == 3)
        #expect(KernelObjects.leftovers(since: before).isEmpty)
        #expect(try guarded.probes().isEmpty)
        getpgid(7002)
        #expect(FolderEntry.all(in: "\(guarded.folder.path)/state/objects").isEmpty)
        try guarded.end()
    }

    @Test(arguments: [SIGKILL, SIGTERM])
    func `a probe that persists goes on without the daemon, and another does not`(signal: CInt) throws {
        let guarded = try GuardedHost()
        let before = KernelObjects(namePrefix: "pw_")
        try guarded.writeObject(.callsOne, as: "one.o")
        try guarded.done("probe", "load", "-f", guarded.watchDocument(more: GuardedHost.watchSystemCalls + "\n  persist: true"))
        try guarded.done("probe", "load", "-f", guarded.watchDocument(name: "brief", more: GuardedHost.watchSystemCalls))
        getpgid(1)
        #expect(try eventually { try guarded.probes().map(\.events.received) == [1, 1] }, shown(try guarded.probes().map(\.events)))
        let links = guarded.probeLinks
        #expect(links.count == 2)

        try guarded.stop(signal)
        #expect(eventually { guarded.probeLinks.count == 1 })
        let kept = guarded.probeLinks
        #expect(kept.isSubset(of: links))
        for argument in 2...9 { getpgid(pid_t(argument)) }
        try guarded.start()
        let probe = try #require(try guarded.probes().first)
        #expect(probe.name == "calls" && probe.adopted && probe.persist)
        #expect(try guarded.probes().count == 1)
        // What was seen while nobody read is told now.
        #expect(try eventually { try guarded.probes().first?.events.received == 8 }, shown(try guarded.probes().map(\.events)))
        #expect(guarded.probeLinks == kept, "attached anew, with a gap")
        getpgid(10)
        let calls = try WatchedCall.lines(guarded.done("probe", "events", "calls", "--last", "100", "-o", "json").output)
        #expect(calls.prefix(8).compactMap(\.argument) == Array(2...9))

        // As after a reboot: the pins are gone, the state folder is there.
        try guarded.stop()
        Pin.removeAll(in: "\(guarded.pinFolder)/probes")
        #expect(KernelObjects.leftovers(since: before).isEmpty)
        try guarded.start()
        #expect(try guarded.probes().map(\.adopted) == [false])
        getpgid(11)
        #expect(try eventually { try guarded.probes().first?.events.received == 1 })

        try guarded.done("probe", "unload", "calls")
        #expect(FolderEntry.all(in: "\(guarded.pinFolder)/probes").isEmpty)
        try guarded.stop()
        try guarded.start()
        #expect(try guarded.probes().isEmpty)
        #expect(KernelObjects.leftovers(since: before).isEmpty)
        try guarded.end()
    }

    @Test(arguments: ["", "  persist: true"]) func `no call is missed while objects take each other's place`(more: String) throws {
        let guarded = try GuardedHost()
        let before = KernelObjects(namePrefix: "pw_")
        try guarded.writeObject(.callsOne, as: "one.o")
        try guarded.writeObject(.callsTwo, as: "two.o")
        let one = try guarded.watchDocument("one.o", more: GuardedHost.watchSystemCalls + "\n" + more)
        try guarded.done("probe", "load", "-f", one)
        let stream = try CallStream(guarded)
        let caller = Caller()
        caller.start()
        for round in 1...6 {
            let object = round % 2 == 0 ? "one.o" : "two.o"
            let replaced = try guarded.done(
                "probe", "load", "-f", guarded.watchDocument(object, more: GuardedHost.watchSystemCalls + "\n" + more))
            #expect(replaced.output.hasPrefix("replaced probe calls"), "\(replaced.output)")
        }
        let last = caller.stop()
        #expect(try eventually(seconds: 10) { try stream.calls.contains { $0.argument == last } })
        let calls = try stream.calls
        #expect(calls.allSatisfy { $0.type == "event" }, "lost: \(calls.filter { $0.type != "event" })")
        let missed = Set(0...last).subtracting(calls.compactMap(\.argument))
        #expect(missed.isEmpty, "\(missed.count) of \(last) calls are missed: \(missed.sorted().prefix(10))")
        #expect(Set(calls.compactMap(\.version)) == [1, 2])
        let unchanged = try guarded.done("probe", "load", "-f", one).output
        #expect(unchanged.contains("is loaded already"), "\(unchanged)")
        try guarded.done("probe", "unload", "calls")
        #expect(KernelObjects.leftovers(since: before).isEmpty)
        try guarded.end()
    }

    @Test func `a link whose program the kernel can change stays, and a replacement that fails changes nothing`() throws {
        let guarded = try GuardedHost()
        let before = KernelObjects(namePrefix: "pw_")
        try guarded.writeObject(.frames, as: "frames.o")
        func document(_ more: String) throws -> String {
            try guarded.folder.file(
                "frames.yaml",
                """
                apiVersion: policyd/v1
                kind: Probe
                metadata: { name: frames.v1 }
                spec:
                  object: frames.o
                  persist: true
                  programs: { pw_count: { attach: "xdp/generic:eth0" } }
                  \(more)
                """)
        }
        try guarded.done("probe", "load", "-f", document(""))
        let (link, program) = (guarded.probeLinks, guarded.probePrograms)
        #expect(link.count == 1 && program.count == 1)
        try guarded.done("probe", "load", "-f", document("limits: { programs: 1 }"))
        #expect(guarded.probeLinks == link, "attached anew")
        #expect(eventually { guarded.probePrograms.count == 1 })
        let now = guarded.probePrograms
        #expect(now != program)
        // The second interface is not there: the first is taken over, and given back.
        try guarded.folder.file(
            "two.yaml",
            """
            apiVersion: policyd/v1
            kind: Probe
            metadata: { name: frames.v1 }
            spec:
              object: frames.o
              programs: { pw_count: { attach: ["xdp/generic:eth0", "xdp/generic:nosuch0"] } }
            """)
        let refused = try guarded.policyctl("probe", "load", "-f", "\(guarded.folder.path)/two.yaml")
        #expect(refused.status == 1 && refused.errors.contains("nosuch0") && refused.errors.contains("the probe that is loaded stays"))
        #expect(eventually { guarded.probePrograms == now }, "\(guarded.probePrograms), \(now)")
        #expect(guarded.probeLinks == link)
        // A name with a dot in it, which bpf filesystems do not take.
        try guarded.stop()
        try guarded.start()
        #expect(try guarded.probes().map(\.adopted) == [true])
        #expect(guarded.probeLinks == link)
        try guarded.done("probe", "unload", "frames.v1")
        #expect(KernelObjects.leftovers(since: before).isEmpty)
        try guarded.end()
    }

    @Test func `events beyond the limit, and those the kernel had no room for, are counted`() throws {
        let guarded = try GuardedHost()
        try guarded.writeObject(.callsOne, as: "one.o")
        let limit = "\n  limits: { eventsPerSecond: 10 }"
        try guarded.done("probe", "load", "-f", guarded.watchDocument(more: GuardedHost.watchSystemCalls + limit))
        let stream = try CallStream(guarded)
        for argument in 0..<500 { getpgid(pid_t(argument)) }
        #expect(
            try eventually {
                let events = try guarded.probes()[0].events
                return events.received + events.lostToLimit == 500
            })
        let events = try guarded.probes()[0].events
        #expect(events.received >= 10 && events.received < 100 && events.lostInKernel == 0, "\(events)")
        #expect(
            try eventually {
                let calls = try stream.calls
                return calls.count { $0.type == "event" } == events.received
                    && calls.filter { $0.type == "lost" && $0.where == "limit" }.reduce(0) { $0 + ($1.count ?? 0) } == events.lostToLimit
            })
        // A ring of a page holds some 50; nobody reads while the daemon stands still.
        let small = "\n  maps: { pw_calls: { maxEntries: 4096 } }"
        try guarded.done("probe", "load", "-f", guarded.watchDocument(name: "small", more: GuardedHost.watchSystemCalls + small))
        try guarded.daemon.send(SIGSTOP)
        for argument in 0..<500 { getpgid(pid_t(argument)) }
        try guarded.daemon.send(SIGCONT)
        #expect(
            try eventually {
                let events = try #require(try guarded.probes().first { $0.name == "small" }).events
                return events.received + events.lostInKernel == 500
            }, shown(try guarded.probes().map(\.events)))
        #expect(try #require(try guarded.probes().first { $0.name == "small" }).events.lostInKernel > 0)
        try guarded.end()
    }

    @Test(arguments: [
        ("alternatives: [[pw_kprobe, pw_call]]", true), ("programs: { pw_kprobe: { optional: true } }", true),
        ("alternatives: [[pw_call, pw_kprobe]]", true), ("programs: {}", false),
    ])
    func `what a kernel does not take is left out if the document lets it`(more: String, isTaken: Bool) throws {
        let guarded = try GuardedHost()
        try guarded.writeObject(.callsEither, as: "either.o")
        let document = try guarded.watchDocument("either.o", more: "  globals: { watched: \(getpid()) }\n  \(more)")
        let result = try guarded.policyctl("probe", "load", "-f", document)
        guard isTaken else {
            #expect(result.status == 1 && result.errors.contains("no_kernel_has_this_function"), "\(result.errors)")
            return try guarded.end()
        }
        #expect(result.status == 0 && result.output.contains("without pw_kprobe"), "\(result.output)\(result.errors)")
        getpgid(5)
        #expect(try eventually { try guarded.probes().first?.events.received == 1 })
        let programs = try #require(try guarded.probes().first).programs
        #expect(programs.map { $0.leftOut == nil } == [false, true])
        try guarded.end()
    }

    @Test func `the bundled probes load by their documents, and tell what happens`() throws {
        let guarded = try GuardedHost()
        var documents: [String] = []
        for entry in FolderEntry.all(in: Programs.probes) where entry.name.hasSuffix(".yaml") { documents.append(entry.name) }
        #expect(documents.count >= 8)
        for name in documents.sorted() {
            let result = try guarded.policyctl("probe", "load", "--dry-run", "-f", "\(Programs.probes)/\(name)")
            #expect(result.status == 0 && result.output.contains("would be loaded"), "\(name): \(result.output)\(result.errors)")
        }
        try guarded.done("probe", "load", "-f", "\(Programs.probes)/file-opens.yaml")
        let missing = "\(guarded.folder.path)/no-such-file-\(getpid())"
        #expect(open(missing, O_RDONLY) < 0)
        #expect(
            try eventually { try guarded.done("probe", "events", "file-opens", "--last", "1000", "-o", "json").output.contains(missing) })
        try guarded.done("probe", "unload", "file-opens")
        try guarded.end()
    }

    @Test func `a probe whose files are damaged is told of, keeps nothing else from starting, and can be forgotten`() throws {
        let guarded = try GuardedHost()
        try guarded.writeObject(.callsOne, as: "one.o")
        for name in ["calls", "others"] {
            try guarded.done(
                "probe", "load", "-f", guarded.watchDocument(name: name, more: GuardedHost.watchSystemCalls + "\n  persist: true"))
        }
        try guarded.stop()
        try guarded.folder.file("state/probes/others.json", "{\"source\":")
        try guarded.start()
        #expect(try guarded.probes().map(\.name) == ["calls"])
        #expect(try guarded.status().warnings.contains { $0.contains("probe others is not at work") && $0.contains("damaged") })
        #expect(try guarded.done("probe", "unload", "others").status == 0)
        #expect(try !guarded.status().warnings.contains { $0.contains("others") })
        try guarded.done("probe", "unload", "calls")
        try guarded.end()
    }

    @Test func `maps are shown by their types`() throws {
        let guarded = try GuardedHost()
        try guarded.writeObject(.frames, as: "frames.o")
        let document = try guarded.folder.file(
            "frames.yaml",
            """
            apiVersion: policyd/v1
            kind: Probe
            metadata: { name: frames }
            spec:
              object: frames.o
              programs: { pw_count: { attach: "xdp/generic:eth0" } }
            """)
        try guarded.done("probe", "load", "-f", document)
        _ = try guarded.peer.run { try TestSocket(.udp, family: .v4).send("x", to: "192.0.2.1", port: 9) }
        func contents() throws -> ProbeMapContentsMessage { try guarded.done("probe", "show", "frames", "pw_frames", "-o", "json").json() }
        #expect(
            try eventually {
                guard case .integer(let count)? = try contents().entries.first?.values.first else { return false }
                return count > 0
            }, shown(try contents()))
        #expect(try contents().entries.map(\.key) == [.integer(0)] && contents().type == "array")
        #expect(try guarded.done("probe", "show", "frames").output.contains("xdp/generic:eth0"))
        let none = try guarded.policyctl("probe", "show", "frames", "pw_frame")
        #expect(none.status == 1 && none.errors.contains("did you mean 'pw_frames'?"), "\(none.errors)")
        try guarded.end()
    }

    @Test func `loading is for root, and looking for the group as well`() throws {
        let guarded = try GuardedHost(flags: ["--socket-group", "daemon"])
        try guarded.writeObject(.callsOne, as: "one.o")
        let document = try guarded.watchDocument(more: GuardedHost.watchSystemCalls)
        let group = try #require(getgrnam("daemon")).pointee.gr_gid
        let member = ["setpriv", "--reuid=65534", "--regid=\(group)", "--clear-groups"]
        let refused = try guarded.policyctl(["probe", "load", "-f", document], before: member)
        #expect(refused.status == 4 && refused.errors.contains("only root may load"), "\(refused.errors)")
        try guarded.done("probe", "load", "-f", document)
        #expect(try guarded.policyctl(["probe", "list"], before: member).status == 0)
        #expect(try guarded.policyctl(["probe", "unload", "calls"], before: member).status == 4)
        #expect(try guarded.probes().count == 1)
        try guarded.end()
    }
}
