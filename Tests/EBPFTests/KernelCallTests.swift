import BPF
import BPFTesting
import EBPFTestObjects
import EBPFTestTypes
import Glibc
import Testing

/// Programs that tell of calls this process makes.
@Suite("Tracing programs in Swift", .timeLimit(.minutes(2)))
struct KernelCallTests {
    /// Loads the object, attaches a program, calls `trigger` until its record comes, and returns that.
    private func call(
        of name: String, in source: EmbeddedObject = .calls, to target: String, trigger: @Sendable () -> Void,
        where isWanted: (Call) -> Bool
    ) async throws -> (Call, stack: Int) {
        var object = try OpenObject(source)
        try object.setGlobal("process", to: UInt32(getpid()))
        let loaded = try object.load()
        let ring = try loaded.ringBuffer("calls")
        let place = try AttachTarget(text: target)
        let attachment = try withTraceFilesystem { Holder(try loaded.program(name).attach(to: place)) }
        var found: Call?
        trigger()
        for try await batch in ring.batches() {
            batch.forEach(as: Call.self) { if found == nil, isWanted($0) { found = $0 } }
            if found != nil { break }
            trigger()
        }
        #expect(try !attachment.attachment.links.isEmpty)
        let call = try #require(found)
        guard source.name == EmbeddedObject.calls.name else { return (call, 0) }
        let stacks = try StackTraces(adopting: loaded.withMapDescriptor("stacks") { dup($0) })
        return (call, try stacks.frames(of: call.user)?.count ?? 0)
    }

    /// Attachments cannot be returned from closures by themselves.
    private final class Holder {
        let attachment: BPF.Attachment
        init(_ attachment: consuming BPF.Attachment) { self.attachment = attachment }
    }

    @Test("A tracepoint's fields, the process that makes the call and the text it gives")
    func tracepoint() async throws {
        let (call, _) = try await call(of: "traced", to: "tracepoint:syscalls/sys_enter_unlinkat") {
            // Flags the call refuses, and by which it is known again.
            unlinkat(-1, "a path of more than thirty-two bytes", 0x6b6b)
        } where: {
            $0.argument == 0x6b6b
        }
        #expect(call.kind == 1)
        #expect(call.process == UInt32(getpid()))
        #expect(call.user == getuid())
        #expect(call.at > 0)
        // Cut to what the array takes, with its NUL.
        #expect(call.path.text == "a path of more than thirty-two ")
        #expect(!call.name.text.isEmpty)
    }

    @Test("A raw tracepoint's arguments")
    func rawTracepoint() async throws {
        let (call, _) = try await call(of: "raw", to: "raw_tracepoint:sys_enter") {
            setpgid(-1, 0)
        } where: {
            $0.kind == 2
        }
        #expect(call.process == UInt32(getpid()))
    }

    @Test("A function's arguments, the stack it was called from, and its result", .enabled(if: Features.uprobe == .available, "no uprobes"))
    func userFunctions() async throws {
        let library = try #require(pathOfLibrary("libc.so"))
        let (entry, stack) = try await call(of: "entered", to: "uprobe:\(library):getpgid") {
            getpgid(0x765_4321)
        } where: {
            $0.argument == 0x765_4321
        }
        #expect(entry.kind == 3)
        #expect(stack > 0)
        let (exit, _) = try await call(of: "left", to: "uretprobe:\(library):getpgid") {
            getpgid(0x765_4321)
        } where: {
            Int32(truncatingIfNeeded: $0.argument) == -1
        }
        #expect(exit.kind == 4)
    }

    @Test("Memory of the process, as text and as a number, and what is none", .enabled(if: Features.uprobe == .available, "no uprobes"))
    func userMemory() async throws {
        let library = try #require(pathOfLibrary("libc.so"))
        let (call, _) = try await call(of: "asked", to: "uprobe:\(library):access") {
            access("abcd-of-the-tests", 0)
        } where: {
            $0.path.text == "abcd-of-the-tests"
        }
        #expect(call.kind == 5)
        #expect(call.argument == 0x6463_6261)
    }

    @Test("A tracepoint's text of any length")
    func recordedText() async throws {
        let (call, _) = try await call(of: "executed", to: "tracepoint:sched/sched_process_exec") {
            _ = try? runCommand(["/bin/true"])
        } where: {
            $0.path.text == "/bin/true"
        }
        #expect(call.kind == 11)
        #expect(UInt64(call.process) == call.argument)
        #expect(call.name.text == "true")
    }

    @Test("A tracepoint with the kernel's types")
    func typedTracepoint() async throws {
        let (call, _) = try await call(of: "typed", in: .functions, to: "tp_btf:sys_enter") {
            setpgid(-1, 0)
        } where: {
            $0.kind == 8
        }
        #expect(call.argument != 0)
    }

    @Test(
        "A kernel function's arguments and result",
        .enabled(if: Features.kprobe == .available, "this kernel has no kprobes: run scripts/vm-tests"))
    func kernelFunctions() async throws {
        // A descriptor nobody has, by which the call is known again.
        let (entry, _) = try await call(of: "unlinking", in: .functions, to: "kprobe:do_unlinkat") {
            unlinkat(0x4242, "a path", 0)
        } where: {
            $0.argument == 0x4242
        }
        #expect(entry.kind == 6)
        let (exit, _) = try await call(of: "unlinked", in: .functions, to: "kretprobe:do_unlinkat") {
            unlinkat(0x4242, "a path", 0)
        } where: {
            Int32(truncatingIfNeeded: $0.argument) == -EBADF
        }
        #expect(exit.kind == 7)
    }

    @Test(
        "The same by trampolines",
        .enabled(if: Features.fentry == .available && Features.fexit == .available, "no trampolines here: run scripts/vm-tests"))
    func trampolines() async throws {
        let (entry, _) = try await call(of: "entering", in: .trampolines, to: "fentry:do_unlinkat") {
            unlinkat(0x4243, "a path", 0)
        } where: {
            UInt32(truncatingIfNeeded: $0.argument) == 0x4243
        }
        #expect(entry.kind == 9)
        let (exit, _) = try await call(of: "leaving", in: .trampolines, to: "fexit:do_unlinkat") {
            unlinkat(0x4243, "a path", 0)
        } where: {
            Int32(truncatingIfNeeded: $0.argument) == -EBADF
        }
        #expect(exit.kind == 10)
    }

    @Test("A hook of security modules", .enabled(if: Features.lsm == .available, "no BPF among the security modules: run scripts/vm-tests"))
    func securityVerdicts() throws {
        var object = try OpenObject(.security)
        try object.setGlobal("process", to: UInt32(getpid()))
        let loaded = try object.load()
        do {
            let attachment = try loaded.program("judge").attach(to: AttachTarget(text: "lsm:task_getpgid"))
            // Of itself, as 0, everyone may ask without being judged.
            #expect(getpgid(getpid()) == -1 && errno == EBADFD)
            #expect(try attachment.links.count == 1)
        }
        #expect(getpgid(getpid()) == getpgrp())
    }

    /// Where a library that this process uses lies.
    private func pathOfLibrary(_ name: String) -> String? {
        guard let file = unsafe fopen("/proc/self/maps", "r") else { return nil }
        defer { unsafe fclose(file) }
        var line = [CChar](repeating: 0, count: 4096)
        while unsafe fgets(&line, Int32(line.count), file) != nil {
            let text = String(decoding: line.prefix { $0 != 0 && $0 != 10 }.map { UInt8(truncatingIfNeeded: $0) }, as: UTF8.self)
            if let path = text.split(separator: " ").last, path.hasPrefix("/"), path.contains(name) { return String(path) }
        }
        return nil
    }
}
