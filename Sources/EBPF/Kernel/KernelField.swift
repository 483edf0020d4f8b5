internal import CEBPF

/// Where a field lies in a structure of the kernel that runs, which differs from one kernel to the next: found out by the kernel's own type
/// information when the program is loaded (CO-RE).
///
///     let processNumber = KernelField<Int32>("task_struct", "tgid")
///
///     let process = CurrentTask.structure.read(processNumber)
///
/// A constant of the source, as maps are. Names are written out; the type is the field's, and as large: a pointer is a
/// ``KernelPointer``, any struct stands for a structure, ``IPv4Address`` too: an address that the kernel has as a number (`__be32`) is a
/// `BigEndian<UInt32>`. An enumeration is read by its number. Members of unnamed unions and structs are found as if they were their outer's;
/// those of a structure inside by a field of their own:
///
///     let scheduler = KernelField<Scheduler>("task_struct", "se")
///     let runtime = KernelField<UInt64>("sched_entity", "sum_exec_runtime")
///
///     let time = CurrentTask.structure.at(scheduler).read(runtime)
///
/// A program that uses a field the kernel has not got is refused when it is loaded; the error names structure and field.
public struct KernelField<Value: BitwiseCopyable>: ~Copyable, Sendable {
    /// Where the offset lies, as far as the Swift compiler knows.
    private let place = SettingPlace()
    private let structure: StaticString
    private let field: StaticString

    /// A field by the names of its structure and its own, as the kernel has them.
    @inline(__always)
    public init(_ structure: StaticString, _ field: StaticString) {
        self.structure = structure
        self.field = field
    }

    /// How many bytes the structure has before the field.
    @inline(__always)
    public var offset: Int { unsafe Int(truncatingIfNeeded: ebpf_volatile_64(place.address)) }
}

extension KernelPointer {
    /// A field of the kernel's structure that lies there, or nothing if the address is none.
    ///
    /// The helper is `bpf_probe_read_kernel`.
    @inline(__always)
    public func read<Value: BitwiseCopyable>(_ field: borrowing KernelField<Value>) -> Value? { at(field).read() }

    /// Where a field of the kernel's structure lies.
    @inline(__always)
    public func at<Value: BitwiseCopyable>(_ field: borrowing KernelField<Value>) -> KernelPointer<Value> {
        KernelPointer<Value>(address &+ UInt64(truncatingIfNeeded: field.offset))
    }

    /// Reads text up to its NUL from a field into an array, whose other bytes stay what they are.
    ///
    /// The helper is `bpf_probe_read_kernel_str`.
    @inline(__always)
    @discardableResult
    public func readText<let size: Int>(
        _ field: borrowing KernelField<FixedString<size>>, into text: inout FixedString<size>
    ) -> CallResult {
        KernelPointer<CChar>(at(field).address).readText(into: &text)
    }
}
