import CLibBPF
import Glibc

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
        /// What the filter is called, of `filters(_:)` only: libbpf, and so this library, gives it the program's name and number,
        /// `NAME:[7]`. To open a program by its number and read its name needs CAP_SYS_ADMIN.
        public internal(set) var name: String?
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
