import BPF
import BPFTestObjects
import BPFTesting
import CBPFTestObjects
import Glibc
import Testing

/// Programs that report what this process does, through the perf buffer.
@Suite("Tracing programs report through the perf buffer", .timeLimit(.minutes(5)))
struct TracingTests {
    /// Loads the tracing object, attaches by `attach`, calls `trigger` until `isEnough` of the events seen, and returns these.
    private func events(
        attach: (borrowing LoadedObject) throws -> [Box<Link>], trigger: @Sendable () -> Void, until isEnough: ([bt_event]) -> Bool
    ) async throws -> [bt_event] {
        var object = try OpenObject(.tracing)
        try object.setGlobal("bt_pid", to: UInt32(getpid()))
        let loaded = try object.load()
        let buffer = try loaded.perfBuffer("bt_events")
        let links = try attach(loaded)
        var found: [bt_event] = []
        trigger()
        for try await batch in buffer.batches() {
            batch.forEach(as: bt_event.self) { found.append($0) }
            #expect(batch.lost == 0)
            if isEnough(found) { break }
            trigger()
        }
        #expect(!links.isEmpty)
        #expect(found.allSatisfy { $0.pid == UInt32(getpid()) })
        return found
    }

    @Test func `a tracepoint`() async throws {
        let events = try await events { loaded in
            let program = try loaded.program("bt_tracepoint", as: Tracepoint.self)
            return [
                Box(try withTraceFilesystem { Box(try program.attach(category: "syscalls", name: "sys_enter_unlinkat")) }).value
            ]
        } trigger: {
            // Flags the call refuses, and by which it is known again.
            unlinkat(-1, "bpftest", 0x5a5a)
        } until: {
            $0.contains { $0.argument == 0x5a5a }
        }
        #expect(events.contains { $0.kind == 1 && $0.argument == 0x5a5a && $0.command.0 != 0 })
    }

    @Test(.enabled(if: Features.uprobe == .available, "this kernel has no uprobes")) func `a uprobe and a uretprobe`() async throws {
        let library = try #require(pathOfLibrary("libc.so"))
        let events = try await events { loaded in
            let entry = try loaded.program("bt_uprobe", as: Uprobe.self)
            let exit = try loaded.program("bt_uretprobe", as: Uprobe.self)
            let first = Box(try entry.attach(to: CodePlace(library, symbol: "getpgid"), pid: getpid()))
            let second = Box(try exit.attach(to: CodePlace(library, symbol: "getpgid"), pid: getpid(), isReturn: true))
            #expect(try first.value.info.kind == .perfEvent)
            return [first, second]
        } trigger: {
            getpgid(0x765_4321)
        } until: { found in
            found.contains { $0.kind == 4 && $0.argument == 0x765_4321 } && found.contains { $0.kind == 5 }
        }
        #expect(events.contains { $0.kind == 5 && Int32(truncatingIfNeeded: $0.argument) == -1 })
    }

    @Test(.enabled(if: Features.kprobe == .available, "this kernel has no kprobes: run scripts/vm-tests"))
    func `a kprobe and a kretprobe`() async throws {
        let events = try await events { loaded in
            let entry = try loaded.program("bt_kprobe", as: Kprobe.self)
            let exit = try loaded.program("bt_kretprobe", as: Kprobe.self)
            return [
                Box(try entry.attach(function: "do_unlinkat")), Box(try exit.attach(function: "do_unlinkat", isReturn: true)),
            ]
        } trigger: {
            // A descriptor nobody has, by which the call is known again.
            unlinkat(0x4242, "bpftest", 0)
        } until: { found in
            found.contains { $0.kind == 2 && $0.argument == 0x4242 } && found.contains { $0.kind == 3 }
        }
        #expect(events.contains { $0.kind == 3 && Int32(truncatingIfNeeded: $0.argument) == -EBADF })
    }

    @Test func `targets that are not there are refused in words`() throws {
        let loaded = try OpenObject(.tracing).load()
        let kprobe = try loaded.program("bt_kprobe", as: Kprobe.self)
        let none = try #require(throws: BPFError.self) { _ = try kprobe.attach(function: "no_such_function") }
        #expect(none.errno == ENOENT && none.subject == "program bt_kprobe to kprobe no_such_function")
        let uprobe = try loaded.program("bt_uprobe", as: Uprobe.self)
        #expect(throws: BPFError.self) { _ = try uprobe.attach(to: CodePlace("/nowhere", symbol: "main")) }
        #expect(throws: BPFError.self) { _ = try uprobe.attach(to: CodePlace("/etc/passwd", symbol: "main")) }
        let unknown = try #require(throws: BPFError.self) { _ = try uprobe.attach(to: CodePlace("/bin/true", symbol: "no_such_function")) }
        #expect(unknown.reason == "/bin/true has no function no_such_function")
        let tracepoint = try loaded.program("bt_tracepoint", as: Tracepoint.self)
        let missing = try #require(throws: BPFError.self) { _ = try tracepoint.attach(category: "syscalls", name: "none") }
        #expect(missing.errno == ENOENT && missing.reason == "no /sys/kernel/tracing/events/syscalls/none/id")
    }
}

/// The path of a library this process has loaded.
func pathOfLibrary(_ name: String) -> String? {
    guard let maps = fopen("/proc/self/maps", "re") else { return nil }
    defer { fclose(maps) }
    var line = [CChar](repeating: 0, count: 1024)
    while fgets(&line, Int32(line.count), maps) != nil {
        let text = String(decoding: line.prefix { $0 != 0 && $0 != 10 }.map { UInt8(truncatingIfNeeded: $0) }, as: UTF8.self)
        if text.contains(name), let path = text.split(separator: " ").last { return String(path) }
    }
    return nil
}
