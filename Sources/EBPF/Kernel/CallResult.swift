/// What a helper says about a call: done, or why not.
@frozen
public struct CallResult: BitwiseCopyable, Sendable {
    /// What the helper returned: negative for an error.
    public let rawValue: Int32

    /// Until Linux 6.4 some helpers leave only the lower half of what they return: an error would be a large number of 64 bits.
    @inline(__always)
    init(_ rawValue: Int) { self.rawValue = Int32(truncatingIfNeeded: rawValue) }

    /// Whether the call did what it was to do.
    @inline(__always)
    public var succeeded: Bool { rawValue >= 0 }

    /// The number of the error, as in errno.h; 0 for none.
    @inline(__always)
    public var errorNumber: Int32 { succeeded ? 0 : 0 &- rawValue }
}
