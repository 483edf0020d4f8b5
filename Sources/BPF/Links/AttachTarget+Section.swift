extension AttachTarget {
    /// The target that a section's name says: `kprobe/do_unlinkat`, `tp/syscalls/sys_enter_openat`.
    ///
    /// Nothing where the name says the kind but no place, `xdp`, `tc` or `cgroup/connect4` for example, or is none libbpf 1.1 knows.
    public init?(section: String) {
        // "?" has the program left out by default.
        let name = section.hasPrefix("?") ? section.dropFirst() : section[...]
        guard let slash = name.firstIndex(of: "/") else { return nil }
        var kind = String(name[..<slash])
        let place = String(name[name.index(after: slash)...])
        // Sleepable programs, and raw tracepoints that may write, attach like the others.
        for suffix in [".s", ".w"] where kind.hasSuffix(suffix) { kind.removeLast(suffix.count) }
        switch kind {
        case "kprobe", "kretprobe", "kprobe.multi", "kretprobe.multi", "ksyscall", "kretsyscall", "uprobe", "uretprobe", "usdt",
            "tracepoint", "tp", "raw_tracepoint", "raw_tp", "tp_btf", "fentry", "fexit", "fmod_ret", "lsm", "iter":
            guard !place.contains(" "), let target = try? AttachTarget(text: "\(kind):\(place)") else { return nil }
            self = target
        default: return nil
        }
    }
}
