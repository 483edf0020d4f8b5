import BPF
import BPFTestObjects
import BPFTesting
import CorpusObjects
import Glibc
import Probes
import Testing

@Suite("Looking at objects in a process of its own")
struct InspectionTests {
    @Test func `the report says what the object holds`() async throws {
        let report = try await Self.inspection.report(on: EmbeddedObject.opening.bytes, name: "opening")
        #expect(report == (try Inspection.reportHere(on: EmbeddedObject.opening.bytes, name: "opening")))
        #expect(report.name == "opening" && report.license == "GPL" && report.bytes == EmbeddedObject.opening.bytes.count)
        let netfilter = try #require(report.programs.first { $0.name == "bt_netfilter" })
        #expect(netfilter.type == "netfilter" && netfilter.isTypedByConvention && netfilter.section == "netfilter")
        #expect(report.programs.first { $0.name == "bt_unasked" }?.isLoadedByDefault == false)
        #expect(report.maps.map(\.name) == ["bt_open_ring"] && report.maps[0].type == "ringbuf" && report.maps[0].maxEntries == 4096)
        #expect(report.globals.map(\.name).sorted() == ["bt_open_mark", "bt_open_seen"])
        let record = try #require(report.types.first { $0.name == "struct opening_record" })
        #expect(record.size == 32 && record.fields.map(\.name) == ["time", "length", "comm"] && record.fields[2].type == "char[16]")
        #expect(report.refusals.contains { $0.subject == "program bt_unknown" })
    }

    @Test func `what this kernel has not is told, unless the program asks before`() async throws {
        let report = try await Self.inspection.report(on: EmbeddedObject.relocations.bytes, name: "relocations")
        #expect(
            report.refusals == [
                Refusal(subject: "program read_nothing", reason: "it needs struct task_struct.never_there, which this kernel has not")
            ])
        let source = """
            struct __sk_buff;
            extern void no_such_kernel_function(void) __attribute__((section(".ksyms")));
            extern void not_needed(void) __attribute__((section(".ksyms"), weak));
            static long (*helper)(void) = (void *)9999;
            #define PROGRAM(name, place) __attribute__((section(place))) int name(struct __sk_buff *context) { (void)context;
            PROGRAM(calls, "tc") no_such_kernel_function(); if (not_needed) not_needed(); return helper(); }
            PROGRAM(enters, "fentry/no_such_function_anywhere") return 0; }
            PROGRAM(watches, "tracepoint/sched/no_such_tracepoint") return 0; }
            PROGRAM(guards, "lsm/no_such_hook") return 0; }
            PROGRAM(walks, "iter/no_such_things") return 0; }
            PROGRAM(typed, "tp_btf/sched_switch") return 0; }
            """
        let other = try await Self.inspection.report(on: Clang.object(source, "-g", "-mcpu=v3"), name: "other")
        let reasons = Dictionary(grouping: other.refusals) { $0.subject }.mapValues { $0.map(\.reason) }
        #expect(
            reasons["program calls"] == [
                "it calls helper 9999, which this kernel has not",
                "it calls the kernel function no_such_kernel_function, which this kernel has not",
            ])
        #expect(reasons["program enters"] == ["this kernel has no function no_such_function_anywhere"])
        #expect(reasons["program watches"]?.first?.hasPrefix("this kernel has no tracepoint") == true)
        #expect(reasons["program guards"]?.first?.hasPrefix("this kernel has no hook no_such_hook") == true)
        #expect(reasons["program walks"] == ["this kernel has no iterator over no_such_things"])
        #expect(reasons["program typed"] == nil && other.programs.first { $0.name == "typed" }?.attach == "tp_btf:sched_switch")
    }

    @Test func `the kernel's own words are told when it is asked, and nothing stays in it`() async throws {
        let before = KernelObjects(namePrefix: "bt_")
        var inspection = Self.inspection
        inspection.arguments = [Inspection.Depth.loading.rawValue]
        let report = try await inspection.report(on: EmbeddedObject.alternatives.bytes, name: "alternatives")
        #expect(report.refusals.map(\.subject) == ["program bt_best", "program bt_extra"] && report.isLoadable)
        #expect(report.refusals[0].reason.contains("invalid access to packet"), "\(report.refusals[0])")
        // A map that the object has pinned is not.
        let pinning = """
            struct { int (*type)[2]; int (*max_entries)[1]; unsigned *key, *value; int (*pinning)[1]; } bt_pin_me
                __attribute__((section(".maps")));
            __attribute__((section("tc"))) int touch(void *context) { (void)context; return (long)&bt_pin_me == 0; }
            """
        let pinned = try await inspection.report(on: Clang.object(pinning, "-g"), name: "pinning")
        #expect(pinned.maps.first?.pin == "/sys/fs/bpf/bt_pin_me" && pinned.refusals == [])
        #expect(access("/sys/fs/bpf/bt_pin_me", F_OK) != 0)
        let sound = try await inspection.report(on: EmbeddedObject.verdict.bytes, name: "verdict")
        #expect(sound.refusals == [])
        #expect(KernelObjects.leftovers(since: before).isEmpty)
    }

    @Test func `what is no object is refused in words`() async throws {
        await #expect(throws: InspectionError.refused("cannot open object text: it is not an ELF file")) {
            try await Self.inspection.report(on: Array("apiVersion: policyd/v1\n".utf8), name: "text")
        }
    }

    @Test func `a process that crashes takes nothing with it and is told`() async throws {
        let error = await #expect(throws: InspectionError.self) {
            try await Inspection(program: "/bin/sh", arguments: ["-c", "kill -SEGV $$"]).report(on: [], name: "bad")
        }
        #expect(error == .crashed(object: "bad", signal: SIGSEGV))
        #expect(error?.description.contains("made to do harm") == true)
    }

    @Test func `a process that does not end is ended`() async throws {
        let inspection = Inspection(program: "/bin/sh", arguments: ["-c", "sleep 60"], timeLimit: 1)
        await #expect(throws: InspectionError.timedOut(object: "bad", seconds: 1)) { try await inspection.report(on: [], name: "bad") }
        // Also one that has closed what it answers on.
        let silent = Inspection(program: "/bin/sh", arguments: ["-c", "exec >&- 2>&-; sleep 60"], timeLimit: 1)
        await #expect(throws: InspectionError.timedOut(object: "bad", seconds: 1)) { try await silent.report(on: [], name: "bad") }
    }

    @Test func `a process that computes for too long is told of as one that does not end`() async throws {
        let computing = Inspection(program: "/bin/sh", arguments: ["-c", "ulimit -St 1; ulimit -Ht 2; while :; do :; done"], timeLimit: 60)
        await #expect(throws: InspectionError.timedOut(object: "bad", seconds: 60)) { try await computing.report(on: [], name: "bad") }
    }

    @Test func `a process that cannot be started or answers nonsense is told`() async throws {
        let none = await #expect(throws: InspectionError.self) {
            try await Inspection(program: "/nowhere/policyd", arguments: []).report(on: [], name: "x")
        }
        #expect(none?.description == "cannot look at the object: Executable \"/nowhere/policyd\" is not found or cannot be executed.")
        let nonsense = await #expect(throws: InspectionError.self) {
            try await Inspection(program: "/bin/sh", arguments: ["-c", "echo hello"]).report(on: [], name: "x")
        }
        #expect(nonsense == .failed("cannot look at object x: /bin/sh did not answer as agreed"))
        let failing = await #expect(throws: InspectionError.self) {
            try await Inspection(program: "/bin/sh", arguments: ["-c", "echo no rights >&2; exit 3"]).report(on: [], name: "x")
        }
        #expect(failing == .failed("cannot look at object x: /bin/sh ended with 3: no rights"))
    }

    @Test func `the process has no descriptors of ours and no environment`() async throws {
        let descriptor = open("/dev/null", O_RDONLY)
        defer { close(descriptor) }
        func answer(_ script: String) async -> String? {
            await #expect(throws: InspectionError.self) {
                try await Inspection(program: "/bin/sh", arguments: ["-c", "exec >&2; \(script); exit 1"]).report(on: [], name: "x")
            }?.description
        }
        // The last line is told, here the largest number.
        try #require(descriptor > 2)
        #expect(await answer("ls -v /proc/$$/fd") == "cannot look at object x: /bin/sh ended with 1: 2")
        // The shell sets some by itself.
        #expect(
            await answer("env | grep -v '^PWD=\\|^OLDPWD=\\|^SHLVL=\\|^_=' | tr '\\n' ' '")
                == "cannot look at object x: /bin/sh ended with 1: SWIFT_BACKTRACE=enable=no ")
    }

    @Test func `a process that talks without end is ended`() async throws {
        let endless = Inspection(program: "/bin/sh", arguments: ["-c", "yes >&2"], timeLimit: 20)
        let error = await #expect(throws: InspectionError.self) { try await endless.report(on: [], name: "x") }
        #expect(error?.description.contains("limit") == true, "\(String(describing: error))")
    }

    @Test func `a process that does not read to the end ends nobody else`() async {
        await #expect(processExitsWith: .success) {
            signal(SIGPIPE, SIG_DFL)
            // More than a pipe takes.
            let large = [UInt8](repeating: 0, count: 1 << 20)
            let unread = Inspection(program: "/bin/sh", arguments: ["-c", "exit 3"])
            let error = await #expect(throws: InspectionError.self) { try await unread.report(on: large, name: "x") }
            #expect(error == .failed("cannot look at object x: /bin/sh ended with 3"))
        }
    }

    @Test func `nothing is left of a look`() async {
        await #expect(processExitsWith: .success) {
            func look() async {
                _ = try? await Self.inspection.report(on: EmbeddedObject.opening.bytes, name: "opening")
                _ = try? await Self.inspection.report(on: [1, 2, 3], name: "three")
                _ = try? await Inspection(program: "/nowhere", arguments: []).report(on: [], name: "x")
                _ = try? await Inspection(program: "/bin/sh", arguments: ["-c", "sleep 60"], timeLimit: 0).report(on: [], name: "bad")
            }
            await look()
            let descriptors = OpenDescriptors()
            for _ in 0..<3 { await look() }
            #expect(OpenDescriptors.opened(since: descriptors) == [])
            // No child is there, living or dead.
            #expect(waitpid(-1, nil, WNOHANG) == -1 && errno == ECHILD)
        }
    }

    /// The program beside the tests that looks at objects.
    static let inspection = Inspection(program: program, arguments: [Inspection.Depth.reading.rawValue])

    static let program = "\(buildFolder)/fuzz-objects"

    private static let buildFolder: String = {
        let package = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(separator: "/")
        for argument in CommandLine.arguments {
            let folder = argument.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
            if access("\(folder)/fuzz-objects", X_OK) == 0 { return folder }
        }
        return "\(package)/.build/debug"
    }()
}
