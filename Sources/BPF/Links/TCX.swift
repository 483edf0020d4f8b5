import CLibBPF
import Glibc

/// Where a program goes among those attached to an interface's tcx hook, which run in order until one decides.
public enum TCXOrder: Sendable, Hashable {
    /// Before all others.
    case first
    /// After all others.
    case last
    /// Before the link of a number.
    case before(link: UInt32)
    /// After the link of a number.
    case after(link: UInt32)
    /// Before the program of a number.
    case beforeProgram(UInt32)
    /// After the program of a number.
    case afterProgram(UInt32)

    fileprivate var flags: UInt32 {
        let bits: CInt =
            switch self {
            case .first: CInt(SWIFTBPF_F_BEFORE)
            case .last: CInt(SWIFTBPF_F_AFTER)
            case .before: CInt(SWIFTBPF_F_BEFORE | SWIFTBPF_F_ID | SWIFTBPF_F_LINK)
            case .after: CInt(SWIFTBPF_F_AFTER | SWIFTBPF_F_ID | SWIFTBPF_F_LINK)
            case .beforeProgram: CInt(SWIFTBPF_F_BEFORE | SWIFTBPF_F_ID)
            case .afterProgram: CInt(SWIFTBPF_F_AFTER | SWIFTBPF_F_ID)
            }
        return UInt32(bits)
    }

    fileprivate var relativeID: UInt32 {
        switch self {
        case .first, .last: 0
        case .before(let id), .after(let id), .beforeProgram(let id), .afterProgram(let id): id
        }
    }
}

extension TCXOrder: CustomStringConvertible {
    /// `first`, `before=link:7`.
    public var description: String {
        switch self {
        case .first: "first"
        case .last: "last"
        case .before(let id): "before=link:\(id)"
        case .after(let id): "after=link:\(id)"
        case .beforeProgram(let id): "before=program:\(id)"
        case .afterProgram(let id): "after=program:\(id)"
        }
    }
}

/// The programs on one direction of an interface's tcx hook, in the order they run.
public struct TCXChain: Sendable, Hashable {
    /// A program and, if it is attached by a link, the link.
    public struct Entry: Sendable, Hashable {
        public let programID: UInt32
        public let linkID: UInt32?
    }

    public let entries: [Entry]
    /// The kernel's count of changes to the chain, to be given to an attach that must see none in between.
    public let revision: UInt64

    /// Asks for the programs on an interface of this thread's network namespace.
    ///
    /// Requires Linux 6.6.
    public init(interface: Int32, _ direction: TrafficDirection) throws(BPFError) {
        let subject = "tcx \(direction.rawValue) of interface \(interface)"
        // The chain holds at most 64 programs (BPF_MPROG_MAX).
        var programs = [UInt32](repeating: 0, count: 64)
        var links = programs
        var query = swiftbpf_tcx_query()
        query.target_ifindex = UInt32(bitPattern: interface)
        query.attach_type = direction.tcxAttachType
        query.count = UInt32(programs.count)
        try system(.query, subject) {
            unsafe programs.withUnsafeMutableBufferPointer { programs in
                unsafe links.withUnsafeMutableBufferPointer { links in
                    query.prog_ids = UInt64(UInt(bitPattern: programs.baseAddress))
                    query.link_ids = UInt64(UInt(bitPattern: links.baseAddress))
                    return unsafe swiftbpf_bpf(
                        CInt(BPF_PROG_QUERY.rawValue), &query, UInt32(MemoryLayout<swiftbpf_tcx_query>.size))
                }
            }
        }
        entries = (0..<Int(query.count)).map { Entry(programID: programs[$0], linkID: links[$0] == 0 ? nil : links[$0]) }
        revision = query.revision
    }
}

extension TrafficDirection {
    fileprivate var tcxAttachType: UInt32 {
        UInt32(self == .ingress ? SWIFTBPF_TCX_INGRESS : SWIFTBPF_TCX_EGRESS)
    }
}

extension TypedProgram<TrafficControl> {
    /// Attaches to an interface of this thread's network namespace by a tcx link.
    ///
    /// The program's `TCX_NEXT` (-1) hands the packet to the next program of the chain, other verdicts are final. Requires Linux 6.6.
    ///
    /// - Parameters:
    ///   - interface: The interface's name or index.
    ///   - direction: Incoming or outgoing packets.
    ///   - order: The place among the programs that are there.
    ///   - revision: If given, the chain must still be at this revision.
    /// - Throws: `BPFError` of step `attach`: EINVAL on kernels without tcx, ENODEV or EINVAL without such an interface, EEXIST if this
    ///   very program is there, ESTALE if the revision is another.
    public func attach(
        interface: InterfaceReference, _ direction: TrafficDirection, order: TCXOrder = .last, expecting revision: UInt64 = 0
    ) throws(BPFError) -> Link {
        try program.attachTCX(interface: program.index(of: interface), direction, order: order, expecting: revision)
    }
}

extension Program {
    /// Attaches a tc program to an interface of this thread's network namespace by a tcx link.
    ///
    /// The program's `TCX_NEXT` (-1) hands the packet to the next program of the chain, other verdicts are final. Requires Linux 6.6.
    ///
    /// - Parameters:
    ///   - index: The interface's index.
    ///   - direction: Incoming or outgoing packets.
    ///   - order: The place among the programs that are there.
    ///   - revision: If given, the chain must still be at this revision.
    /// - Throws: `BPFError` of step `attach`: EINVAL on kernels without tcx, ENODEV or EINVAL without such an interface, EEXIST if this
    ///   very program is there, ESTALE if the revision is another.
    public func attachTCX(
        interface index: Int32, _ direction: TrafficDirection, order: TCXOrder = .last, expecting revision: UInt64 = 0
    ) throws(BPFError) -> Link {
        // libbpf 1.1 knows nothing of tcx; its bpf_link_create could make a link, but not say where in the chain.
        var request = swiftbpf_tcx_create()
        request.prog_fd = UInt32(bitPattern: fileDescriptor)
        request.target_ifindex = UInt32(bitPattern: index)
        request.attach_type = direction.tcxAttachType
        request.flags = order.flags
        request.relative_id = order.relativeID
        request.expected_revision = revision
        return try linked(&request, "tcx \(direction.rawValue) of interface \(index)")
    }
}
