import CLibBPF
import Glibc

extension Program {
    /// Attaches the program to a target that is only known at run time. `TypedProgram` is the way where program and kind are known.
    ///
    /// Interfaces, netfilter hooks and namespaces without a path are those of this thread's network namespace.
    ///
    ///     let attachment = try loaded.program("trace").attach(to: AttachTarget(text: "kprobe:do_unlinkat"))
    ///
    /// - Parameter cookie: What `bpf_get_attach_cookie` (of USDT probes `bpf_usdt_cookie`) returns in the program.
    /// - Throws: `BPFError` of step `attach`: if the program is of a kind that does not go there, the target has no cookies, or the kernel
    ///   refuses.
    public func attach(to target: AttachTarget, cookie: UInt64 = 0) throws(BPFError) -> Attachment {
        try requireFit(for: target, cookie: cookie)
        switch target {
        case .usdt(let binary, let provider, let name, let pid):
            return try attach(usdt: binary, provider, name, pid: pid, cookie: cookie)
        case .perfEvent(let sample): return try attach(sample: sample, cookie: cookie)
        case .packets(let interface): return try attach(packetsOf: interface)
        case .tc(let interface, let direction, let priority, let handle):
            return try attach(clsact: index(of: interface), direction, priority: priority, handle: handle)
        case .socketMessage(let map): return try attach(sockets: .socketMessage, ofMapAt: map)
        case .socketStream(let hook, let map): return try attach(sockets: hook.attachType, ofMapAt: map)
        default: return Attachment(try link(to: target, cookie: cookie))
        }
    }

    /// The kinds that take one link.
    private func link(to target: AttachTarget, cookie: UInt64) throws(BPFError) -> Link {
        switch target {
        case .kprobe(let function, let offset): try attach(kprobe: function, offset: offset, isReturn: false, cookie: cookie)
        case .kretprobe(let function): try attach(kprobe: function, offset: 0, isReturn: true, cookie: cookie)
        case .kprobeMulti(let functions): try attach(kprobes: functions, isReturn: false, cookies: cookie == 0 ? [] : [cookie])
        case .kretprobeMulti(let functions): try attach(kprobes: functions, isReturn: true, cookies: cookie == 0 ? [] : [cookie])
        case .ksyscall(let name): try attach(ksyscall: name, isReturn: false, cookie: cookie)
        case .kretsyscall(let name): try attach(ksyscall: name, isReturn: true, cookie: cookie)
        case .uprobe(let place, let pid): try attach(uprobe: place, pid: pid, isReturn: false, cookie: cookie)
        case .uretprobe(let place, let pid): try attach(uprobe: place, pid: pid, isReturn: true, cookie: cookie)
        case .tracepoint(let category, let name): try attach(tracepoint: category, name, cookie: cookie)
        case .rawTracepoint(let name): try attach(rawTracepoint: name, cookie: cookie)
        case .btfTracepoint, .fentry, .fexit, .fmodRet, .lsm: try attach(bound: target.attachType, target: "\(target)", cookie: cookie)
        case .lsmCgroup(_, let path): try attach(cgroup: path, .lsmCgroup)
        case .iterator(_, let scope): try attach(iteratorOver: scope)
        case .xdp(let interface, let mode): try attach(xdp: index(of: interface), mode)
        case .tcx(let interface, let direction, let order): try attachTCX(interface: index(of: interface), direction, order: order)
        case .netfilter(let hook): try attach(netfilter: hook)
        case .cgroup(let hook, let path): try attach(cgroup: path, hook)
        case .socketLookup(let path): try attach(.socketLookup, namespace: path)
        case .flowDissector(let path): try attach(.flowDissector, namespace: path)
        case .usdt, .perfEvent, .packets, .tc, .socketMessage, .socketStream:
            throw BPFError(.attach, "program \(name) to \(target)", reason: "it takes no single link")
        }
    }

    /// Says in words what the kernel would answer with EINVAL, or take for something else.
    private func requireFit(for target: AttachTarget, cookie: UInt64) throws(BPFError) {
        let subject = "program \(name) to \(target)"
        let type = try info.type
        let isWritableTracepoint = type == .writableRawTracepoint && target.programType == .rawTracepoint
        guard type == target.programType || isWritableTracepoint else {
            throw BPFError(.attach, subject, reason: "it is of type \(type), and the target takes \(target.programType)")
        }
        // Of other types the kernel does not ask, or says so itself.
        let asked: Set<ProgramType> = [.kprobe, .tracing, .lsm, .cgroupSocket, .cgroupSocketAddress, .cgroupSocketOption]
        if let attachType, asked.contains(type), attachType != target.attachType {
            throw BPFError(
                .attach, subject,
                reason: "it was loaded \(attachType == .unspecified ? "for nothing in particular" : "for \(attachType)")"
                    + ", and the target takes programs loaded for \(target.attachType)",
                remedy: "name the target before the load: OpenObject.setTarget")
        }
        try requireBound(to: target)
        if cookie != 0, !target.hasCookie { throw BPFError(.attach, subject, reason: "the target has no cookies") }
    }
}

extension AttachTarget {
    /// Whether programs get a cookie there.
    public var hasCookie: Bool {
        switch self {
        case .kprobe, .kretprobe, .kprobeMulti, .kretprobeMulti, .ksyscall, .kretsyscall, .uprobe, .uretprobe, .usdt, .tracepoint,
            .rawTracepoint, .btfTracepoint, .fentry, .fexit, .fmodRet, .lsm, .perfEvent:
            true
        default: false
        }
    }
}
