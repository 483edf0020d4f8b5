internal import CEBPF

/// The thread that the program runs for, or that it interrupted.
///
///     event.value.process = CurrentTask.process
///     CurrentTask.readName(into: &event.value.name)
public enum CurrentTask {
    /// Thread in the lower half, process in the upper.
    ///
    /// The helper is `bpf_get_current_pid_tgid`.
    @inline(__always)
    public static var identity: UInt64 { ebpf_get_current_pid_tgid() }

    /// The process, which the kernel calls thread group.
    @inline(__always)
    public static var process: UInt32 { UInt32(truncatingIfNeeded: identity &>> 32) }

    /// The thread, which the kernel calls process.
    @inline(__always)
    public static var thread: UInt32 { UInt32(truncatingIfNeeded: identity) }

    /// The user it acts as.
    ///
    /// The helper is `bpf_get_current_uid_gid`.
    @inline(__always)
    public static var user: UInt32 { UInt32(truncatingIfNeeded: ebpf_get_current_uid_gid()) }

    /// The group it acts as.
    ///
    /// The helper is `bpf_get_current_uid_gid`.
    @inline(__always)
    public static var group: UInt32 { UInt32(truncatingIfNeeded: ebpf_get_current_uid_gid() &>> 32) }

    /// The thread's name, 15 bytes and a NUL at most.
    ///
    /// The helper is `bpf_get_current_comm`.
    @inline(__always)
    public static var name: FixedString<16> {
        var name = FixedString<16>.empty
        readName(into: &name)
        return name
    }

    /// Writes the thread's name to where it is wanted.
    ///
    /// The helper is `bpf_get_current_comm`.
    @inline(__always)
    @discardableResult
    public static func readName<let size: Int>(into name: inout FixedString<size>) -> CallResult {
        unsafe withUnsafeMutablePointer(to: &name) { unsafe CallResult(ebpf_get_current_comm($0, UInt32(truncatingIfNeeded: size))) }
    }

    /// The identity of its cgroup (version 2).
    ///
    /// The helper is `bpf_get_current_cgroup_id`.
    @inline(__always)
    public static var cgroup: UInt64 { ebpf_get_current_cgroup_id() }

    /// The identity of the cgroup above its own that is so many levels below the root.
    ///
    /// The helper is `bpf_get_current_ancestor_cgroup_id`.
    @inline(__always)
    public static func cgroup(atLevel level: Int32) -> UInt64 { ebpf_get_current_ancestor_cgroup_id(level) }

    /// The address of the kernel's `struct task_struct`.
    ///
    /// The helper is `bpf_get_current_task`.
    @inline(__always)
    public static var structure: KernelPointer<UInt8> { KernelPointer(ebpf_get_current_task()) }

    /// Sends the process a signal. Requires Linux 5.3.
    ///
    /// The helper is `bpf_send_signal`.
    @inline(__always)
    @discardableResult
    public static func send(signal: UInt32) -> CallResult { CallResult(ebpf_send_signal(signal)) }
}
