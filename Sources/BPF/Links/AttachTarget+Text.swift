/// Targets as people write them: a kind, a colon, a place, and after spaces options.
///
/// | target | options |
/// |---|---|
/// | `kprobe:do_unlinkat`, `kprobe:do_unlinkat+0x10`, `kretprobe:do_unlinkat` | |
/// | `kprobe.multi:vfs_*`, `kprobe.multi:vfs_read,vfs_write`, `kretprobe.multi:vfs_*` | |
/// | `ksyscall:openat`, `kretsyscall:openat` | |
/// | `uprobe:/path:symbol+0x10`, `uprobe:libc.so.6:malloc`, `uprobe:/path:0x1234`, `uretprobe:/path:symbol` | `pid=1` |
/// | `usdt:/path:provider:name` | `pid=1` |
/// | `tracepoint:syscalls/sys_enter_openat`, `raw_tracepoint:sched_switch`, `tp_btf:sched_switch` | |
/// | `fentry:do_unlinkat`, `fexit:do_unlinkat`, `fmod_ret:bpf_modify_return_test` | |
/// | `lsm:file_open`, `lsm_cgroup:socket_bind:/sys/fs/cgroup/a` | |
/// | `perf_event:cpu-clock` | `frequency=99` or `period=1000000`, `pid=1`, `cpu=0` |
/// | `iter:task`, `iter:bpf_map_elem` | `pid=1`, `map=/sys/fs/bpf/m` |
/// | `socket:eth0`, `xdp:eth0`, `xdp/native:eth0`, `xdp/generic:eth0` | |
/// | `tc/ingress:eth0`, `tc/egress:eth0` | `priority=1`, `handle=1` |
/// | `tcx/ingress:eth0`, `tcx/egress:eth0` | `first`, `last`, `before=link:7`, `after=program:9` |
/// | `netfilter/ipv4/input`, `netfilter/ipv6/forward` | `priority=-100`, `defragment` |
/// | `cgroup/connect4:/sys/fs/cgroup/a`, `cgroup/ingress:…`, `cgroup/sock_ops:…` (`CgroupHook`) | |
/// | `sk_lookup`, `sk_lookup:/run/netns/a`, `flow_dissector`, `flow_dissector:/run/netns/a` | |
/// | `sk_msg:/sys/fs/bpf/map`, `sk_skb/stream_parser:/sys/fs/bpf/map`, `sk_skb/verdict:…` | |
///
/// An interface that is written as a number is an index.
extension AttachTarget {
    /// The target that a text names.
    ///
    /// - Throws: `BPFError` of step `read` that says what of the text is not understood, and what could stand there.
    public init(text: String) throws(BPFError) {
        var reader = TargetReader(text)
        self = try reader.target()
        try reader.requireNoOptionLeft()
    }
}

extension AttachTarget: CustomStringConvertible {
    /// The target as `init(text:)` reads it.
    public var description: String {
        switch self {
        case .kprobe(let function, let offset): "kprobe:\(function)\(Self.suffix(offset))"
        case .kretprobe(let function): "kretprobe:\(function)"
        case .kprobeMulti(let functions): "kprobe.multi:\(functions)"
        case .kretprobeMulti(let functions): "kretprobe.multi:\(functions)"
        case .ksyscall(let name): "ksyscall:\(name)"
        case .kretsyscall(let name): "kretsyscall:\(name)"
        case .uprobe(let place, let pid): "uprobe:\(place)\(Self.option("pid", pid))"
        case .uretprobe(let place, let pid): "uretprobe:\(place)\(Self.option("pid", pid))"
        case .usdt(let binary, let provider, let name, let pid): "usdt:\(binary):\(provider):\(name)\(Self.option("pid", pid))"
        case .tracepoint(let category, let name): "tracepoint:\(category)/\(name)"
        case .rawTracepoint(let name): "raw_tracepoint:\(name)"
        case .btfTracepoint(let name): "tp_btf:\(name)"
        case .fentry(let function): "fentry:\(function)"
        case .fexit(let function): "fexit:\(function)"
        case .fmodRet(let function): "fmod_ret:\(function)"
        case .lsm(let hook): "lsm:\(hook)"
        case .lsmCgroup(let hook, let path): "lsm_cgroup:\(hook):\(path)"
        case .perfEvent(let sample): "perf_event:\(sample)"
        case .iterator(let name, .everything): "iter:\(name)"
        case .iterator(let name, .process(let pid)): "iter:\(name) pid=\(pid)"
        case .iterator(let name, .map(let path)): "iter:\(name) map=\(path)"
        case .packets(let interface): "socket:\(interface)"
        case .xdp(let interface, nil): "xdp:\(interface)"
        case .xdp(let interface, let mode?): "xdp/\(mode.rawValue):\(interface)"
        case .tc(let interface, let direction, let priority, let handle):
            "tc/\(direction.rawValue):\(interface)\(Self.option("priority", priority == 0 ? nil : priority))"
                + Self.option("handle", handle == 0 ? nil : handle)
        case .tcx(let interface, let direction, .last): "tcx/\(direction.rawValue):\(interface)"
        case .tcx(let interface, let direction, let order): "tcx/\(direction.rawValue):\(interface) \(order)"
        case .netfilter(let hook): "netfilter/\(hook)"
        case .cgroup(let hook, let path): "cgroup/\(hook.rawValue):\(path)"
        case .socketLookup(let namespace): "sk_lookup\(Self.place(namespace))"
        case .flowDissector(let namespace): "flow_dissector\(Self.place(namespace))"
        case .socketMessage(let map): "sk_msg:\(map)"
        case .socketStream(let hook, let map): "sk_skb/\(hook.rawValue):\(map)"
        }
    }

    private static func suffix(_ offset: Int) -> String { offset == 0 ? "" : "+0x\(String(offset, radix: 16))" }
    private static func place(_ path: String?) -> String { path.map { ":\($0)" } ?? "" }
    private static func option(_ name: String, _ value: (some BinaryInteger)?) -> String { value.map { " \(name)=\($0)" } ?? "" }
}

extension CodePlace: CustomStringConvertible {
    /// `/path:symbol+0x10`, or `/path:0x1234`.
    public var description: String {
        let hex = "0x\(String(offset, radix: 16))"
        guard let symbol else { return "\(binary):\(hex)" }
        return "\(binary):\(symbol)\(offset == 0 ? "" : "+\(hex)")"
    }
}

extension KernelFunctions: CustomStringConvertible {
    /// The pattern, or the names with commas between them.
    public var description: String {
        switch self {
        case .matching(let pattern): pattern
        case .named(let names): names.joined(separator: ",")
        }
    }
}
