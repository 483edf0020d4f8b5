/// Text of at most so many bytes, ended by NUL or by its last byte: what the kernel calls an array of `char`.
///
///     struct Event { var process: FixedString<16>; … }
///
/// User space reads it by `text`, which `BPF` gives such arrays.
public typealias FixedString<let size: Int> = InlineArray<size, CChar>

extension InlineArray where Element == CChar {
    /// No text: all bytes zero.
    @inline(__always)
    public static var empty: Self { Self(repeating: 0) }
}
