import CLibBPF
import Glibc

/// What a program must be for a target.
extension AttachTarget {
    /// The type of program that attaches to it.
    public var programType: ProgramType {
        switch self {
        case .kprobe, .kretprobe, .kprobeMulti, .kretprobeMulti, .ksyscall, .kretsyscall, .uprobe, .uretprobe, .usdt: .kprobe
        case .tracepoint: .tracepoint
        case .rawTracepoint: .rawTracepoint
        case .btfTracepoint, .fentry, .fexit, .fmodRet, .iterator: .tracing
        case .lsm, .lsmCgroup: .lsm
        case .perfEvent: .perfEvent
        case .packets: .socketFilter
        case .xdp: .xdp
        case .tc, .tcx: .schedCls
        case .netfilter: .netfilter
        case .cgroup(let hook, _): hook.programType
        case .socketLookup: .socketLookup
        case .flowDissector: .flowDissector
        case .socketMessage: .socketMessage
        case .socketStream: .socketStream
        }
    }

    /// What the program must have been loaded for; `.unspecified` where the kernel does not ask.
    public var attachType: AttachType {
        switch self {
        case .kprobeMulti, .kretprobeMulti: .kprobeMulti
        case .btfTracepoint: .btfTracepoint
        case .fentry: .fentry
        case .fexit: .fexit
        case .fmodRet: .fmodRet
        case .lsm: .lsm
        case .lsmCgroup: .lsmCgroup
        case .iterator: .iterator
        case .netfilter: .netfilter
        case .xdp: .xdp
        case .cgroup(let hook, _): hook.attachType
        case .socketLookup: .socketLookup
        case .flowDissector: .flowDissector
        case .socketMessage: .socketMessage
        case .socketStream(let hook, _): hook.attachType
        default: .unspecified
        }
    }

    /// The function, hook, tracepoint or iterator that the verifier must know, for kinds that are bound to one when they are loaded.
    var boundName: String? {
        switch self {
        case .btfTracepoint(let name), .fentry(let name), .fexit(let name), .fmodRet(let name), .lsm(let name), .lsmCgroup(let name, _),
            .iterator(let name, _):
            name
        default: nil
        }
    }
}

extension OpenObject {
    /// Has a program loaded for a target: sets its type, what it is loaded for, and for kinds that are bound to a function, hook or
    /// tracepoint when they are loaded (fentry, LSM and the like) the name of that.
    ///
    /// Programs whose section says the target already need no such call.
    ///
    /// - Throws: `BPFError` of step `edit` if the object has no such program, or the kernel no such function, hook or tracepoint.
    ///
    /// The corresponding libbpf functions are `bpf_program__set_type`, `bpf_program__set_expected_attach_type` and
    /// `bpf_program__set_attach_target`.
    public mutating func setTarget(_ target: AttachTarget, ofProgram name: String) throws(BPFError) {
        try edit { (handle) throws(BPFError) in try handle.setTarget(target, ofProgram: name) }
    }
}

extension ObjectHandle {
    fileprivate func setTarget(_ target: AttachTarget, ofProgram name: String) throws(BPFError) {
        let program = unsafe try program(named: name, for: .edit)
        let subject = "program \(name)"
        let type = target.programType.rawValue
        let current = unsafe bpf_program__type(program).rawValue
        let isWritableTracepoint = type == ProgramType.rawTracepoint.rawValue && current == ProgramType.writableRawTracepoint.rawValue
        if current != type, !isWritableTracepoint {
            try captured(.edit, subject) { unsafe bpf_program__set_type(program, bpf_prog_type(type)) }
        }
        if unsafe bpf_program__expected_attach_type(program) != target.attachType.cValue {
            try captured(.edit, subject) { unsafe bpf_program__set_expected_attach_type(program, target.attachType.cValue) }
        }
        guard let bound = target.boundName else { return }
        let (result, printed) = LibbpfMessages.capturing { unsafe bpf_program__set_attach_target(program, 0, bound) }
        if result < 0 {
            throw BPFError(
                .edit, subject, errno: -result, reason: result == -ESRCH || result == -ENOENT ? "the kernel has no \(target)" : "",
                libbpfMessages: printed)
        }
    }
}
