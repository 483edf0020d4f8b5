// The same for many types.

@inline(__always)
private func larger<T: Comparable>(_ a: T, _ b: T) -> T { a > b ? a : b }

public func genericFunction(_ n: Numbers) -> UInt64 {
    larger(n.a, n.b) &+ UInt64(larger(UInt8(truncatingIfNeeded: n.c), 7)) &+ UInt64(bitPattern: larger(Int64(bitPattern: n.d), -3))
}

struct Pair<First, Second> {
    var first: First
    var second: Second
    var swapped: Pair<Second, First> { Pair<Second, First>(first: second, second: first) }
}

public func genericStruct(_ n: Numbers) -> UInt64 {
    let pair = Pair(first: n.a, second: UInt16(truncatingIfNeeded: n.b)).swapped
    return UInt64(pair.first) &+ pair.second
}

protocol Measured {
    static var unit: UInt64 { get }
    var count: UInt64 { get }
}
extension Measured {
    var total: UInt64 { count &* Self.unit }
}
struct Metres: Measured {
    static var unit: UInt64 { 100 }
    var count: UInt64
}
struct Feet: Measured {
    static let unit: UInt64 = 30
    var count: UInt64
    var half: UInt64 { count / 2 }
}

@inline(__always)
private func sum(_ a: some Measured, _ b: some Measured) -> UInt64 { a.total &+ b.total }

public func constrainedGeneric(_ n: Numbers) -> UInt64 { sum(Metres(count: n.a), Feet(count: n.b)) }

protocol Source {
    associatedtype Item
    mutating func next() -> Item?
}
struct Countdown: Source {
    var left: UInt8
    mutating func next() -> UInt8? {
        guard left > 0 else { return nil }
        left -= 1
        return left
    }
}
extension Source where Item: BinaryInteger {
    @inline(__always)
    mutating func total(atMost limit: Int) -> UInt64 {
        var total: UInt64 = 0
        for _ in 0..<limit {
            guard let item = next() else { break }
            total &+= UInt64(truncatingIfNeeded: item)
        }
        return total
    }
}

public func associatedType(_ n: Numbers) -> UInt64 {
    var countdown = Countdown(left: UInt8(truncatingIfNeeded: n.a))
    return countdown.total(atMost: 20)
}

@inline(__always)
private func make(_ n: Numbers) -> some Measured { Metres(count: n.a &+ n.b) }

public func opaqueResult(_ n: Numbers) -> UInt64 { make(n).total }

/// A number of bits that its type says.
struct Bits<let count: Int> {
    var raw: UInt64
    var value: UInt64 { raw & (1 &<< UInt64(count) &- 1) }
}

public func integerGeneric(_ n: Numbers) -> UInt64 { Bits<12>(raw: n.a).value &+ Bits<3>(raw: n.b).value }

extension Pair: Equatable where First: Equatable, Second: Equatable {}

public func conditionalConformance(_ n: Numbers) -> UInt64 {
    Pair(first: n.a, second: n.b & 3) == Pair(first: n.c, second: n.d & 3) ? 1 : 0
}

public func metatypeArgument(_ n: Numbers) -> UInt64 {
    func width<T: FixedWidthInteger>(_ type: T.Type) -> UInt64 { UInt64(T.bitWidth) &+ UInt64(truncatingIfNeeded: T.max) }
    return n.a & 1 == 0 ? width(UInt16.self) : width(Int32.self)
}
