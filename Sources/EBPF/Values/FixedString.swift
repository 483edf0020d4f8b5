internal import CEBPF

/// Text of at most so many bytes, ended by NUL or by its last byte: what the kernel calls an array of `char`.
///
///     struct Event { var process: FixedString<16>; … }
///
/// User space reads it by `text`, which `BPF` gives such arrays.
public typealias FixedString<let size: Int> = InlineArray<size, CChar>

extension InlineArray where Element == CChar {
    /// No text: all bytes zero.
    @inline(__always)
    public static var empty: Self {
        // As one piece of memory: what is set byte by byte is copied byte by byte.
        unsafe withUnsafeTemporaryAllocation(of: Self.self, capacity: 1) { memory in
            let place = unsafe memory.baseAddress.unsafelyUnwrapped
            unsafe ebpf_zero(place, UInt64(truncatingIfNeeded: MemoryLayout<Self>.size))
            return unsafe place.pointee
        }
    }
}
