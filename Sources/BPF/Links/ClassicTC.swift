import CLibBPF
import Glibc
import Synchronization

/// The hooks of an interface's `clsact` qdisc, where tc programs go on kernels without tcx.
///
/// What is attached here is no link: it stays when the process ends, and goes with the interface. Calls act on this thread's network
/// namespace.
///
///     let tc = ClassicTC(interface: 4)
///     let isOurs = try tc.createQdisc()
///     let filter = try tc.attach(program, .ingress, priority: 1, handle: 1)
public struct ClassicTC: Sendable, Hashable {
    /// The interface's index.
    public let interface: Int32

    /// The hooks of an interface.
    public init(interface: Int32) { self.interface = interface }

    /// An attached program.
    public struct Filter: Sendable, Hashable {
        public let direction: TrafficDirection
        /// The order among the filters of the hook, lower first.
        public let priority: UInt16
        /// The number within the priority.
        public let handle: UInt32
        /// The number of the program.
        public let programID: UInt32
    }

    /// Makes the qdisc; says whether it was made now (false: there was one).
    ///
    /// The corresponding libbpf function is `bpf_tc_hook_create`.
    @discardableResult
    public func createQdisc() throws(BPFError) -> Bool {
        var hook = hook(BPF_TC_INGRESS)
        let (result, printed) = LibbpfMessages.capturing { unsafe bpf_tc_hook_create(&hook) }
        if result == -EEXIST { return false }
        if result < 0 { throw BPFError(.create, "clsact of interface \(interface)", errno: -result, libbpfMessages: printed) }
        return true
    }

    /// Takes the qdisc away with all filters in it, whoever put them there. See `filters(_:)`.
    ///
    /// The corresponding libbpf function is `bpf_tc_hook_destroy`.
    public func removeQdisc() throws(BPFError) {
        var hook = hook(bpf_tc_attach_point(BPF_TC_INGRESS.rawValue | BPF_TC_EGRESS.rawValue))
        try captured(.delete, "clsact of interface \(interface)") { unsafe bpf_tc_hook_destroy(&hook) }
    }

    /// Attaches a program in direct action, where its return value is the verdict.
    ///
    /// - Parameters:
    ///   - priority: The order among the filters, lower first; 0 has the kernel choose.
    ///   - handle: The number within the priority; 0 has the kernel choose.
    ///   - isReplacing: Whether a filter of that priority and handle may be there, whose program is then replaced in one atomic step.
    /// - Throws: `BPFError` with EEXIST if there is one and `isReplacing` is false, EINVAL or ENOENT without the qdisc.
    @discardableResult
    public func attach(
        _ program: borrowing TypedProgram<TrafficControl>, _ direction: TrafficDirection, priority: UInt16, handle: UInt32,
        replacing isReplacing: Bool = false
    ) throws(BPFError) -> Filter {
        try attach(program.program, direction, priority: priority, handle: handle, replacing: isReplacing)
    }

    /// Attaches a program whose kind only the kernel knows.
    @discardableResult
    public func attach(
        _ program: borrowing Program, _ direction: TrafficDirection, priority: UInt16, handle: UInt32, replacing isReplacing: Bool = false
    ) throws(BPFError) -> Filter {
        var hook = hook(direction.attachPoint)
        var options = options(priority: priority, handle: handle)
        options.prog_fd = program.fileDescriptor
        options.flags = isReplacing ? BPF_TC_F_REPLACE.rawValue : 0
        let name = program.name
        try captured(.attach, "program \(name) to clsact \(direction.rawValue) of interface \(interface)") {
            unsafe bpf_tc_attach(&hook, &options)
        }
        return Filter(direction: direction, priority: UInt16(options.priority), handle: options.handle, programID: options.prog_id)
    }

    /// The filter of a priority and handle, or nothing if there is none.
    public func query(_ direction: TrafficDirection, priority: UInt16, handle: UInt32) throws(BPFError) -> Filter? {
        var hook = hook(direction.attachPoint)
        var options = options(priority: priority, handle: handle)
        let (result, printed) = LibbpfMessages.capturing { unsafe bpf_tc_query(&hook, &options) }
        // EINVAL is what the kernel says when there is no qdisc.
        if result == -ENOENT || result == -EINVAL { return nil }
        if result < 0 {
            throw BPFError(
                .query, "clsact \(direction.rawValue) of interface \(interface)", errno: -result, libbpfMessages: printed)
        }
        return Filter(direction: direction, priority: priority, handle: handle, programID: options.prog_id)
    }

    /// Takes a filter away. Look first whether the program there is still one's own: see `query`.
    public func detach(_ direction: TrafficDirection, priority: UInt16, handle: UInt32) throws(BPFError) {
        var hook = hook(direction.attachPoint)
        var options = options(priority: priority, handle: handle)
        try captured(.detach, "filter \(priority):\(handle) from clsact \(direction.rawValue) of interface \(interface)") {
            unsafe bpf_tc_detach(&hook, &options)
        }
    }

    private func hook(_ point: bpf_tc_attach_point) -> bpf_tc_hook {
        var hook = bpf_tc_hook()
        hook.sz = swiftbpf_size_of_bpf_tc_hook()
        hook.ifindex = interface
        hook.attach_point = point
        return hook
    }

    private func options(priority: UInt16, handle: UInt32) -> bpf_tc_opts {
        var options = bpf_tc_opts()
        options.sz = swiftbpf_size_of_bpf_tc_opts()
        options.priority = UInt32(priority)
        options.handle = handle
        return options
    }
}

extension TrafficDirection {
    fileprivate var attachPoint: bpf_tc_attach_point { self == .ingress ? BPF_TC_INGRESS : BPF_TC_EGRESS }
}

extension Program {
    func attach(clsact index: Int32, _ direction: TrafficDirection, priority: UInt16, handle: UInt32) throws(BPFError) -> Attachment {
        let tc = ClassicTC(interface: index)
        // Without qdisc nothing is attached; one that is there already is another's, and stays.
        try tc.createQdisc()
        return Attachment([ClassicTCPart(tc, try tc.attach(self, direction, priority: priority, handle: handle))])
    }
}

/// A filter at clsact that goes with the attachment, if its program is still the one that was attached.
private final class ClassicTCPart: AttachmentPart {
    private let tc: ClassicTC
    private let state: Mutex<ClassicTC.Filter?>

    init(_ tc: ClassicTC, _ filter: ClassicTC.Filter) {
        self.tc = tc
        state = Mutex(filter)
    }

    // On a thread of another network namespace nothing of that number and program is found, or nothing at all.
    deinit { try? detach() }

    var linkDescriptor: CInt? { nil }

    func detach() throws(BPFError) {
        try state.withLock { filter throws(BPFError) in
            guard let held = filter else { return }
            filter = nil
            guard try tc.query(held.direction, priority: held.priority, handle: held.handle)?.programID == held.programID else { return }
            try tc.detach(held.direction, priority: held.priority, handle: held.handle)
        }
    }

    func pin(at path: String) throws(BPFError) {
        throw BPFError(.pin, "attachment at \(path)", reason: "a filter at clsact is no link", remedy: "it stays when the process ends")
    }

    func update(to program: borrowing Program) throws(BPFError) {
        let new = SharedDescriptor(try Descriptor(duplicating: program.fileDescriptor, for: "program \(program.name)"))
        let name = program.name
        try state.withLock { filter throws(BPFError) in
            guard let held = filter else { throw BPFError(.update, "clsact of interface \(tc.interface)", errno: ENOENT) }
            guard try tc.query(held.direction, priority: held.priority, handle: held.handle)?.programID == held.programID else {
                throw BPFError(.update, "clsact of interface \(tc.interface)", reason: "another program has come into the filter's place")
            }
            let copy = Program(try Descriptor(duplicating: new.rawValue, for: "program \(name)"), name: name)
            filter = try tc.attach(copy, held.direction, priority: held.priority, handle: held.handle, replacing: true)
        }
    }
}
