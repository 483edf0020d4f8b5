/// A kind of program in the type of its handle: `TypedProgram<XDP>` is attached to interfaces and to nothing else.
///
/// The kinds are finer than the kernel's `ProgramType` where programs of one type attach in different ways. They have no values.
public protocol ProgramKind: Sendable {
    /// The kernel's type of such programs.
    static var programType: ProgramType { get }
    /// What they are loaded for; empty if that does not tell them from others.
    static var attachTypes: [AttachType] { get }
    /// The name for messages: what sections say.
    static var name: String { get }
}

/// Runs at the entry or return of a kernel function or system call: sections `kprobe`, `kretprobe`, `ksyscall`, `kretsyscall`.
public enum Kprobe: ProgramKind {
    public static let programType = ProgramType.kprobe
    public static let attachTypes = [AttachType.unspecified]
    public static let name = "kprobe"
}

/// Runs at many kernel functions by one link: sections `kprobe.multi`, `kretprobe.multi`.
public enum KprobeMulti: ProgramKind {
    public static let programType = ProgramType.kprobe
    public static let attachTypes = [AttachType.kprobeMulti]
    public static let name = "kprobe.multi"
}

/// Runs at an instruction of a program or library, or when a function of it returns: sections `uprobe`, `uretprobe`.
public enum Uprobe: ProgramKind {
    public static let programType = ProgramType.kprobe
    public static let attachTypes = [AttachType.unspecified]
    public static let name = "uprobe"
}

/// Runs at a probe that a program's authors put into it: section `usdt`.
public enum USDT: ProgramKind {
    public static let programType = ProgramType.kprobe
    public static let attachTypes = [AttachType.unspecified]
    public static let name = "usdt"
}

/// Runs at a tracepoint of the kernel and sees its record: section `tracepoint`.
public enum Tracepoint: ProgramKind {
    public static let programType = ProgramType.tracepoint
    public static let attachTypes: [AttachType] = []
    public static let name = "tracepoint"
}

/// Runs at a tracepoint and sees its raw arguments: section `raw_tracepoint`.
public enum RawTracepoint: ProgramKind {
    public static let programType = ProgramType.rawTracepoint
    public static let attachTypes: [AttachType] = []
    public static let name = "raw_tracepoint"
}

/// Runs at a tracepoint and sees its typed arguments: section `tp_btf`.
public enum BTFTracepoint: ProgramKind {
    public static let programType = ProgramType.tracing
    public static let attachTypes = [AttachType.btfTracepoint]
    public static let name = "tp_btf"
}

/// Runs at the entry of a kernel function and sees its typed arguments: section `fentry`.
public enum Fentry: ProgramKind {
    public static let programType = ProgramType.tracing
    public static let attachTypes = [AttachType.fentry]
    public static let name = "fentry"
}

/// Runs when a kernel function returns and sees its arguments and result: section `fexit`.
public enum Fexit: ProgramKind {
    public static let programType = ProgramType.tracing
    public static let attachTypes = [AttachType.fexit]
    public static let name = "fexit"
}

/// Runs before a kernel function that takes it, and may answer in its place: section `fmod_ret`.
public enum FmodRet: ProgramKind {
    public static let programType = ProgramType.tracing
    public static let attachTypes = [AttachType.fmodRet]
    public static let name = "fmod_ret"
}

/// Runs at a hook of the security modules and may refuse: section `lsm`.
public enum LSM: ProgramKind {
    public static let programType = ProgramType.lsm
    public static let attachTypes = [AttachType.lsm]
    public static let name = "lsm"
}

/// Runs at a hook of the security modules for the processes of a control group: section `lsm_cgroup`.
public enum LSMCgroup: ProgramKind {
    public static let programType = ProgramType.lsm
    public static let attachTypes = [AttachType.lsmCgroup]
    public static let name = "lsm_cgroup"
}

/// Runs each time a clock or counter has gone on so far: section `perf_event`.
public enum PerfSampling: ProgramKind {
    public static let programType = ProgramType.perfEvent
    public static let attachTypes: [AttachType] = []
    public static let name = "perf_event"
}

/// Runs for each object of a kind in the kernel when its output is read: section `iter`.
public enum KernelIterator: ProgramKind {
    public static let programType = ProgramType.tracing
    public static let attachTypes = [AttachType.iterator]
    public static let name = "iter"
}

/// Chooses which packets a socket receives: section `socket`.
public enum SocketFilter: ProgramKind {
    public static let programType = ProgramType.socketFilter
    public static let attachTypes: [AttachType] = []
    public static let name = "socket"
}

/// Judges frames before the kernel makes packets of them: section `xdp`.
public enum XDP: ProgramKind {
    public static let programType = ProgramType.xdp
    public static let attachTypes: [AttachType] = []
    public static let name = "xdp"
}

/// Judges packets of an interface, at tcx or clsact: section `tc`.
public enum TrafficControl: ProgramKind {
    public static let programType = ProgramType.schedCls
    public static let attachTypes: [AttachType] = []
    public static let name = "tc"
}

/// Judges packets at a netfilter hook: section `netfilter`, which libbpf 1.1 does not know.
public enum Netfilter: ProgramKind {
    public static let programType = ProgramType.netfilter
    public static let attachTypes: [AttachType] = []
    public static let name = "netfilter"
}

/// Judges packets of a control group's sockets: sections `cgroup_skb/ingress`, `cgroup_skb/egress`, `cgroup/skb`.
public enum CgroupSKB: ProgramKind {
    public static let programType = ProgramType.cgroupSKB
    public static let attachTypes: [AttachType] = []
    public static let name = "cgroup_skb"
}

/// Judges the making, binding and end of a control group's sockets: `cgroup/sock_create`, `cgroup/post_bind4` and the like.
public enum CgroupSocket: ProgramKind {
    public static let programType = ProgramType.cgroupSocket
    public static let attachTypes: [AttachType] = []
    public static let name = "cgroup/sock"
}

/// Judges and rewrites addresses of a control group's sockets: `cgroup/connect4` and the like.
public enum CgroupSocketAddress: ProgramKind {
    public static let programType = ProgramType.cgroupSocketAddress
    public static let attachTypes: [AttachType] = []
    public static let name = "cgroup/sock_addr"
}

/// Judges a control group's use of devices: section `cgroup/dev`.
public enum CgroupDevice: ProgramKind {
    public static let programType = ProgramType.cgroupDevice
    public static let attachTypes: [AttachType] = []
    public static let name = "cgroup/dev"
}

/// Judges a control group's use of `/proc/sys`: section `cgroup/sysctl`.
public enum CgroupSysctl: ProgramKind {
    public static let programType = ProgramType.cgroupSysctl
    public static let attachTypes: [AttachType] = []
    public static let name = "cgroup/sysctl"
}

/// Judges and rewrites socket options of a control group's sockets: sections `cgroup/getsockopt`, `cgroup/setsockopt`.
public enum CgroupSocketOption: ProgramKind {
    public static let programType = ProgramType.cgroupSocketOption
    public static let attachTypes: [AttachType] = []
    public static let name = "cgroup/sockopt"
}

/// Sees what happens to a control group's TCP connections, and tunes them: section `sockops`.
public enum SocketOperations: ProgramKind {
    public static let programType = ProgramType.socketOperations
    public static let attachTypes: [AttachType] = []
    public static let name = "sockops"
}

/// Chooses the socket that gets a new connection or a datagram: section `sk_lookup`.
public enum SocketLookup: ProgramKind {
    public static let programType = ProgramType.socketLookup
    public static let attachTypes: [AttachType] = []
    public static let name = "sk_lookup"
}

/// Chooses which socket of a reuse-port group gets a connection or a datagram: sections `sk_reuseport`, `sk_reuseport/migrate`.
public enum ReusePort: ProgramKind {
    public static let programType = ProgramType.reusePort
    public static let attachTypes: [AttachType] = []
    public static let name = "sk_reuseport"
}

/// Takes the place of a function of another program: section `freplace`.
public enum Freplace: ProgramKind {
    public static let programType = ProgramType.freplace
    public static let attachTypes: [AttachType] = []
    public static let name = "freplace"
}

/// Judges and redirects what the sockets of a map send: section `sk_msg`.
public enum SocketMessage: ProgramKind {
    public static let programType = ProgramType.socketMessage
    public static let attachTypes: [AttachType] = []
    public static let name = "sk_msg"
}

/// Cuts into messages, judges and redirects what the sockets of a map receive: sections `sk_skb/stream_parser`, `sk_skb/stream_verdict`.
public enum SocketStream: ProgramKind {
    public static let programType = ProgramType.socketStream
    public static let attachTypes: [AttachType] = []
    public static let name = "sk_skb"
}

/// Finds the headers of packets in a network namespace: section `flow_dissector`.
public enum FlowDissector: ProgramKind {
    public static let programType = ProgramType.flowDissector
    public static let attachTypes: [AttachType] = []
    public static let name = "flow_dissector"
}

/// A kind that attaches to control groups.
public protocol CgroupProgramKind: ProgramKind {}
extension CgroupSKB: CgroupProgramKind {}
extension CgroupSocket: CgroupProgramKind {}
extension CgroupSocketAddress: CgroupProgramKind {}
extension CgroupDevice: CgroupProgramKind {}
extension CgroupSysctl: CgroupProgramKind {}
extension CgroupSocketOption: CgroupProgramKind {}
extension SocketOperations: CgroupProgramKind {}

/// A kind whose target in the kernel is part of the program, chosen before it is loaded.
public protocol BoundProgramKind: ProgramKind {}
extension BTFTracepoint: BoundProgramKind {}
extension Fentry: BoundProgramKind {}
extension Fexit: BoundProgramKind {}
extension FmodRet: BoundProgramKind {}
extension LSM: BoundProgramKind {}
