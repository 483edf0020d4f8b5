internal import CLibBPF
internal import Glibc

extension AttachTarget {
    /// Why no program can be attached here on this host, as far as that is told without attaching one: the kernel has no such function,
    /// tracepoint or hook, or there is no such interface (in this thread's network namespace), control group, namespace or pinned map.
    /// Nothing if nothing is known against it: the kernel may refuse all the same.
    public var knownObstacle: String? {
        switch self {
        case .xdp(let interface, _), .tc(let interface, _, _, _), .tcx(let interface, _, _), .packets(let interface):
            Self.missing(interface: interface)
        case .cgroup(_, let path): Self.missing(file: path)
        case .lsmCgroup(_, let path): Self.missing(file: path) ?? KernelTypes().flatMap { missing(in: $0) }
        case .socketLookup(let path?), .flowDissector(let path?): Self.missing(file: path)
        case .socketMessage(let map), .socketStream(_, let map): Self.missing(file: map)
        // The kernel's types do not know of those that somebody made at run time.
        case .tracepoint(let category, let name):
            Self.isThere("/sys/kernel/tracing/events") == true && Self.isThere("/sys/kernel/tracing/events/\(category)/\(name)") == false
                ? "this kernel has no tracepoint \(category)/\(name)" : nil
        default: KernelTypes().flatMap { missing(in: $0) }
        }
    }

    private static func missing(interface: InterfaceReference) -> String? {
        var name = [CChar](repeating: 0, count: Int(IF_NAMESIZE))
        let isThere =
            switch interface {
            case .name(let name): unsafe if_nametoindex(name) > 0
            case .index(let index): unsafe if_indextoname(UInt32(bitPattern: index), &name) != nil
            }
        return isThere ? nil : "there is no interface \(interface)"
    }

    private static func missing(file path: String) -> String? { isThere(path) == false ? "there is no \(path)" : nil }

    /// Whether there is a file or folder; nothing if this process may not know. With the privileges in effect, which access(2) leaves out.
    private static func isThere(_ path: String) -> Bool? {
        var status = stat()
        if unsafe stat(path, &status) == 0 { return true }
        return errno == ENOENT || errno == ENOTDIR ? false : nil
    }

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
