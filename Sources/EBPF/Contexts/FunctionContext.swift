/// What programs at kernel functions and tracepoints are handed that the kernel's own type information describes: `fentry`, `fexit`,
/// `fmod_ret`, `lsm`, `tp_btf`.
///
///     @section("fexit/do_unlinkat") @used
///     func unlinked(_ call: FunctionContext) -> ProbeResult {
///         let folder = Int32(truncatingIfNeeded: call.argument(0))
///         let result = Int32(truncatingIfNeeded: call.argument(2))  // behind the last argument
///         …
///     }
@safe
public struct FunctionContext: KernelContext {
    let raw: UnsafePointer<UInt64>

    @inline(__always)
    @unsafe public var address: UnsafeRawPointer { unsafe UnsafeRawPointer(raw) }

    /// An argument of the function; at its return, behind the last, what it returned.
    ///
    /// - Parameter index: A constant; the verifier refuses what lies behind the last.
    @inline(__always)
    public func argument(_ index: Int) -> UInt64 { unsafe raw[index] }

    /// An argument that points into the kernel's memory.
    @inline(__always)
    public func kernelPointer<Pointee: BitwiseCopyable>(_ index: Int, to type: Pointee.Type) -> KernelPointer<Pointee> {
        KernelPointer(argument(index))
    }
}

/// Whether something may be done, of programs at hooks of security modules (`lsm`).
public struct SecurityVerdict: BitwiseCopyable, Equatable, Sendable {
    public let rawValue: Int32

    @inline(__always)
    public init(rawValue: Int32) { self.rawValue = rawValue }

    @inline(__always)
    public static var allow: SecurityVerdict { SecurityVerdict(rawValue: 0) }

    /// Refused with an error, as in errno.h; EPERM without one.
    @inline(__always)
    public static func deny(errorNumber: Int32 = 1) -> SecurityVerdict { SecurityVerdict(rawValue: 0 &- errorNumber) }
}
