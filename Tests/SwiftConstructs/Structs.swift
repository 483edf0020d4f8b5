// Values made of values.

struct Point: Equatable {
    var x: UInt32
    var y: UInt32
    static let origin = Point(x: 0, y: 0)
    static func + (a: Point, b: Point) -> Point { Point(x: a.x &+ b.x, y: a.y &+ b.y) }
    static func += (a: inout Point, b: Point) { a = a + b }
    static prefix func - (a: Point) -> Point { Point(x: 0 &- a.x, y: 0 &- a.y) }
    var sum: UInt64 { UInt64(x) + UInt64(y) }
    var transposed: Point {
        get { Point(x: y, y: x) }
        set { (x, y) = (newValue.y, newValue.x) }
    }
}
struct Box {
    var corner = Point.origin
    var size = Point(x: 1, y: 1)
    var far: Point { corner + size }
}

@inline(__always)
private func low(_ number: UInt64) -> UInt32 { UInt32(truncatingIfNeeded: number) }

public func nestedStruct(_ n: Numbers) -> UInt64 {
    var box = Box()
    box.corner.x = low(n.a)
    box.size.y = low(n.b)
    return box.far.sum
}

public func computedProperty(_ n: Numbers) -> UInt64 {
    var point = Point(x: low(n.a), y: low(n.b))
    point.transposed.x &+= 5
    return UInt64(point.x) &<< 32 | UInt64(point.y)
}

public func operators(_ n: Numbers) -> UInt64 {
    var point = Point(x: low(n.a), y: low(n.b))
    point += -Point(x: low(n.c), y: 1)
    return point == .origin ? 1 : point.sum
}

infix operator <+> : AdditionPrecedence
private func <+> (a: UInt64, b: UInt64) -> UInt64 { a &<< 1 ^ b }

public func ownOperator(_ n: Numbers) -> UInt64 { n.a <+> n.b <+> n.c * (n.d & 0) }

struct Word {
    var bits: UInt64
    subscript(bit: Int) -> Bool {
        get { bits &>> UInt64(bit) & 1 == 1 }
        set { bits = newValue ? bits | 1 &<< UInt64(bit) : bits & ~(1 &<< UInt64(bit)) }
    }
    subscript(range: ClosedRange<UInt64>) -> UInt64 {
        bits &>> range.lowerBound & (1 &<< (range.upperBound - range.lowerBound + 1) - 1)
    }
}

public func subscripts(_ n: Numbers) -> UInt64 {
    var word = Word(bits: n.a)
    word[3] = true
    word[5] = !word[0]
    word[7].toggle()
    return word.bits &+ word[8...15]
}

struct Watched {
    var changes: UInt64 = 0
    var value: UInt64 { didSet { if value != oldValue { changes += 1 } } }
}

public func propertyObserver(_ n: Numbers) -> UInt64 {
    var watched = Watched(value: n.a)
    watched.value = n.b
    watched.value &= 0xff
    watched.value = n.c
    return watched.changes &* 1000 &+ watched.value & 0xff
}

@propertyWrapper
struct Clamped {
    private var value: UInt64
    private let most: UInt64
    init(wrappedValue: UInt64, most: UInt64) {
        self.most = most
        value = min(wrappedValue, most)
    }
    var wrappedValue: UInt64 {
        get { value }
        set { value = min(newValue, most) }
    }
    var projectedValue: Bool { value == most }
}
struct Settings {
    @Clamped(most: 100) var level: UInt64 = 5
}

public func propertyWrapper(_ n: Numbers) -> UInt64 {
    var settings = Settings()
    let before = settings.level
    settings.level = n.a
    return settings.level &+ before &* 1000 &+ (settings.$level ? 1_000_000 : 0)
}

struct Adder {
    var amount: UInt64
    func callAsFunction(_ value: UInt64) -> UInt64 { value &+ amount }
}

public func callAsFunction(_ n: Numbers) -> UInt64 {
    let add = Adder(amount: n.b)
    return add(add(n.a))
}

extension UInt64 {
    fileprivate var isPowerOfTwo: Bool { self != 0 && self & (self &- 1) == 0 }
    fileprivate mutating func rotate(by count: UInt64) { self = self &<< count | self &>> (64 &- count) }
}

public func extensions(_ n: Numbers) -> UInt64 {
    var value = n.a
    value.rotate(by: 13)
    return value ^ (n.b.isPowerOfTwo ? 1 : 0)
}

public func mutatingMethod(_ n: Numbers) -> UInt64 {
    struct Generator {
        var state: UInt64
        mutating func next() -> UInt64 {
            state ^= state &<< 13
            state ^= state &>> 7
            state ^= state &<< 17
            return state
        }
    }
    var generator = Generator(state: n.a | 1)
    _ = generator.next()
    return generator.next() ^ generator.next()
}

struct Version: Comparable {
    var major: UInt16
    var minor: UInt16
    static func < (a: Version, b: Version) -> Bool { (a.major, a.minor) < (b.major, b.minor) }
}

public func comparableStruct(_ n: Numbers) -> UInt64 {
    let one = Version(major: UInt16(truncatingIfNeeded: n.a), minor: UInt16(truncatingIfNeeded: n.b))
    let other = Version(major: UInt16(truncatingIfNeeded: n.c), minor: UInt16(truncatingIfNeeded: n.d))
    let greater = max(one, other)
    return (one <= other ? 1 : 0) &+ UInt64(greater.major) &* 10 &+ UInt64(greater.minor) &* 100
}

/// A struct as it lies in memory: one field behind another, with gaps.
struct Record: BitwiseCopyable {
    var kind: UInt8
    var size: UInt32
    var flag: Bool
    var time: UInt64
}

public func layout(_ n: Numbers) -> UInt64 {
    let record = Record(kind: UInt8(truncatingIfNeeded: n.a), size: low(n.b), flag: n.c > 5, time: n.d)
    let size = UInt64(MemoryLayout<Record>.size) &+ UInt64(MemoryLayout<Record>.stride) &* 100
    return size &* 1000 &+ (record.flag ? 1 : 0) &+ record.time ^ UInt64(record.size)
}
