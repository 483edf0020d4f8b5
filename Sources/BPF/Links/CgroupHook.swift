import CLibBPF

/// What of the processes in a control group, and in those below it, a program judges or sees.
///
/// The raw value is what sections and targets say: `connect4` in `cgroup/connect4`.
public enum CgroupHook: String, Sendable, Hashable, CaseIterable {
    /// Packets that arrive for a socket.
    case ingress
    /// Packets a socket sends.
    case egress
    /// The making of an internet socket.
    case socketCreate = "sock_create"
    /// The end of an internet socket. Requires Linux 5.9.
    case socketRelease = "sock_release"
    /// The time after a bind(2), when the kernel has chosen the port.
    case postBind4 = "post_bind4"
    case postBind6 = "post_bind6"
    /// Addresses given to bind(2), connect(2), sendmsg(2) of datagrams and returned by recvmsg(2), getpeername(2) and getsockname(2), each
    /// for IPv4 and IPv6.
    case bind4, bind6
    case connect4, connect6
    case sendmsg4, sendmsg6
    case recvmsg4, recvmsg6
    case getpeername4, getpeername6
    case getsockname4, getsockname6
    /// Making, reading and writing of device nodes.
    case device = "dev"
    /// Reading and writing of `/proc/sys`.
    case sysctl
    case getsockopt, setsockopt
    /// What happens to TCP connections.
    case socketOperations = "sock_ops"

    /// What programs for it are loaded for.
    public var attachType: AttachType { AttachType(rawValue: cValue.rawValue) }

    /// The kind of program it takes.
    public var programType: ProgramType {
        switch self {
        case .ingress, .egress: .cgroupSKB
        case .socketCreate, .socketRelease, .postBind4, .postBind6: .cgroupSocket
        case .device: .cgroupDevice
        case .sysctl: .cgroupSysctl
        case .getsockopt, .setsockopt: .cgroupSocketOption
        case .socketOperations: .socketOperations
        default: .cgroupSocketAddress
        }
    }

    private var cValue: bpf_attach_type {
        switch self {
        case .ingress: BPF_CGROUP_INET_INGRESS
        case .egress: BPF_CGROUP_INET_EGRESS
        case .socketCreate: BPF_CGROUP_INET_SOCK_CREATE
        case .socketRelease: BPF_CGROUP_INET_SOCK_RELEASE
        case .postBind4: BPF_CGROUP_INET4_POST_BIND
        case .postBind6: BPF_CGROUP_INET6_POST_BIND
        case .bind4: BPF_CGROUP_INET4_BIND
        case .bind6: BPF_CGROUP_INET6_BIND
        case .connect4: BPF_CGROUP_INET4_CONNECT
        case .connect6: BPF_CGROUP_INET6_CONNECT
        case .sendmsg4: BPF_CGROUP_UDP4_SENDMSG
        case .sendmsg6: BPF_CGROUP_UDP6_SENDMSG
        case .recvmsg4: BPF_CGROUP_UDP4_RECVMSG
        case .recvmsg6: BPF_CGROUP_UDP6_RECVMSG
        case .getpeername4: BPF_CGROUP_INET4_GETPEERNAME
        case .getpeername6: BPF_CGROUP_INET6_GETPEERNAME
        case .getsockname4: BPF_CGROUP_INET4_GETSOCKNAME
        case .getsockname6: BPF_CGROUP_INET6_GETSOCKNAME
        case .device: BPF_CGROUP_DEVICE
        case .sysctl: BPF_CGROUP_SYSCTL
        case .getsockopt: BPF_CGROUP_GETSOCKOPT
        case .setsockopt: BPF_CGROUP_SETSOCKOPT
        case .socketOperations: BPF_CGROUP_SOCK_OPS
        }
    }
}
