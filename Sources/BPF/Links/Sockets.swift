import CLibBPF
import Glibc

extension TypedProgram<SocketFilter> {
    /// Has the program choose what a socket receives: as many bytes of each packet as it returns, 0 for none of it.
    ///
    /// The filter goes with the socket, or by `removeFilter(ofSocket:)`; there is no link. A socket takes one.
    ///
    /// - Throws: `BPFError` with EPERM if the socket's filter is locked, ENOTSOCK for descriptors of other kinds.
    ///
    /// The corresponding system call is setsockopt(2) with `SO_ATTACH_BPF`.
    public func attach(toSocket socket: CInt) throws(BPFError) {
        var own = fileDescriptor
        try system(.attach, "program \(name) to socket \(socket)") {
            unsafe setsockopt(socket, SOL_SOCKET, SO_ATTACH_BPF, &own, socklen_t(MemoryLayout<CInt>.size))
        }
    }

    /// Takes a socket's filter away, of whatever kind it is. ENOENT if there is none.
    public static func removeFilter(ofSocket socket: CInt) throws(BPFError) {
        var none: CInt = 0
        try system(.detach, "filter from socket \(socket)") {
            unsafe setsockopt(socket, SOL_SOCKET, SO_DETACH_BPF, &none, socklen_t(MemoryLayout<CInt>.size))
        }
    }

    /// Has the program see what an interface of this thread's network namespace receives and sends.
    ///
    /// The attachment holds a packet socket, and goes with it. What the program lets through waits in that socket and is never read: let it
    /// return 0.
    public func attach(interface: InterfaceReference) throws(BPFError) -> Attachment { try program.attach(packetsOf: interface) }
}

extension Program {
    func attach(packetsOf interface: InterfaceReference) throws(BPFError) -> Attachment {
        let subject = "program \(name) to packets of interface \(interface)"
        let index = try index(of: interface)
        // Without a protocol nothing arrives before the filter is there.
        let type = CInt(SOCK_RAW.rawValue) | CInt(SOCK_CLOEXEC.rawValue)
        let socket = Descriptor(adopting: try system(.attach, subject) { Glibc.socket(AF_PACKET, type, 0) })
        var own = fileDescriptor
        try system(.attach, subject) {
            unsafe setsockopt(socket.rawValue, SOL_SOCKET, SO_ATTACH_BPF, &own, socklen_t(MemoryLayout<CInt>.size))
        }
        var address = sockaddr_ll()
        address.sll_family = UInt16(AF_PACKET)
        address.sll_protocol = UInt16(ETH_P_ALL).bigEndian
        address.sll_ifindex = index
        try system(.attach, subject) {
            unsafe withUnsafePointer(to: &address) {
                unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    unsafe bind(socket.rawValue, $0, socklen_t(MemoryLayout<sockaddr_ll>.size))
                }
            }
        }
        return Attachment([PacketSocketPart(socket)])
    }
}

/// A packet socket with a filter.
private final class PacketSocketPart: AttachmentPart {
    private let socket: Descriptor

    init(_ socket: consuming Descriptor) { self.socket = socket }

    var linkDescriptor: CInt? { nil }
    func detach() throws(BPFError) {}

    func pin(at path: String) throws(BPFError) {
        throw BPFError(.pin, "attachment at \(path)", reason: "an attachment to a socket cannot be pinned")
    }

    func update(to program: borrowing Program) throws(BPFError) {
        var own = program.fileDescriptor
        try system(.update, "attachment to program \(program.name)") {
            unsafe setsockopt(socket.rawValue, SOL_SOCKET, SO_ATTACH_BPF, &own, socklen_t(MemoryLayout<CInt>.size))
        }
    }
}
