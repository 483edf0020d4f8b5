import CLibBPF
import Glibc

extension TypedProgram<Tracepoint> {
    /// Attaches to a tracepoint, `syscalls` and `sys_enter_openat` for example.
    ///
    /// - Throws: `BPFError` with ENOENT if there is no such tracepoint, or the trace filesystem is not at `/sys/kernel/tracing`.
    ///
    /// Requires Linux 5.15. The corresponding libbpf function is `bpf_program__attach_tracepoint_opts`.
    public func attach(category: String, name: String, cookie: UInt64 = 0) throws(BPFError) -> Link {
        try program.attach(tracepoint: category, name, cookie: cookie)
    }
}

extension TypedProgram<RawTracepoint> {
    /// Attaches to a tracepoint by its bare name, `sched_switch` for example. Cookies require Linux 6.10.
    ///
    /// The corresponding libbpf function is `bpf_program__attach_raw_tracepoint`.
    public func attach(to event: String, cookie: UInt64 = 0) throws(BPFError) -> Link {
        try program.attach(rawTracepoint: event, cookie: cookie)
    }
}

extension TypedProgram where Kind: BoundProgramKind {
    /// Attaches to what the program was loaded for: what its section said, or `OpenObject.setTarget(_:ofProgram:)`.
    ///
    /// Cookies require Linux 5.19, and for BTF tracepoints 6.10.
    ///
    /// - Throws: `BPFError` with ENOTSUPP or EINVAL where the kernel cannot run programs at functions.
    ///
    /// The corresponding libbpf functions are `bpf_program__attach_trace_opts` and `bpf_program__attach_lsm`.
    public func attach(cookie: UInt64 = 0) throws(BPFError) -> Link {
        try program.attach(bound: Kind.attachTypes.first ?? .unspecified, target: Kind.name, cookie: cookie)
    }
}

extension Program {
    func attach(tracepoint category: String, _ event: String, cookie: UInt64) throws(BPFError) -> Link {
        let subject = "program \(name) to tracepoint \(category)/\(event)"
        return try PerfEvent(tracepoint: category, event, subject: subject).link(to: self, cookie: cookie, subject: subject)
    }

    /// Attaches to a tracepoint; without a name, to the one the program was loaded for.
    func attach(rawTracepoint event: String?, target: String = "raw tracepoint", cookie: UInt64) throws(BPFError) -> Link {
        var request = swiftbpf_raw_tracepoint_open()
        request.prog_fd = UInt32(bitPattern: fileDescriptor)
        request.cookie = cookie
        let size = UInt32(MemoryLayout<swiftbpf_raw_tracepoint_open>.size)
        let command = CInt(BPF_RAW_TRACEPOINT_OPEN.rawValue)
        let link = try system(.attach, "program \(name) to \(target)\(event.map { " \($0)" } ?? "")") {
            guard let event else { return unsafe swiftbpf_bpf(command, &request, size) }
            return unsafe event.withCString {
                request.name = UInt64(UInt(bitPattern: $0))
                return unsafe swiftbpf_bpf(command, &request, size)
            }
        }
        return Link(adopting: link)
    }

    /// Attaches to what the program was loaded for.
    func attach(bound type: AttachType, target: String, cookie: UInt64) throws(BPFError) -> Link {
        // Kernels before 5.18 know no other call for these; only that call has the cookie of a tracepoint, and only the other that of
        // a function.
        if cookie == 0 || type == .btfTracepoint { return try attach(rawTracepoint: nil, target: target, cookie: cookie) }
        return try unsafe linked(to: 0, type, target) { unsafe $0.tracing.cookie = cookie }
    }

    /// Throws unless the program was loaded for what a target names, where the kernel says what that was.
    func requireBound(to target: AttachTarget) throws(BPFError) {
        guard let wanted = target.boundName else { return }
        let info = try info
        guard info.attachBTFID != 0 else { return }
        let (id, _) = LibbpfMessages.capturing { unsafe libbpf_find_vmlinux_btf_id(wanted, target.attachType.cValue) }
        if id > 0, UInt32(id) == info.attachBTFID { return }
        // Functions of modules have numbers of their own, which libbpf does not look for here.
        if id <= 0, info.isAttachedToModule { return }
        throw BPFError(
            .attach, "program \(name) to \(target)", reason: "it was loaded for something else",
            remedy: "name the target before the load: OpenObject.setTarget")
    }
}
