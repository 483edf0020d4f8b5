/// A type of which any bytes are a value and whose bytes are all of it: no padding, no bit pattern that means nothing.
///
/// Whole numbers, floating-point numbers, arrays of such (`InlineArray`), and the structs the build plugin generates.
public protocol FixedLayout: BitwiseCopyable, Sendable {}

extension UInt8: FixedLayout {}
extension Int8: FixedLayout {}
extension UInt16: FixedLayout {}
extension Int16: FixedLayout {}
extension UInt32: FixedLayout {}
extension Int32: FixedLayout {}
extension UInt64: FixedLayout {}
extension Int64: FixedLayout {}
extension UInt128: FixedLayout {}
extension Int128: FixedLayout {}
extension Float: FixedLayout {}
extension Double: FixedLayout {}
extension InlineArray: FixedLayout where Element: FixedLayout {}

/// A struct, union or enum of an eBPF object, as the build plugin generates it.
///
/// Its fields lie where C has them, and what C leaves between them are fields too. Two values are equal if their bytes are.
public protocol FixedStructure: FixedLayout, Hashable {
    /// A value whose bytes are zero.
    init()
}

extension FixedStructure {
    /// The value of a field that Swift cannot store as such: a member of a union, or one that is not aligned.
    ///
    /// - Parameter offset: Where it begins, in bytes.
    public func load<Value: FixedLayout>(at offset: Int, as type: Value.Type = Value.self) -> Value {
        precondition(offset >= 0 && offset <= MemoryLayout<Self>.size - MemoryLayout<Value>.size, "the field lies behind the struct")
        return unsafe withUnsafeBytes(of: self) { unsafe $0.loadUnaligned(fromByteOffset: offset, as: Value.self) }
    }

    /// Sets a field that Swift cannot store as such.
    ///
    /// - Parameter offset: Where it begins, in bytes.
    public mutating func store<Value: FixedLayout>(_ value: Value, at offset: Int) {
        precondition(offset >= 0 && offset <= MemoryLayout<Self>.size - MemoryLayout<Value>.size, "the field lies behind the struct")
        unsafe withUnsafeMutableBytes(of: &self) { unsafe $0.storeBytes(of: value, toByteOffset: offset, as: Value.self) }
    }

    /// The value of a bit-field.
    ///
    /// - Parameters:
    ///   - offset: Its first bit, counted from the struct's beginning.
    ///   - width: How many bits it has, at most those of the number.
    public func loadBits<Value: FixedWidthInteger>(at offset: Int, width: Int, as type: Value.Type = Value.self) -> Value {
        Self.require(bits: width, at: offset, of: Value.bitWidth)
        return unsafe withUnsafeBytes(of: self) { bytes in
            var value: Value.Magnitude = 0
            for bit in 0..<width where unsafe bytes[(offset + bit) / 8] >> UInt8((offset + bit) % 8) & 1 == 1 { value |= 1 << bit }
            // The highest bit of a signed one stands for all above it.
            let isNegative = Value.isSigned && width > 0 && width < Value.bitWidth && value >> (width - 1) & 1 == 1
            return Value(truncatingIfNeeded: isNegative ? value | ~0 << width : value)
        }
    }

    /// Sets a bit-field; what does not fit into its width is left away, as in C.
    public mutating func storeBits<Value: FixedWidthInteger>(_ value: Value, at offset: Int, width: Int) {
        Self.require(bits: width, at: offset, of: Value.bitWidth)
        unsafe withUnsafeMutableBytes(of: &self) { bytes in
            for bit in 0..<width {
                let place = (offset + bit) / 8
                let mask = UInt8(1) << UInt8((offset + bit) % 8)
                unsafe bytes[place] = unsafe value >> bit & 1 == 1 ? bytes[place] | mask : bytes[place] & ~mask
            }
        }
    }

    private static func require(bits width: Int, at offset: Int, of limit: Int) {
        precondition(
            offset >= 0 && 0...limit ~= width && offset <= MemoryLayout<Self>.size * 8 - width, "the bit-field lies behind the struct")
    }

    public static func == (a: Self, b: Self) -> Bool {
        unsafe withUnsafeBytes(of: a) { a in
            unsafe withUnsafeBytes(of: b) { b in unsafe a.elementsEqual(b) }
        }
    }

    public func hash(into hasher: inout Hasher) {
        unsafe withUnsafeBytes(of: self) { unsafe hasher.combine(bytes: $0) }
    }
}

/// Text in arrays of characters.
extension InlineArray where Element == CChar {
    /// The text up to its NUL, or to the array's end; bytes that are no UTF-8 are replaced.
    public var text: String {
        String(decoding: indices.lazy.map { UInt8(truncatingIfNeeded: self[$0]) }.prefix { $0 != 0 }, as: UTF8.self)
    }

    /// An array of a text, with NUL behind it, or cut to the bytes it takes.
    public init(text: String) {
        var bytes = Array(text.utf8.prefix(Self.count)).makeIterator()
        self.init { _ in CChar(truncatingIfNeeded: bytes.next() ?? 0) }
    }
}
