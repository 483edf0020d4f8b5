import CLibBPF

/// What a program is loaded to be attached to, as the kernel numbers it: several hooks share one kind of program.
public struct AttachType: RawRepresentable, Hashable, Sendable {
    public let rawValue: UInt32
    public init(rawValue: UInt32) { self.rawValue = rawValue }

    /// Nothing in particular. Incoming packets of a cgroup have the same number.
    public static let unspecified = AttachType(rawValue: 0)
    public static let btfTracepoint = AttachType(rawValue: BPF_TRACE_RAW_TP.rawValue)
    public static let fentry = AttachType(rawValue: BPF_TRACE_FENTRY.rawValue)
    public static let fexit = AttachType(rawValue: BPF_TRACE_FEXIT.rawValue)
    public static let fmodRet = AttachType(rawValue: BPF_MODIFY_RETURN.rawValue)
    public static let lsm = AttachType(rawValue: BPF_LSM_MAC.rawValue)
    public static let lsmCgroup = AttachType(rawValue: BPF_LSM_CGROUP.rawValue)
    public static let iterator = AttachType(rawValue: BPF_TRACE_ITER.rawValue)
    public static let kprobeMulti = AttachType(rawValue: BPF_TRACE_KPROBE_MULTI.rawValue)
    public static let perfEvent = AttachType(rawValue: BPF_PERF_EVENT.rawValue)
    public static let xdp = AttachType(rawValue: BPF_XDP.rawValue)
    public static let flowDissector = AttachType(rawValue: BPF_FLOW_DISSECTOR.rawValue)
    public static let socketLookup = AttachType(rawValue: BPF_SK_LOOKUP.rawValue)
    public static let socketMessage = AttachType(rawValue: BPF_SK_MSG_VERDICT.rawValue)
    public static let streamParser = AttachType(rawValue: BPF_SK_SKB_STREAM_PARSER.rawValue)
    public static let streamVerdict = AttachType(rawValue: BPF_SK_SKB_STREAM_VERDICT.rawValue)
    public static let socketVerdict = AttachType(rawValue: BPF_SK_SKB_VERDICT.rawValue)
    public static let netfilter = AttachType(rawValue: UInt32(SWIFTBPF_NETFILTER))
    public static let tcxIngress = AttachType(rawValue: UInt32(SWIFTBPF_TCX_INGRESS))
    public static let tcxEgress = AttachType(rawValue: UInt32(SWIFTBPF_TCX_EGRESS))

    var cValue: bpf_attach_type { bpf_attach_type(rawValue) }
}

extension AttachType: CustomStringConvertible {
    /// The kernel's name of it: `cgroup_inet4_connect`.
    public var description: String {
        switch self {
        case .netfilter: return "netfilter"
        case .tcxIngress: return "tcx_ingress"
        case .tcxEgress: return "tcx_egress"
        default:
            guard let name = unsafe libbpf_bpf_attach_type_str(cValue) else { return "attach type \(rawValue)" }
            return unsafe String(cString: name)
        }
    }
}
