public import EBPF

// swift-format-ignore: TypeNamesShouldBeCapitalized, AlwaysUseLowerCamelCase
/// A call of a function, from entry to return.
public struct function_call_event: BitwiseCopyable, Sendable {
    /// When it returned, in nanoseconds since boot.
    public var time: UInt64
    /// How long it took, in nanoseconds.
    public var duration_ns: UInt64
    /// The first.
    public var argument: Hexadecimal<UInt64>
    /// What it returned.
    public var result: Hexadecimal<UInt64>
    /// Of the attachment, to tell functions apart.
    public var cookie: Hexadecimal<UInt64>
    /// The process.
    public var pid: UInt32
    /// The thread.
    public var tid: UInt32
    /// The thread's name.
    public var comm: FixedString<16>
}

// swift-format-ignore: TypeNamesShouldBeCapitalized, AlwaysUseLowerCamelCase
/// What calls come to.
public struct function_call_counts: BitwiseCopyable, Sendable {
    /// Those that returned.
    public var calls: UInt64
    /// No room to remember the entry.
    public var untracked: UInt64
    /// How long they took together, in nanoseconds.
    public var total_ns: UInt64
}
