import CLibBPF
import Glibc

extension TypedProgram<ReusePort> {
    /// Has the program choose which socket of a reuse-port group gets a connection or a datagram: the one it picks from a map of the kind
    /// `reusePortSockets`, or, where it picks none, the one the kernel chooses.
    ///
    /// The program goes with the group's last socket, by `removeProgram(fromGroupOf:)`, or when another takes its place, which is one
    /// atomic step; there is no link. A group takes one.
    ///
    /// - Parameter socket: A socket of the group, with `SO_REUSEPORT` set. Before it is bound the group is the one it will found.
    /// - Throws: `BPFError` of step `attach` with EINVAL if the socket is bound without `SO_REUSEPORT`, ENOTSOCK for descriptors of other
    ///   kinds.
    ///
    /// Requires Linux 4.19. The corresponding system call is setsockopt(2) with `SO_ATTACH_REUSEPORT_EBPF`.
    public func attach(toGroupOf socket: CInt) throws(BPFError) {
        var own = fileDescriptor
        try system(.attach, "program \(name) to the reuse-port group of socket \(socket)") {
            unsafe setsockopt(socket, SOL_SOCKET, SO_ATTACH_REUSEPORT_EBPF, &own, socklen_t(MemoryLayout<CInt>.size))
        }
    }

    /// Takes away what chooses among the sockets of a group, of whatever kind it is: the kernel chooses again by addresses and ports.
    ///
    /// - Throws: `BPFError` of step `detach` with ENOENT if there is none.
    ///
    /// Requires Linux 5.3.
    public static func removeProgram(fromGroupOf socket: CInt) throws(BPFError) {
        var none: CInt = 0
        try system(.detach, "program from the reuse-port group of socket \(socket)") {
            unsafe setsockopt(socket, SOL_SOCKET, SO_DETACH_REUSEPORT_BPF, &none, socklen_t(MemoryLayout<CInt>.size))
        }
    }
}
