/// A whole number whose bytes lie highest first, as networks have them.
///
///     let port: BigEndian<UInt16> = header.destinationPort
///     if port.value == 443 { … }
///     if port == 443 { … }  // the same, without turning bytes round
public struct BigEndian<Number: FixedWidthInteger & BitwiseCopyable>: BitwiseCopyable {
    /// The number as it lies in memory, read in the machine's own order.
    public var bits: Number

    /// Wraps a number of the machine's order.
    @inline(__always)
    public init(_ value: Number) { bits = value.bigEndian }

    /// Wraps bytes that are highest first already.
    @inline(__always)
    public init(bits: Number) { self.bits = bits }

    /// The number in the machine's order.
    @inline(__always)
    public var value: Number {
        get { Number(bigEndian: bits) }
        set { bits = newValue.bigEndian }
    }
}

/// A whole number whose bytes lie lowest first.
public struct LittleEndian<Number: FixedWidthInteger & BitwiseCopyable>: BitwiseCopyable {
    /// The number as it lies in memory, read in the machine's own order.
    public var bits: Number

    /// Wraps a number of the machine's order.
    @inline(__always)
    public init(_ value: Number) { bits = value.littleEndian }

    /// Wraps bytes that are lowest first already.
    @inline(__always)
    public init(bits: Number) { self.bits = bits }

    /// The number in the machine's order.
    @inline(__always)
    public var value: Number {
        get { Number(littleEndian: bits) }
        set { bits = newValue.littleEndian }
    }
}

extension BigEndian: Sendable where Number: Sendable {}
extension LittleEndian: Sendable where Number: Sendable {}

extension BigEndian: Equatable {
    @inline(__always)
    public static func == (a: Self, b: Self) -> Bool { a.bits == b.bits }
}

extension LittleEndian: Equatable {
    @inline(__always)
    public static func == (a: Self, b: Self) -> Bool { a.bits == b.bits }
}

extension BigEndian: Hashable {
    public func hash(into hasher: inout Hasher) { hasher.combine(bits) }
}

extension LittleEndian: Hashable {
    public func hash(into hasher: inout Hasher) { hasher.combine(bits) }
}

extension BigEndian: Comparable {
    @inline(__always)
    public static func < (a: Self, b: Self) -> Bool { a.value < b.value }
}

extension LittleEndian: Comparable {
    @inline(__always)
    public static func < (a: Self, b: Self) -> Bool { a.value < b.value }
}

extension BigEndian: ExpressibleByIntegerLiteral where Number: _ExpressibleByBuiltinIntegerLiteral {
    @inline(__always)
    public init(integerLiteral value: Number) { self.init(value) }
}

extension LittleEndian: ExpressibleByIntegerLiteral where Number: _ExpressibleByBuiltinIntegerLiteral {
    @inline(__always)
    public init(integerLiteral value: Number) { self.init(value) }
}
