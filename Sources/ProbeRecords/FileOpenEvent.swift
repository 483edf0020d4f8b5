public import EBPF

// The names of records, fields and cases are what readers of events meet, in documents and in JSON: all probes write them as C does.
// swift-format-ignore: TypeNamesShouldBeCapitalized, AlwaysUseLowerCamelCase
/// A file opened, or that could not be.
public struct file_open_event: BitwiseCopyable, Sendable {
    /// When, in nanoseconds since boot.
    public var time: UInt64
    /// How long the call took.
    public var duration_ns: UInt64
    /// The process.
    public var pid: UInt32
    /// The thread.
    public var tid: UInt32
    /// The user it acted as.
    public var uid: UInt32
    /// The descriptor, or below zero the negated errno.
    public var result: Int32
    /// The descriptor a relative path begins at; -100 is the working directory.
    public var directory: Int32
    /// `O_CREAT` and the like, as given.
    public var flags: Hexadecimal<UInt32>
    /// Of a file to be made, as given.
    public var mode: Hexadecimal<UInt32>
    /// The path goes on.
    public var truncated: Bool
    /// Seen by the kprobe alone: no traced system call, a 32-bit one for example.
    public var by_kprobe: Bool
    /// Zero.
    public var padding: (UInt8, UInt8)
    /// The thread's name.
    public var comm: FixedString<16>
    /// The path as given.
    public var path: FixedString<256>
}
