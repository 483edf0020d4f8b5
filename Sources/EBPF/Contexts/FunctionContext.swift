/// What programs at kernel functions and tracepoints are handed that the kernel's own type information describes: `fentry`, `fexit`,
/// `fmod_ret`, `lsm`, `tp_btf`.
///
///     @section("fexit/do_unlinkat") @used
///     func unlinked(_ call: FunctionContext) -> ProbeResult {
///         let folder = call.argument(0, as: Int32.self)
///         let result = call.argument(2, as: Int32.self)
///         …
///     }
///
/// At the return of a function, what it returned is behind the last argument.
@safe
public struct FunctionContext: ArgumentArrayContext {
    @unsafe public let address: UnsafeRawPointer
}

/// Whether something may be done, of programs at hooks of security modules (`lsm`).
public struct SecurityVerdict: BitwiseCopyable, Equatable, Sendable {
    /// The number the kernel is told.
    public let rawValue: Int32

    /// By the number the kernel is told.
    @inline(__always)
    public init(rawValue: Int32) { self.rawValue = rawValue }

    /// Let through, unless another security module refuses.
    @inline(__always)
    public static var allow: SecurityVerdict { SecurityVerdict(rawValue: 0) }

    /// Refused with an error, as in errno.h; EPERM without one.
    @inline(__always)
    public static func deny(errorNumber: Int32 = 1) -> SecurityVerdict { SecurityVerdict(rawValue: 0 &- errorNumber) }
}
