import CLibBPF

/// A kind of program, as the kernel numbers them.
public struct ProgramType: RawRepresentable, Hashable, Sendable {
    public let rawValue: UInt32
    public init(rawValue: UInt32) { self.rawValue = rawValue }

    public static let unspecified = ProgramType(rawValue: BPF_PROG_TYPE_UNSPEC.rawValue)
    public static let socketFilter = ProgramType(rawValue: BPF_PROG_TYPE_SOCKET_FILTER.rawValue)
    public static let kprobe = ProgramType(rawValue: BPF_PROG_TYPE_KPROBE.rawValue)
    /// Traffic control classifier: clsact and tcx.
    public static let schedCls = ProgramType(rawValue: BPF_PROG_TYPE_SCHED_CLS.rawValue)
    public static let tracepoint = ProgramType(rawValue: BPF_PROG_TYPE_TRACEPOINT.rawValue)
    public static let xdp = ProgramType(rawValue: BPF_PROG_TYPE_XDP.rawValue)
    public static let perfEvent = ProgramType(rawValue: BPF_PROG_TYPE_PERF_EVENT.rawValue)
    public static let cgroupSKB = ProgramType(rawValue: BPF_PROG_TYPE_CGROUP_SKB.rawValue)
    public static let rawTracepoint = ProgramType(rawValue: BPF_PROG_TYPE_RAW_TRACEPOINT.rawValue)
    public static let tracing = ProgramType(rawValue: BPF_PROG_TYPE_TRACING.rawValue)
    /// A hook of netfilter; younger than libbpf 1.1. Requires Linux 6.4.
    public static let netfilter = ProgramType(rawValue: 32)
    public static let lsm = ProgramType(rawValue: BPF_PROG_TYPE_LSM.rawValue)
}

extension ProgramType: CustomStringConvertible {
    /// libbpf's name of the kind: `sched_cls`.
    public var description: String {
        if self == .netfilter { return "netfilter" }
        guard let name = unsafe libbpf_bpf_prog_type_str(bpf_prog_type(rawValue)) else { return "program kind \(rawValue)" }
        return unsafe String(cString: name)
    }
}
