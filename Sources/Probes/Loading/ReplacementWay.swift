internal import BPF
internal import Glibc

/// How a program takes the place of another at the same target.
enum ReplacementWay: Sendable, Hashable {
    /// In one step: the attachment stays, and its program is another.
    case update
    /// Attached before the other is let go: for a moment both run.
    case beside
    /// The other is let go first, as the kernel has neither room for both nor a way to change which of them runs.
    case exchange

    init(_ target: AttachTarget) {
        switch target {
        case .xdp, .tc, .tcx, .cgroup, .lsmCgroup, .socketLookup, .flowDissector, .packets, .socketMessage, .socketStream: self = .update
        case .netfilter: self = .exchange
        default: self = .beside
        }
    }
}

/// A place that takes one program only, whatever the details of the target: an interface's XDP hook in one mode or the other, for example.
enum ExclusivePlace: Sendable, Hashable {
    case xdp(interface: UInt32)
    case filter(interface: UInt32, TrafficDirection, priority: UInt16, handle: UInt32)
    case netfilter(NetfilterHook.Family, NetfilterHook.Point, priority: Int32)
    /// By the inode of the network namespace.
    case flowDissector(namespace: UInt64)
    case sockets(SocketHook, map: String)

    enum SocketHook: Sendable, Hashable {
        case message, parser
        /// Of the two kinds of verdict a map takes one.
        case verdict
    }

    /// The place of a target, seen from this thread's network namespace; nothing if it takes several programs.
    init?(_ target: AttachTarget) {
        switch target {
        case .xdp(let interface, _): self = .xdp(interface: Self.index(of: interface))
        case .tc(let interface, let direction, let priority, let handle):
            // Where the kernel chooses there is always room.
            guard priority != 0, handle != 0 else { return nil }
            self = .filter(interface: Self.index(of: interface), direction, priority: priority, handle: handle)
        case .netfilter(let hook): self = .netfilter(hook.family, hook.point, priority: hook.priority)
        case .flowDissector(let path): self = .flowDissector(namespace: Self.inode(of: path ?? "/proc/thread-self/ns/net"))
        case .socketMessage(let map): self = .sockets(.message, map: map)
        case .socketStream(.parser, let map): self = .sockets(.parser, map: map)
        case .socketStream(_, let map): self = .sockets(.verdict, map: map)
        default: return nil
        }
    }

    /// 0 for an interface that is not there.
    private static func index(of interface: InterfaceReference) -> UInt32 {
        switch interface {
        case .index(let index): UInt32(bitPattern: index)
        case .name(let name): unsafe if_nametoindex(name)
        }
    }

    private static func inode(of path: String) -> UInt64 {
        var status = stat()
        return unsafe stat(path, &status) == 0 ? UInt64(status.st_ino) : 0
    }
}
