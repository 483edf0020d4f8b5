/// Which context of `EBPF` the kernel hands to programs of a section.
enum Contexts {
    /// What is wrong with the argument of a program; nil for types that are not contexts of the library, and for kinds of programs that
    /// the library has no context of.
    static func mistake(inContextOf entry: IRFunction, _ title: String, in module: IRModule) -> Refusal? {
        guard let section = entry.section, let fitting = context(ofSection: section), let taken = context(of: entry, in: module),
            taken != fitting
        else { return nil }
        let message = "the program '\(title)' takes '\(taken)', but one of section '\(section)' is handed '\(fitting)'"
        return Refusal(message, "take '\(fitting)'")
    }

    /// The name of the first argument's type, if that is a context of `EBPF`: in "$e4EBPF10XDPContextVD" that between "10" and "V".
    private static func context(of entry: IRFunction, in module: IRModule) -> String? {
        guard let type = module.node(module.node(entry.debugNode)?.reference("type")),
            // The first of the list is the result.
            let types = module.node(type.reference("types"))?.elements, types.count > 1, let argument = module.node(types[1].first)
        else { return nil }
        let identifier = argument.string("identifier") ?? module.node(argument.reference("specification"))?.string("identifier") ?? ""
        return all.first { identifier.hasPrefix("$e4EBPF\($0.utf8.count)\($0)V") }
    }

    private static let all = [
        "XDPContext", "TCContext", "CgroupPacketContext", "SocketAddressContext", "ProbeContext", "TracepointContext",
        "RawTracepointContext", "FunctionContext",
    ]

    private static func context(ofSection section: String) -> String? {
        let section = section.hasPrefix("?") ? section.dropFirst() : section[...]
        if section.hasPrefix("cgroup/") {
            let hook = section.dropFirst("cgroup/".count)
            if hook == "skb" { return "CgroupPacketContext" }
            let isOfAddress = ["bind", "connect", "sendmsg", "recvmsg", "getpeername", "getsockname"].contains { hook.hasPrefix($0) }
            return isOfAddress ? "SocketAddressContext" : nil
        }
        // "uprobe.multi.s/…": what follows the kind says how it is attached, and whether it may sleep.
        switch section.prefix(while: { $0 != "/" && $0 != "." }) {
        case "xdp": return "XDPContext"
        case "tc", "tcx", "classifier", "action", "netkit": return "TCContext"
        case "cgroup_skb": return "CgroupPacketContext"
        case "kprobe", "kretprobe", "uprobe", "uretprobe", "ksyscall", "kretsyscall", "usdt": return "ProbeContext"
        case "tracepoint", "tp": return "TracepointContext"
        case "raw_tracepoint", "raw_tp": return "RawTracepointContext"
        case "fentry", "fexit", "fmod_ret", "lsm", "tp_btf": return "FunctionContext"
        default: return nil
        }
    }
}
