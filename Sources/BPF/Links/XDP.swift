import CLibBPF
import Glibc

/// Where an XDP program runs.
public enum XDPMode: String, Sendable, Hashable, CaseIterable {
    /// In the driver, before the kernel has made a packet of the frame. Not every driver can.
    case native
    /// In the kernel's own receive path, at every interface.
    case generic
}

extension TypedProgram<XDP> {
    /// Attaches to an interface of this thread's network namespace by a link.
    ///
    /// An interface takes one program. `Link.update(to:)` puts another in its place in one atomic step. Requires Linux 5.9.
    ///
    /// - Parameters:
    ///   - interface: The interface's name or index.
    ///   - mode: Where it runs; without one in the driver if it can, else in the kernel's receive path.
    /// - Throws: `BPFError` of step `attach`: EBUSY if there is a program already, EEXIST if there is one in the other mode, EOPNOTSUPP
    ///   if the driver has no XDP, ENODEV without such an interface, and what else the driver says.
    public func attach(interface: InterfaceReference, _ mode: XDPMode? = nil) throws(BPFError) -> Link {
        try program.attach(xdp: program.index(of: interface), mode)
    }
}

extension Program {
    /// Attaches an XDP program to an interface of this thread's network namespace by a link.
    ///
    /// An interface takes one program. `Link.update(to:)` puts another in its place in one atomic step. Requires Linux 5.9.
    ///
    /// - Throws: `BPFError` of step `attach`: EBUSY if there is a program already, EEXIST if there is one in the other mode, EOPNOTSUPP
    ///   if the driver has no XDP, ENODEV without such an interface, and what else the driver says.
    public func attachXDP(interface index: Int32, _ mode: XDPMode) throws(BPFError) -> Link {
        try attach(xdp: index, mode)
    }

    func attach(xdp index: Int32, _ mode: XDPMode?) throws(BPFError) -> Link {
        var request = swiftbpf_xdp_create()
        request.prog_fd = UInt32(bitPattern: fileDescriptor)
        request.target_ifindex = UInt32(bitPattern: index)
        request.attach_type = AttachType.xdp.rawValue
        request.flags =
            switch mode {
            case .native: UInt32(SWIFTBPF_XDP_NATIVE)
            case .generic: UInt32(SWIFTBPF_XDP_GENERIC)
            case nil: 0
            }
        return try linked(&request, "\(mode.map { "\($0.rawValue) " } ?? "")XDP of interface \(index)")
    }
}
