import BPF
import BPFTestObjects
import BPFTesting
import Glibc
import PolicyAPI
import Testing

/// What is wrong with a probe, its object or its limits, and how it is said: nothing is loaded then.
extension ProbeTests {
    @Test func `everything that cannot be is refused in words, and nothing is loaded`() throws {
        let guarded = try GuardedHost()
        let before = KernelObjects(namePrefix: "pw_")
        try guarded.writeObject(.callsOne, as: "one.o")
        try guarded.writeObject(.frames, as: "frames.o")
        let bytes = EmbeddedObject.callsOne.bytes
        try guarded.folder.file("cut.o", bytes: Array(bytes.prefix(bytes.count / 2)))
        try guarded.folder.file("other.o", bytes: Array("\u{7f}ELF and nothing more".utf8))
        try guarded.folder.file("text.o", "no object at all\n")
        let watch = "programs: { pw_function: { attach: none } }"
        let cases: [(spec: String, words: [String])] = [
            ("object: none.o", ["none.o: no such file"]),
            ("object: text.o", ["refused", "ELF"]),
            ("object: other.o", ["refused"]),
            ("object: cut.o", ["refused"]),
            ("object: \"bundled:nosuch\"", ["there is no bundled object 'nosuch'"]),
            ("object: one.o", ["the section 'uprobe' of pw_function does not say where to attach it"]),
            (
                "object: one.o, sha256: \(String(repeating: "0", count: 64)), \(watch)",
                ["the object one.o has SHA-256", "the document wants 0000"]
            ),
            ("object: one.o, programs: { pw_cal: { attach: none } }", ["the object has no 'pw_cal'", "did you mean 'pw_call'?"]),
            ("object: one.o, globals: { watcht: 1 }, \(watch)", ["globals: the object has no 'watcht'", "did you mean 'watched'?"]),
            ("object: one.o, globals: { watched: many }, \(watch)", ["globals: watched: 'many' is not a whole number, and it is a __u32"]),
            ("object: one.o, globals: { watched: -1 }, \(watch)", ["-1 is not in the range of a __u32, 0 to 4294967295"]),
            ("object: one.o, globals: { label: \"1234567890123456\" }, \(watch)", ["has 16 bytes, and a char[16] takes 15"]),
            ("object: one.o, globals: { only: CALL_UPROB }, \(watch)", ["is none of enum call_way", "did you mean CALL_UPROBE?"]),
            ("object: one.o, globals: { skipped: [1, 2, 3, 4, 5] }, \(watch)", ["the list has 5 elements, and it is a __u16[4]"]),
            ("object: one.o, globals: { skipped: 1 }, \(watch)", ["it is a __u16[4]: write a list"]),
            ("object: one.o, programs: { pw_function: { attach: \"nosuch:place\" } }", ["attach:", "nosuch"]),
            ("object: one.o, programs: { pw_function: { attach: \"uprobe:/nosuch:place\" } }", ["/nosuch"]),
            ("object: one.o, programs: { pw_function: { attach: \"uprobe:libc.so.6:no_such_function\" } }", ["no_such_function"]),
            ("object: one.o, programs: { pw_call: { attach: \"tracepoint:syscalls/nosuch\" }, pw_function: { attach: none } }", ["nosuch"]),
            ("object: one.o, maps: { pw_call: { maxEntries: 4096 } }, \(watch)", ["maps: the object has no 'pw_call'"]),
            ("object: one.o, maps: { pw_calls: { maxEntries: 5000 } }, \(watch)", ["5000 is not a power of two of at least 4096"]),
            ("object: one.o, events: [{ map: pw_calls_lost }], \(watch)", ["pw_calls_lost is a percpu_array"]),
            ("object: one.o, events: [{ map: pw_calls, record: cal }], \(watch)", ["the object has no 'cal'", "did you mean 'call'?"]),
            ("object: one.o, limits: { programs: 1 }, \(watch)", ["the object has 2 programs to load, and the limit is 1"]),
            ("object: one.o, limits: { memory: 64KiB }, \(watch)", ["and its limit is 65536"]),
            (
                "object: one.o, maps: { pw_calls: { maxEntries: 1073741824 } }, \(watch)",
                ["with map pw_calls of 1073741824 entries", "and its limit is 134217728"]
            ),
            ("object: frames.o", ["the section 'xdp' of pw_count does not say where to attach it"]),
            ("object: frames.o, programs: { pw_count: { attach: \"xdp:nosuch0\" } }", ["nosuch0", "ENODEV"]),
            ("object: frames.o, programs: { pw_count: { attach: \"tracepoint:syscalls/sys_enter_getpgid\" } }", ["pw_count"]),
        ]
        for (spec, words) in cases {
            let document = try guarded.folder.file(
                "probe.yaml", "apiVersion: policyd/v1\nkind: Probe\nmetadata: { name: wrong }\nspec: { \(spec) }\n")
            let result = try guarded.policyctl("probe", "load", "-f", document)
            #expect(result.status == 1, "\(spec): \(result.output)\(result.errors)")
            for word in words { #expect(result.errors.contains(word), "\(spec): \(result.errors)") }
        }
        #expect(try guarded.probes().isEmpty)
        #expect(KernelObjects.leftovers(since: before).isEmpty)
        #expect(FolderEntry.all(in: "\(guarded.folder.path)/state/probes").isEmpty)
        try guarded.end()
    }

    @Test func `an object that brings down who loads it does not bring down the daemon`() throws {
        let guarded = try GuardedHost()
        let before = KernelObjects(namePrefix: "bt_")
        let daemon = try guarded.daemon.pid
        let (command, process) = try guarded.loadSlowly()
        kill(process, SIGSEGV)
        #expect(command.wait(seconds: 20) == 1)
        let words = "refused: cannot load object endless.o: trying to load it ended a process by signal \(SIGSEGV)"
        #expect(command.errors.contains(words), "\(command.errors)")
        #expect(try guarded.daemon.pid == daemon && !guarded.daemon.hasEnded)
        #expect(try guarded.probes().isEmpty)
        #expect(KernelObjects.leftovers(since: before).isEmpty)
        try guarded.end()
    }

    @Test func `the daemon stops without waiting for what looks at an object`() throws {
        let guarded = try GuardedHost()
        let before = KernelObjects(namePrefix: "bt_")
        let (command, process) = try guarded.loadSlowly()
        // It would be given up after a minute.
        kill(process, SIGSTOP)
        #expect(try guarded.stop() == 0)
        #expect(command.wait(seconds: 20) != 0)
        #expect(command.errors.contains("policyd is stopping; nothing was loaded"), "\(command.errors)")
        #expect(kill(process, 0) == -1 && errno == ESRCH)
        #expect(KernelObjects.leftovers(since: before).isEmpty)
        try guarded.end()
    }

    @Test func `what a command cannot do is said as usual`() throws {
        let guarded = try GuardedHost()
        let before = KernelObjects(namePrefix: "pw_")
        try guarded.writeObject(.callsOne, as: "one.o")
        let document = try guarded.watchDocument(more: GuardedHost.watchSystemCalls)
        let policy = try guarded.folder.file("policy.yaml", RestartTests.policy)

        let applied = try guarded.policyctl("apply", "-f", document)
        #expect(applied.status == 1 && applied.errors.contains("policyctl probe load -f FILE loads it"), "\(applied.errors)")
        let loaded = try guarded.policyctl("probe", "load", "-f", policy)
        #expect(loaded.status == 1 && loaded.errors.contains("policyctl apply puts policies in force"), "\(loaded.errors)")
        #expect(try guarded.done("validate", "-f", document).output.contains("1 probe"))
        for command in ["events", "unload"] {
            let none = try guarded.policyctl("probe", command, "nosuch")
            #expect(none.status == 1 && none.errors.contains("there is no probe 'nosuch'"), "\(none.errors)")
        }
        #expect(try guarded.policyctl("probe", "load").status == 2)
        #expect(try guarded.policyctl("probe", "load", "-f", document, "--name", "x").status == 2)

        // An object alone is called by its file, and goes where its sections say.
        try guarded.writeObject(.frames, as: "frames.o")
        let alone = try guarded.policyctl("probe", "load", "\(guarded.folder.path)/frames.o")
        #expect(alone.status == 1 && alone.errors.contains("does not say where to attach it"), "\(alone.errors)")
        let dry = try guarded.done("probe", "load", "-f", document, "--dry-run").output
        #expect(dry.contains("would be loaded"))
        #expect(try guarded.probes().isEmpty)
        #expect(KernelObjects.leftovers(since: before).isEmpty)
        try guarded.end()
    }
}

extension GuardedHost {
    /// Has the daemon load an object that the verifier is at for seconds: time enough for what a hostile object brings about.
    ///
    /// - Returns: The command, and the process that loads the object for the daemon.
    fileprivate func loadSlowly() throws -> (command: ChildProcess, process: pid_t) {
        try writeObject(.endless, as: "endless.o")
        let document = try folder.file(
            "endless.yaml",
            """
            apiVersion: policyd/v1
            kind: Probe
            metadata: { name: endless }
            spec: { object: endless.o, programs: { bt_endless: { attach: none } } }
            """)
        let daemon = try daemon.pid
        let command = try launchPolicyctl(["probe", "load", "-f", document])
        var process: pid_t?
        _ = eventually(seconds: 20) {
            process = FolderEntry.all(in: "/proc").lazy.compactMap { pid_t($0.name) }.first { process in
                ProcessStatus(process)["PPid"] == ["\(daemon)"]
                    && FolderEntry.text("/proc/\(process)/cmdline")?.contains("try-probe") == true
            }
            return process != nil || command.hasEnded
        }
        return (command, try #require(process, "\(command.output)\(command.errors)"))
    }
}
