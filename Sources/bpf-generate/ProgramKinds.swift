import BPF

/// Which of the library's kinds a program is of, by its type and its section.
enum ProgramKinds {
    /// The kinds of which all programs of a type are.
    private static let byType: [ProgramType: String] = [
        .xdp: "XDP", .schedCls: "TrafficControl", .tracepoint: "Tracepoint", .rawTracepoint: "RawTracepoint",
        .writableRawTracepoint: "RawTracepoint", .perfEvent: "PerfSampling", .socketFilter: "SocketFilter", .netfilter: "Netfilter",
        .cgroupSKB: "CgroupSKB", .cgroupSocket: "CgroupSocket", .cgroupSocketAddress: "CgroupSocketAddress", .cgroupDevice: "CgroupDevice",
        .cgroupSysctl: "CgroupSysctl", .cgroupSocketOption: "CgroupSocketOption", .socketOperations: "SocketOperations",
        .reusePort: "ReusePort", .freplace: "Freplace",
        .socketLookup: "SocketLookup", .socketMessage: "SocketMessage", .socketStream: "SocketStream", .flowDissector: "FlowDissector",
    ]

    /// The kinds of which the section says more than the type.
    private static let bySection: [String: String] = [
        "kprobe": "Kprobe", "kretprobe": "Kprobe", "ksyscall": "Kprobe", "kretsyscall": "Kprobe", "kprobe.multi": "KprobeMulti",
        "kretprobe.multi": "KprobeMulti", "uprobe": "Uprobe", "uretprobe": "Uprobe", "usdt": "USDT", "tp_btf": "BTFTracepoint",
        "fentry": "Fentry", "fexit": "Fexit", "fmod_ret": "FmodRet", "iter": "KernelIterator", "lsm": "LSM", "lsm_cgroup": "LSMCgroup",
    ]

    static let names = Set(byType.values).union(bySection.values)

    /// The kind's name, or nothing where neither type nor section says it.
    static func name(of program: ProgramDescription) -> String? {
        if let name = byType[program.type] { return name }
        let section = program.section.drop { $0 == "?" }.prefix { $0 != "/" }
        // Programs that may sleep have sections of their own.
        return bySection[section.hasSuffix(".s") ? String(section.dropLast(2)) : String(section)]
    }
}
