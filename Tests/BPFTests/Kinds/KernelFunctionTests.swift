import BPF
import BPFTestObjects
import BPFTesting
import Glibc
import Testing

/// Programs at kernel functions. What skips here for want of the feature runs in the emulated machine: scripts/vm-tests.
@Suite("Kernel functions", .timeLimit(.minutes(5)))
struct KernelFunctionTests {
    static let inVM: Comment = "this kernel has no such probes: run scripts/vm-tests"

    @Test(.enabled(if: Features.kprobe == .available, inVM)) func `a kprobe and a kretprobe, with a cookie`() throws {
        let loaded = try OpenObject.ofThisProcess(.kprobes).load()
        let hits = try Hits(loaded)
        do {
            let link = try loaded.program("bt_kprobe", as: Kprobe.self).attach(function: "do_unlinkat", cookie: 7)
            let attachment = try loaded.program("bt_kretprobe").attach(to: AttachTarget(text: "kretprobe:do_unlinkat"))
            callUnlinkat(folder: 0x4242)
            unlinkat(0x4242, "bpftest", 0)
            #expect(try hits.value(0) == 7 << 32 | 0x4242)
            #expect(try Int32(truncatingIfNeeded: hits.value(1)) == -EBADF)
            #expect(try link.info.kind == .perfEvent)
            // Kernels before 6.6 do not tell.
            let target = try attachment.links[0].target
            #expect(target == .kprobe(function: "do_unlinkat", offset: 0, isReturn: true) || target == .unknown, "\(target)")
        }
        let before = try hits.count(0)
        unlinkat(0x4242, "bpftest", 0)
        #expect(try hits.count(0) == before)
    }

    @Test(.enabled(if: Features.kprobe == .available, inVM)) func `a system call by its name`() throws {
        let loaded = try OpenObject.ofThisProcess(.kprobes).load()
        let hits = try Hits(loaded)
        let entry = try loaded.program("bt_ksyscall", as: Kprobe.self).attach(syscall: "unlinkat")
        let target = try #require(AttachTarget(section: "kretsyscall/unlinkat"))
        let exit = try loaded.program("bt_kretsyscall").attach(to: target)
        unlinkat(0x4242, "bpftest", 0x5a5a)
        #expect(try hits.value(2) == 0x5a5a << 32 | 0x4242)
        #expect(try Int32(truncatingIfNeeded: hits.value(3)) == -EINVAL)
        #expect(try entry.info.kind == .perfEvent)
        try exit.detach()
        let none = try #require(throws: BPFError.self) {
            _ = try loaded.program("bt_ksyscall", as: Kprobe.self).attach(syscall: "no_such_call")
        }
        #expect(none.errno == ENOENT)
    }

    @Test(.enabled(if: Features.fentry == .available, inVM)) func `entry and return of a function, with typed arguments`() throws {
        var object = try OpenObject.ofThisProcess(.functions)
        for name in ["bt_lsm", "bt_fmod_ret"] { try object.setAutoload(false, program: name) }
        let loaded = try object.load()
        let hits = try Hits(loaded)
        let exit = try loaded.program("bt_fexit", as: Fexit.self).attach()
        do {
            let entry = try loaded.program("bt_fentry", as: Fentry.self).attach(cookie: 5)
            unlinkat(0x4242, "bpftest", 0)
            #expect(try hits.value(0) == 5 << 32 | 0x4242)
            #expect(try Int32(truncatingIfNeeded: hits.value(1)) == -EBADF)
            guard case .tracing(.fentry, _, let type) = try entry.info.target else {
                Issue.record("\(try entry.info)")
                return
            }
            #expect(try loaded.program("bt_fentry").info.attachBTFID == type)
        }
        unlinkat(0x4242, "bpftest", 0)
        #expect(try hits.count(0) == 1 && hits.count(1) == 2)
        #expect(try exit.info.kind == .tracing)
        let attachment = try loaded.program("bt_fentry").attach(to: .fentry(function: "do_unlinkat"))
        try attachment.detach()
        let other = try #require(throws: BPFError.self) { _ = try loaded.program("bt_fentry").attach(to: .fentry(function: "do_rmdir")) }
        #expect(other.reason == "it was loaded for something else")
    }

    @Test(.enabled(if: Features.fentry == .available, inVM)) func `a function is chosen before the load`() throws {
        var object = try OpenObject.ofThisProcess(.functions)
        for name in ["bt_lsm", "bt_fmod_ret", "bt_fexit"] { try object.setAutoload(false, program: name) }
        let target = AttachTarget.fentry(function: "do_rmdir")
        try object.setTarget(target, ofProgram: "bt_fentry")
        let loaded = try object.load()
        let attachment = try loaded.program("bt_fentry").attach(to: target)
        rmdir("/proc/bpftest")
        #expect(try Hits(loaded).count(0) == 1)
        try attachment.detach()
    }

    @Test(.enabled(if: Features.fmodReturn == .available, inVM)) func `a program answers in a function's place`() throws {
        var object = try OpenObject.ofThisProcess(.functions)
        for name in ["bt_lsm", "bt_fentry", "bt_fexit"] { try object.setAutoload(false, program: name) }
        let loaded = try object.load()
        let path = "/tmp/bpftest-\(getpid())-fmod"
        defer { rmdir(path) }
        do {
            let link = try loaded.program("bt_fmod_ret", as: FmodRet.self).attach()
            #expect(mkdir(path, 0o700) == -1 && errno == ENOSPC)
            #expect(try Hits(loaded).count(2) == 1)
            #expect(try link.info.kind == .tracing)
        }
        #expect(mkdir(path, 0o700) == 0)
    }

    @Test(.enabled(if: Features.lsm == .available, inVM)) func `a program at a hook of the security modules refuses`() throws {
        var object = try OpenObject.ofThisProcess(.functions)
        for name in ["bt_fmod_ret", "bt_fentry", "bt_fexit"] { try object.setAutoload(false, program: name) }
        let loaded = try object.load()
        let path = "/tmp/bpftest-\(getpid())-lsm"
        try #require(mkdir(path, 0o700) == 0)
        defer { rmdir(path) }
        do {
            let link = try loaded.program("bt_lsm", as: LSM.self).attach()
            #expect(rmdir(path) == -1 && errno == ENOSPC)
            #expect(try Hits(loaded).count(3) == 1)
            guard case .tracing(.lsm, _, _) = try link.info.target else {
                Issue.record("\(try link.info)")
                return
            }
        }
        #expect(rmdir(path) == 0)
        _ = try loaded.program("bt_lsm").attach(to: AttachTarget(text: "lsm:inode_rmdir"))
    }

    @Test(.enabled(if: Features.lsm == .available, inVM)) func `a program at such a hook refuses the processes of a control group`() async {
        await #expect(processExitsWith: .success) {
            let group = try ControlGroup()
            let loaded = try OpenObject(.lsmCgroup).load()
            let program = try loaded.program("bt_bind", as: LSMCgroup.self)
            let link = try program.attach(cgroup: group.path)
            #expect(try link.info.target == .cgroup(id: group.id, .lsmCgroup))
            let outside = try TestSocket.bound(.udp, "127.0.0.1", port: 0)
            try group.enter()
            #expect(throws: TestingError.self) { _ = try TestSocket.bound(.udp, "127.0.0.1", port: 0) }
            try group.leave()
            #expect(try Hits(loaded).count(0) == 1)
            #expect(outside.port != 0)
            _ = try program.program.attach(to: AttachTarget(text: "lsm_cgroup:socket_bind:\(group.path)"))
        }
    }
}

/// Many functions by one link, which Debian's 6.1 was built without.
@Suite("Many kernel functions", .timeLimit(.minutes(5)))
struct KprobeMultiTests {
    @Test(.enabled(if: Features.kprobeMulti == .available, "this kernel has no kprobe.multi: run scripts/vm-tests -k 6.12"))
    func `many functions by one link, each with its cookie`() throws {
        let loaded = try OpenObject.ofThisProcess(.multi).load()
        let hits = try Hits(loaded)
        let entry = try loaded.program("bt_multi", as: KprobeMulti.self)
        do {
            // Not in the order of their names or addresses.
            let link = try entry.attach(functions: .named(["do_unlinkat", "do_rmdir"]), cookies: [1, 2])
            let exit = try loaded.program("bt_multi_return").attach(to: AttachTarget(text: "kretprobe.multi:do_rmdir"), cookie: 3)
            unlinkat(0x4242, "bpftest", 0)
            rmdir("/proc/bpftest")
            #expect(try hits.count(1) == 1 && hits.count(2) == 1)
            #expect(try hits.value(1) != hits.value(2))
            #expect(try Int32(truncatingIfNeeded: hits.value(11)) < 0)
            #expect(try link.info.kind == .kprobeMulti)
            let links = try exit.links
            #expect(links.count == 1)
        }
        unlinkat(0x4242, "bpftest", 0)
        #expect(try hits.count(1) == 1)
        try withTraceFilesystem {
            let all = try entry.attach(functions: .matching("do_un*at"), cookies: [4])
            unlinkat(0x4242, "bpftest", 0)
            #expect(try hits.count(4) >= 1)
            // Kernels before 6.6 do not tell.
            switch try all.info.target {
            case .kprobeMulti(let count, let isReturn): #expect(count >= 1 && !isReturn)
            case let target: #expect(target == .unknown)
            }
        }
        let cookies = try #require(throws: BPFError.self) { _ = try entry.attach(functions: .named(["do_rmdir"]), cookies: [1, 2]) }
        #expect(cookies.reason == "there are 2 cookies for 1 functions")
        let none = try #require(throws: BPFError.self) { _ = try entry.attach(functions: .matching("no_such_*_function")) }
        #expect(none.reason == "no function of the kernel's matches" && none.errno == ENOENT)
        let named = try #require(throws: BPFError.self) { _ = try entry.attach(functions: .named(["no_such_function"])) }
        #expect(named.errno == ESRCH)
    }

    @Test func `kprobe.multi programs are no kprobes, and kprobes are not of many functions`() throws {
        let multi = try OpenObject.ofThisProcess(.multi).load()
        let error = try #require(throws: BPFError.self) { _ = try multi.program("bt_multi", as: Kprobe.self) }
        #expect(error.reason == "it is no kprobe program: it was loaded for trace_kprobe_multi")
        let single = try #require(throws: BPFError.self) {
            _ = try OpenObject(.tracing).load().program("bt_kprobe").attach(to: .kprobeMulti(.named(["do_rmdir"])))
        }
        #expect(single.reason == "it was loaded for nothing in particular, and the target takes programs loaded for trace_kprobe_multi")
    }
}
