// What is done again, a number of times that has an end.

public func forRange(_ n: Numbers) -> UInt64 {
    var total: UInt64 = 0
    for i in 0..<10 as Range<UInt64> { total &+= n.a &>> i }
    return total
}

/// A number of rounds that shows when the program runs. Kernels before Linux 6.8 find no end to `for i in 0..<(n.a & 31)`, which ends where
/// `i` equals a number they know the bounds of only.
public func variableCount(_ n: Numbers) -> UInt64 {
    var total: UInt64 = 0
    for i in 0..<32 as Range<UInt64> {
        if i >= n.a & 31 { break }
        total &+= i &* n.b
    }
    return total
}

public func closedRange(_ n: Numbers) -> UInt64 {
    var total: UInt64 = 1
    for i in 1...8 as ClosedRange<UInt64> where i & n.a != 0 { total &*= i }
    return total
}

public func whileLoop(_ n: Numbers) -> UInt64 {
    var (value, steps) = (n.a, 0 as UInt64)
    while value > 0, steps < 64 {
        value &>>= 1
        steps += 1
    }
    return steps
}

public func repeatLoop(_ n: Numbers) -> UInt64 {
    var (value, steps) = (n.a & 0xffff | 1, 0 as UInt64)
    repeat {
        value = value & 1 == 0 ? value / 2 : value &* 3 &+ 1
        steps += 1
    } while value != 1 && steps < 10
    return value &* 100 &+ steps
}

public func strideLoop(_ n: Numbers) -> UInt64 {
    var total: UInt64 = 0
    for i in stride(from: 0, to: 64, by: 8) { total = total &<< 1 | (n.a &>> UInt64(i)) & 1 }
    for i in stride(from: 60, through: 0, by: -20) { total ^= n.b &>> UInt64(i) }
    return total
}

public func labelledLoops(_ n: Numbers) -> UInt64 {
    var found: UInt64 = 0
    rows: for row in 0..<6 as Range<UInt64> {
        for column in 0..<6 as Range<UInt64> {
            if column > row { continue rows }
            if row &* column == n.a & 31 { break rows }
            found += 1
        }
    }
    return found
}

public func reversedRange(_ n: Numbers) -> UInt64 {
    var value: UInt64 = 0
    for i in (0..<8).reversed() { value = value &* 31 &+ (n.a &>> UInt64(i * 8)) & 0xff }
    return value
}

/// A sequence of one's own.
struct BitPlaces: Sequence, IteratorProtocol {
    var rest: UInt64
    mutating func next() -> UInt64? {
        guard rest != 0 else { return nil }
        let place = rest.trailingZeroBitCount
        rest &= rest &- 1
        return UInt64(place)
    }
}

public func ownSequence(_ n: Numbers) -> UInt64 {
    var total: UInt64 = 0
    for place in BitPlaces(rest: n.a & 0x3f) { total = total &* 3 &+ place }
    return total
}

public func enumeratedLoop(_ n: Numbers) -> UInt64 {
    var total: UInt64 = 0
    for (index, place) in (3..<9).enumerated() { total &+= UInt64(index) &* (n.a &>> UInt64(place)) }
    return total
}
