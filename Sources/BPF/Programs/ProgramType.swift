import CLibBPF

/// A kind of program, as the kernel numbers them.
public struct ProgramType: RawRepresentable, Hashable, Sendable {
    public let rawValue: UInt32
    public init(rawValue: UInt32) { self.rawValue = rawValue }

    public static let unspecified = ProgramType(rawValue: BPF_PROG_TYPE_UNSPEC.rawValue)
    public static let socketFilter = ProgramType(rawValue: BPF_PROG_TYPE_SOCKET_FILTER.rawValue)
    /// Kprobes, uprobes and USDT probes.
    public static let kprobe = ProgramType(rawValue: BPF_PROG_TYPE_KPROBE.rawValue)
    /// Traffic control classifier: clsact and tcx.
    public static let schedCls = ProgramType(rawValue: BPF_PROG_TYPE_SCHED_CLS.rawValue)
    public static let tracepoint = ProgramType(rawValue: BPF_PROG_TYPE_TRACEPOINT.rawValue)
    public static let xdp = ProgramType(rawValue: BPF_PROG_TYPE_XDP.rawValue)
    public static let perfEvent = ProgramType(rawValue: BPF_PROG_TYPE_PERF_EVENT.rawValue)
    public static let cgroupSKB = ProgramType(rawValue: BPF_PROG_TYPE_CGROUP_SKB.rawValue)
    public static let cgroupSocket = ProgramType(rawValue: BPF_PROG_TYPE_CGROUP_SOCK.rawValue)
    public static let socketOperations = ProgramType(rawValue: BPF_PROG_TYPE_SOCK_OPS.rawValue)
    /// Programs of the parser and verdict of sockets in a map.
    public static let socketStream = ProgramType(rawValue: BPF_PROG_TYPE_SK_SKB.rawValue)
    public static let cgroupDevice = ProgramType(rawValue: BPF_PROG_TYPE_CGROUP_DEVICE.rawValue)
    public static let socketMessage = ProgramType(rawValue: BPF_PROG_TYPE_SK_MSG.rawValue)
    public static let rawTracepoint = ProgramType(rawValue: BPF_PROG_TYPE_RAW_TRACEPOINT.rawValue)
    public static let cgroupSocketAddress = ProgramType(rawValue: BPF_PROG_TYPE_CGROUP_SOCK_ADDR.rawValue)
    public static let flowDissector = ProgramType(rawValue: BPF_PROG_TYPE_FLOW_DISSECTOR.rawValue)
    public static let cgroupSysctl = ProgramType(rawValue: BPF_PROG_TYPE_CGROUP_SYSCTL.rawValue)
    public static let writableRawTracepoint = ProgramType(rawValue: BPF_PROG_TYPE_RAW_TRACEPOINT_WRITABLE.rawValue)
    public static let cgroupSocketOption = ProgramType(rawValue: BPF_PROG_TYPE_CGROUP_SOCKOPT.rawValue)
    /// BTF tracepoints, fentry, fexit, fmod_ret and iterators.
    public static let tracing = ProgramType(rawValue: BPF_PROG_TYPE_TRACING.rawValue)
    public static let lsm = ProgramType(rawValue: BPF_PROG_TYPE_LSM.rawValue)
    public static let socketLookup = ProgramType(rawValue: BPF_PROG_TYPE_SK_LOOKUP.rawValue)
    /// Programs that choose among the sockets of a reuse-port group.
    public static let reusePort = ProgramType(rawValue: BPF_PROG_TYPE_SK_REUSEPORT.rawValue)
    /// Programs that take the place of a function of another program.
    public static let freplace = ProgramType(rawValue: BPF_PROG_TYPE_EXT.rawValue)
    /// Programs that are operations of a struct of the kernel's.
    public static let structOperations = ProgramType(rawValue: BPF_PROG_TYPE_STRUCT_OPS.rawValue)
    /// Younger than libbpf 1.1. Requires Linux 6.4.
    public static let netfilter = ProgramType(rawValue: UInt32(SWIFTBPF_PROG_TYPE_NETFILTER))
}

extension ProgramType: CustomStringConvertible {
    /// libbpf's name of the kind: `sched_cls`.
    public var description: String {
        if self == .netfilter { return "netfilter" }
        guard let name = unsafe libbpf_bpf_prog_type_str(bpf_prog_type(rawValue)) else { return "program kind \(rawValue)" }
        return unsafe String(cString: name)
    }
}
