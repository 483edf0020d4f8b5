/// A number that readers of events show in hexadecimal: flags, addresses.
///
///     struct Event { var flags: Hexadecimal<UInt32>; … }
///
/// In memory it is the number. The object's type information has the tag `hex` at a field of this type.
@frozen
public struct Hexadecimal<Number: FixedWidthInteger & BitwiseCopyable>: BitwiseCopyable {
    /// The number.
    public var value: Number

    /// A number that is shown so.
    @inline(__always)
    public init(_ value: Number) { self.value = value }
}

extension Hexadecimal: Sendable where Number: Sendable {}
extension Hexadecimal: Equatable {
    /// Whether they are the same number.
    @inline(__always)
    public static func == (a: Self, b: Self) -> Bool { a.value == b.value }
}
