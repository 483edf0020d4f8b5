import CLibBPF
import Glibc

/// Where an XDP program runs.
public enum XDPMode: String, Sendable, Hashable, CaseIterable {
    /// In the driver, before the kernel has made a packet of the frame. Not every driver can.
    case native
    /// In the kernel's own receive path, at every interface.
    case generic
}

extension Program {
    /// Attaches an XDP program to an interface of this thread's network namespace by a link.
    ///
    /// An interface takes one program. `Link.update(to:)` puts another in its place in one atomic step. Requires Linux 5.9.
    ///
    /// - Throws: `BPFError` of step `attach`: EBUSY if there is a program already, EEXIST if there is one in the other mode, EOPNOTSUPP
    ///   if the driver has no XDP, ENODEV without such an interface, and what else the driver says.
    public func attachXDP(interface index: Int32, _ mode: XDPMode) throws(BPFError) -> Link {
        var request = swiftbpf_xdp_create()
        request.prog_fd = UInt32(bitPattern: fileDescriptor)
        request.target_ifindex = UInt32(bitPattern: index)
        request.attach_type = UInt32(BPF_XDP.rawValue)
        request.flags = UInt32(mode == .native ? SWIFTBPF_XDP_NATIVE : SWIFTBPF_XDP_GENERIC)
        let link = try system(.attach, "program \(name) to \(mode.rawValue) XDP of interface \(index)") {
            unsafe swiftbpf_bpf(CInt(BPF_LINK_CREATE.rawValue), &request, UInt32(MemoryLayout<swiftbpf_xdp_create>.size))
        }
        return Link(adopting: link)
    }
}
