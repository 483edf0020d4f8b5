import CLibBPF
import Glibc

/// A hook of netfilter, and the place of a program among what is registered there.
public struct NetfilterHook: Sendable, Hashable {
    /// Which packets.
    public enum Family: String, Sendable, Hashable, CaseIterable {
        case ipv4, ipv6

        var number: UInt32 { self == .ipv4 ? 2 : 10 }
    }

    /// Where on their way.
    public enum Point: String, Sendable, Hashable, CaseIterable {
        case prerouting, input, forward, output, postrouting
    }

    public var family: Family
    public var point: Point
    /// The order among all that is registered at the hook, nftables' chains too: lower first. The lowest and highest 32-bit numbers are
    /// the kernel's own.
    public var priority: Int32
    /// Whether the program sees datagrams put together again from their fragments. Needs a priority above -400. Requires Linux 6.6.
    public var defragments: Bool

    /// A hook of a family.
    public init(_ family: Family, _ point: Point, priority: Int32 = 0, defragments: Bool = false) {
        self.family = family
        self.point = point
        self.priority = priority
        self.defragments = defragments
    }

    /// The hook of the kernel's numbers; nothing if they are of another kind.
    init?(family: UInt32, hook: UInt32, priority: Int32, flags: UInt32) {
        guard let family = Family.allCases.first(where: { $0.number == family }), hook < Point.allCases.count else { return nil }
        self.init(family, Point.allCases[Int(hook)], priority: priority, defragments: flags & 1 != 0)
    }

    /// The kernel numbers them in the order packets come by.
    var number: UInt32 { UInt32(Point.allCases.firstIndex(of: point) ?? 0) }
}

extension NetfilterHook: CustomStringConvertible {
    /// `ipv4/input priority=-100 defragment`.
    public var description: String {
        "\(family.rawValue)/\(point.rawValue)\(priority == 0 ? "" : " priority=\(priority)")\(defragments ? " defragment" : "")"
    }
}

extension TypedProgram<Netfilter> {
    /// Attaches to a hook of netfilter in this thread's network namespace.
    ///
    /// - Throws: `BPFError` of step `attach`: EEXIST if there is a program of that priority, EINVAL on kernels without such links, ENOENT
    ///   or EOPNOTSUPP if the kernel cannot put fragments together.
    ///
    /// Requires Linux 6.4. libbpf 1.1 knows nothing of it; `bpf_program__attach_netfilter` is of 1.3.
    public func attach(to hook: NetfilterHook) throws(BPFError) -> Link { try program.attach(netfilter: hook) }
}

extension Program {
    func attach(netfilter hook: NetfilterHook) throws(BPFError) -> Link {
        var request = swiftbpf_netfilter_create()
        request.prog_fd = UInt32(bitPattern: fileDescriptor)
        request.attach_type = AttachType.netfilter.rawValue
        request.family = hook.family.number
        request.hook = hook.number
        request.priority = hook.priority
        request.netfilter_flags = hook.defragments ? 1 : 0
        return try linked(&request, "netfilter \(hook)")
    }
}
