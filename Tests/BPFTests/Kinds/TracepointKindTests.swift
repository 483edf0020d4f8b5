import BPF
import BPFTestObjects
import BPFTesting
import CBPFTestObjects
import Glibc
import Testing

/// Tracepoints of every kind, clocks and user code: each attaches by its type, fires, and carries its cookie.
@Suite("Tracepoints, clocks and user code", .timeLimit(.minutes(5)))
struct TracepointKindTests {
    @Test func `a tracepoint, by its type and by a text`() throws {
        let loaded = try OpenObject.ofThisProcess(.tracepoints).load()
        let hits = try Hits(loaded)
        let program = try loaded.program("bt_tracepoint", as: Tracepoint.self)
        try withTraceFilesystem {
            let link = try program.attach(category: "syscalls", name: "sys_enter_unlinkat", cookie: 77)
            callUnlinkat()
            #expect(try hits.count(0) == 1 && hits.value(0) == 77 << 32 | 0x5a5a)
            #expect(try link.info.kind == .perfEvent)
        }
        callUnlinkat()
        #expect(try hits.count(0) == 1)
        try withTraceFilesystem {
            let target = try #require(AttachTarget(section: "tp/syscalls/sys_enter_unlinkat"))
            let attachment = try loaded.program("bt_tracepoint").attach(to: target, cookie: 78)
            callUnlinkat()
            #expect(try hits.value(0) >> 32 == 78)
            let links = try attachment.links
            #expect(links.map(\.kind) == [.perfEvent])
        }
    }

    @Test func `a raw tracepoint`() throws {
        let loaded = try OpenObject.ofThisProcess(.tracepoints).load()
        let hits = try Hits(loaded)
        let program = try loaded.program("bt_raw_tracepoint", as: RawTracepoint.self)
        do {
            let link = try program.attach(to: "sys_enter")
            callUnlinkat()
            #expect(try hits.count(1) > 0)
            #expect(try link.info.target == .rawTracepoint(name: "sys_enter"))
        }
        let error = try #require(throws: BPFError.self) { _ = try program.attach(to: "no_such_event") }
        #expect(error.description.hasPrefix("cannot attach program bt_raw_tracepoint to raw tracepoint no_such_event"))
        #expect(error.errno == ENOENT)
    }

    @Test func `a BTF tracepoint is bound when it is loaded`() throws {
        let loaded = try OpenObject.ofThisProcess(.tracepoints).load()
        let hits = try Hits(loaded)
        do {
            let link = try loaded.program("bt_btf_tracepoint", as: BTFTracepoint.self).attach()
            callUnlinkat()
            #expect(try hits.count(2) > 0)
            // The kernel tells it as a raw tracepoint.
            #expect(try link.info.target == .rawTracepoint(name: "sys_enter"))
        }
        let program = try loaded.program("bt_btf_tracepoint")
        _ = try program.attach(to: .btfTracepoint(name: "sys_enter"))
        let other = try #require(throws: BPFError.self) { _ = try program.attach(to: .btfTracepoint(name: "sys_exit")) }
        #expect(other.reason == "it was loaded for something else")
    }

    @Test func `a program goes where it is told before the load`() throws {
        var object = try OpenObject.ofThisProcess(.tracepoints)
        try object.setTarget(.btfTracepoint(name: "sys_exit"), ofProgram: "bt_btf_tracepoint")
        let loaded = try object.load()
        _ = try loaded.program("bt_btf_tracepoint").attach(to: .btfTracepoint(name: "sys_exit"))
        var again = try OpenObject.ofThisProcess(.tracepoints)
        let error = try #require(throws: BPFError.self) {
            try again.setTarget(.btfTracepoint(name: "no_such_event"), ofProgram: "bt_btf_tracepoint")
        }
        #expect(error.reason == "the kernel has no tp_btf:no_such_event")
    }

    /// Tries until something holds, and keeps the processor busy meanwhile: clocks of tasks stand while these sleep.
    private func eventuallyAtWork(_ holds: () throws -> Bool) rethrows -> Bool {
        let end = ContinuousClock.now + .seconds(10)
        while ContinuousClock.now < end {
            if try holds() { return true }
            callUnlinkat()
        }
        return false
    }

    @Test func `a clock runs the program on the processors of a process, or on all`() throws {
        let loaded = try OpenObject.ofThisProcess(.tracepoints).load()
        let hits = try Hits(loaded)
        let program = try loaded.program("bt_clock", as: PerfSampling.self)
        do {
            let attachment = try program.attach(to: PerfSample(.taskClock, .period(100_000), pid: thread()), cookie: 5)
            #expect(try eventuallyAtWork { try hits.count(3) >= 3 })
            #expect(try hits.value(3) == 5)
            let links = try attachment.links
            #expect(links.count == 1)
        }
        let before = try hits.count(3)
        let attachment = try loaded.program("bt_clock").attach(to: AttachTarget(text: "perf_event:cpu-clock frequency=2000"))
        #expect(try eventuallyAtWork { try hits.count(3) > before })
        let links = try attachment.links
        #expect(links.count == sysconf(CInt(_SC_NPROCESSORS_ONLN)))
    }

    @Test(.enabled(if: Features.uprobe == .available, "this kernel has no uprobes"))
    func `a uprobe and a uretprobe, with cookies, pinned and not`() throws {
        let loaded = try OpenObject.ofThisProcess(.tracepoints).load()
        let hits = try Hits(loaded)
        // libc's getpgid takes a process and returns -1 for what is none.
        let place = CodePlace("libc.so.6", symbol: "getpgid")
        let entry = try loaded.program("bt_uprobe", as: Uprobe.self)
        let fs = try PrivateBPFFS()
        let path = fs.path("uprobe")
        try entry.attach(to: place, pid: getpid(), cookie: 9).pin(at: path)
        let exit = try loaded.program("bt_uretprobe").attach(to: .uretprobe(place, pid: getpid()), cookie: 8)
        getpgid(0x765)
        #expect(try hits.value(4) == 9 << 32 | 0x765)
        #expect(try hits.value(5) == 8 << 32 | 0xffff_ffff)
        switch try exit.links[0].target {
        case .uprobe(let binary, let offset, let isReturn): #expect(binary.hasSuffix("libc.so.6") && offset > 0 && isReturn)
        // Kernels before 6.6 do not tell.
        case let target: #expect(target == .unknown)
        }
        try exit.detach()
        getpgid(0x765)
        #expect(try hits.count(4) == 2 && hits.count(5) == 1)
        let pinned = try Attachment(pinnedAt: path).links
        #expect(pinned.map(\.kind) == [.perfEvent])
    }

    @Test func `an attachment of several links is pinned at as many paths, and takes no other pin for one of its own`() throws {
        let fs = try PrivateBPFFS()
        let program = try OpenObject.ofThisProcess(.tracepoints).load().program("bt_clock")
        let whole = try program.attach(to: AttachTarget(text: "perf_event:cpu-clock frequency=1"))
        let count = whole.linkCount ?? 0
        #expect(count == sysconf(CInt(_SC_NPROCESSORS_ONLN)))
        let paths = (0..<count).map { fs.path("clock-\($0)") }
        if count > 1 {
            let refused = #expect(throws: BPFError.self) { try whole.pin(at: fs.path("clock")) }
            #expect(refused?.reason == "it consists of \(count) links, and each needs a path of its own; there are 1")
        }
        #expect(throws: BPFError.self) { try whole.pin(at: paths + [fs.path("more")]) }
        #expect(throws: BPFError.self) { try whole.pin(at: paths.dropLast() + [fs.path("no/such/folder")]) }
        #expect(fs.pins.isEmpty)
        try whole.pin(at: paths)
        let one = try program.attach(to: AttachTarget(text: "perf_event:cpu-clock frequency=1 cpu=0"))
        try one.pin(at: fs.path("clock"))
        // The name of the first is where those of the others begin.
        #expect(try Attachment(pinnedAt: fs.path("clock")).links.map(\.id) == one.links.map(\.id))
        #expect(try Attachment(pinnedAt: paths).links.map(\.id) == whole.links.map(\.id))
        #expect(throws: BPFError.self) { _ = try Attachment(pinnedAt: []) }
    }

    @Test(.enabled(if: Features.uprobe == .available, "this kernel has no uprobes"))
    func `a USDT probe runs the program with its arguments`() throws {
        let loaded = try OpenObject.ofThisProcess(.usdt).load()
        let hits = try Hits(loaded)
        let program = try loaded.program("bt_usdt", as: USDT.self)
        let library = try ProbedLibrary("usdt")
        library.call(1)
        do {
            let attachment = try program.attach(binary: library.path, provider: "bpftest", name: "call", cookie: 6)
            #expect(library.watchers > 0)
            library.call(0x123)
            #expect(try hits.count(0) == 1)
            #expect(try hits.value(0) == 6 << 32 | 77 << 16 | 0x123)
            let canBePinned = attachment.canBePinned
            #expect(!canBePinned)
            let pin = try #require(throws: BPFError.self) { try attachment.pin(at: "/nowhere") }
            #expect(pin.reason == "an attachment to USDT probes cannot be pinned")
        }
        library.call(2)
        #expect(library.watchers == 0)
        #expect(try hits.count(0) == 1)
        let target = try AttachTarget(text: "usdt:\(library.path):bpftest:call pid=\(getpid())")
        let attachment = try loaded.program("bt_usdt").attach(to: target)
        library.call(3)
        #expect(try hits.value(0) & 0xffff == 3)
        try attachment.detach()
        let none = try #require(throws: BPFError.self) {
            _ = try program.attach(binary: library.path, provider: "bpftest", name: "silence")
        }
        #expect(none.errno == ENOENT && none.subject == "program bt_usdt to usdt \(library.path):bpftest:silence")
    }

    @Test func `a program of another kind is refused in words`() throws {
        let loaded = try OpenObject.ofThisProcess(.tracepoints).load()
        let typed = try #require(throws: BPFError.self) { _ = try loaded.program("bt_clock", as: Kprobe.self) }
        #expect(typed.description == "cannot find program bt_clock: it is no kprobe program, but one of type perf_event")
        let bound = try #require(throws: BPFError.self) { _ = try loaded.program("bt_btf_tracepoint", as: Fentry.self) }
        #expect(bound.reason == "it is no fentry program: it was loaded for trace_raw_tp")
        let target = try #require(throws: BPFError.self) { _ = try loaded.program("bt_clock").attach(to: .xdp(interface: "lo")) }
        #expect(target.reason == "it is of type perf_event, and the target takes xdp")
        let cookie = try #require(throws: BPFError.self) {
            _ = try OpenObject(.verdict).load().program("bt_xdp_pass").attach(to: .xdp(interface: "lo"), cookie: 1)
        }
        #expect(cookie.reason == "the target has no cookies")
    }
}

/// The number of this thread.
private func thread() -> Int32 {
    var target = [CChar](repeating: 0, count: 64)
    let length = readlink("/proc/thread-self", &target, target.count)
    let path = String(decoding: target.prefix(max(0, length)).map { UInt8(truncatingIfNeeded: $0) }, as: UTF8.self)
    return path.split(separator: "/").last.flatMap { Int32($0) } ?? 0
}
