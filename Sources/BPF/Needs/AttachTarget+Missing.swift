internal import Glibc

extension AttachTarget {
    /// Why a program could not be attached here, as far as the kernel tells everyone; nothing if nothing is known against it.
    func missing(in kernel: KernelTypes) -> String? {
        switch self {
        case .kprobe(let function, _), .kretprobe(let function): Self.missing("kprobe") ?? Self.missing(function: function, kernel)
        case .ksyscall, .kretsyscall: Self.missing("kprobe")
        case .kprobeMulti, .kretprobeMulti:
            kernel.hasFunction("bpf_kprobe_multi_link_attach") ? nil : "this kernel has no kprobes on many functions at a time"
        case .uprobe, .uretprobe, .usdt: Self.missing("uprobe")
        case .tracepoint(let category, let name): Self.missing(tracepoint: name, of: category, kernel)
        case .rawTracepoint(let name), .btfTracepoint(let name): Self.missing(tracepoint: name, kernel)
        case .fentry(let function), .fexit(let function), .fmodRet(let function): Self.missing(function: function, kernel)
        case .lsm(let hook), .lsmCgroup(let hook, _):
            kernel.hasFunction("bpf_lsm_\(hook)") ? nil : "this kernel has no hook \(hook) for security modules, or none for eBPF"
        case .iterator(let kind, _): kernel.hasFunction("bpf_iter_\(kind)") ? nil : "this kernel has no iterator over \(kind)"
        default: nil
        }
    }

    /// Whether the kernel was built without a source of events.
    private static func missing(_ source: String) -> String? {
        let devices = "/sys/bus/event_source/devices"
        // Without sysfs nothing is known.
        guard unsafe access(devices, F_OK) == 0, unsafe access("\(devices)/\(source)", F_OK) != 0 else { return nil }
        return "this kernel has no \(source)s"
    }

    private static func missing(function: String, _ kernel: KernelTypes) -> String? {
        // "module:function" is for modules that may not be there yet.
        if function.contains(":") || kernel.hasFunction(function) { return nil }
        return "this kernel has no function \(function)"
    }

    /// - Parameter category: The folder of the trace filesystem, which only root may look into.
    private static func missing(tracepoint name: String, of category: String? = nil, _ kernel: KernelTypes) -> String? {
        if let category, unsafe access("/sys/kernel/tracing/events", R_OK | X_OK) == 0 {
            return unsafe access("/sys/kernel/tracing/events/\(category)/\(name)", F_OK) == 0
                ? nil : "this kernel has no tracepoint \(category)/\(name)"
        }
        // Each tracepoint has a type, but for those of system calls.
        if category == "syscalls" || kernel.has("btf_trace_\(name)") { return nil }
        // Those of modules have it there.
        return KernelTypes.hasModules ? nil : "this kernel has no tracepoint \(name)"
    }
}

extension KernelTypes {
    /// Whether parts of the kernel lie outside of it, with types of their own.
    static var hasModules: Bool {
        guard let modules = contents(of: "/proc/modules") else { return false }
        return !modules.isEmpty
    }
}
