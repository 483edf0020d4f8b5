// Arithmetic, as the machine has it and as Swift has it.

public func bitwise(_ n: Numbers) -> UInt64 { (n.a & n.b | ~n.c) ^ n.d }

public func shifts(_ n: Numbers) -> UInt64 { (n.a << 7) &+ (n.b >> 9) &+ (n.c &<< (n.d & 63)) }

public func smartShifts(_ n: Numbers) -> UInt64 { (n.a << (n.b & 127)) ^ (n.c >> (n.d & 127)) }

public func signedShift(_ n: Numbers) -> UInt64 {
    UInt64(bitPattern: Int64(bitPattern: n.a) >> 5) &+ UInt64(bitPattern: Int64(Int32(truncatingIfNeeded: n.b) &>> 3))
}

public func bitCounts(_ n: Numbers) -> UInt64 {
    UInt64(n.a.nonzeroBitCount) | UInt64(n.b.leadingZeroBitCount) &<< 8 | UInt64(n.c.trailingZeroBitCount) &<< 16
}

public func smallBitCounts(_ n: Numbers) -> UInt64 {
    let (a, b) = (UInt32(truncatingIfNeeded: n.a), UInt16(truncatingIfNeeded: n.b))
    return UInt64(a.nonzeroBitCount) | UInt64(a.leadingZeroBitCount) &<< 8 | UInt64(b.trailingZeroBitCount) &<< 16
}

public func byteSwaps(_ n: Numbers) -> UInt64 {
    n.a.byteSwapped ^ UInt64(UInt32(truncatingIfNeeded: n.b).byteSwapped) ^ UInt64(UInt16(truncatingIfNeeded: n.c).bigEndian)
}

public func unsignedDivision(_ n: Numbers) -> UInt64 { n.b == 0 ? 0 : n.a / n.b &+ n.a % n.b }

public func constantDivision(_ n: Numbers) -> UInt64 { n.a / 10 &+ n.b % 1000 &+ n.c / 8 }

public func quotientAndRemainder(_ n: Numbers) -> UInt64 {
    let (quotient, remainder) = n.a.quotientAndRemainder(dividingBy: n.b | 1)
    return quotient ^ remainder
}

public func smallArithmetic(_ n: Numbers) -> UInt64 {
    let (a, b) = (UInt8(truncatingIfNeeded: n.a), UInt8(truncatingIfNeeded: n.b))
    return UInt64(a &+ b) | UInt64(a &* b) &<< 8 | UInt64(a &- b) &<< 16
}

/// Sums that cannot overflow need no `&`.
public func provenArithmetic(_ n: Numbers) -> UInt64 {
    let (a, b) = (n.a & 0xffff, n.b & 0xffff)
    return a * b + a &+ (b > a ? b - a : a - b)
}

public func conversions(_ n: Numbers) -> UInt64 {
    let exact = UInt8(exactly: n.a).map(UInt64.init) ?? 300
    let clamped = UInt64(Int8(clamping: Int64(bitPattern: n.b)) > 0 ? 1 : 2)
    let signed = UInt64(bitPattern: Int64(Int8(truncatingIfNeeded: n.c)))
    return exact &+ clamped &* 1000 &+ signed
}

public func signedArithmetic(_ n: Numbers) -> UInt64 {
    let (a, b) = (Int64(bitPattern: n.a), Int64(bitPattern: n.b))
    return UInt64(bitPattern: a &* b &- (a &+ 7)) ^ (a < b ? 1 : 0) ^ UInt64(bitPattern: a.signum())
}

public func magnitudes(_ n: Numbers) -> UInt64 {
    let a = Int32(truncatingIfNeeded: n.a)
    return UInt64(a.magnitude) &+ Int64(bitPattern: n.b).magnitude
}

public func minMax(_ n: Numbers) -> UInt64 {
    min(n.a, n.b, n.c) &+ max(n.b, n.d) &+ UInt64(bitPattern: min(Int64(bitPattern: n.a), Int64(bitPattern: n.d)))
}

public func reportedOverflow(_ n: Numbers) -> UInt64 {
    let (sum, carry) = n.a.addingReportingOverflow(n.b)
    let (difference, borrow) = n.c.subtractingReportingOverflow(n.d)
    let (product, over) = UInt32(truncatingIfNeeded: n.a).multipliedReportingOverflow(by: UInt32(truncatingIfNeeded: n.b))
    return sum ^ difference ^ UInt64(product) ^ (carry ? 1 : 0) ^ (borrow ? 2 : 0) ^ (over ? 4 : 0)
}

@inline(__always)
private func saturating(_ a: UInt64, _ b: UInt64) -> UInt64 {
    let (sum, isOver) = a.addingReportingOverflow(b)
    return isOver ? .max : sum
}

public func saturatingSum(_ n: Numbers) -> UInt64 { saturating(saturating(n.a, n.b), n.c) }

public func signedOverflow(_ n: Numbers) -> UInt64 {
    let (sum, isOver) = Int64(bitPattern: n.a).addingReportingOverflow(Int64(bitPattern: n.b))
    return isOver ? 1 : UInt64(bitPattern: sum)
}

public func fullWidth(_ n: Numbers) -> UInt64 {
    let product = UInt32(truncatingIfNeeded: n.a).multipliedFullWidth(by: UInt32(truncatingIfNeeded: n.b))
    return UInt64(product.high) &<< 32 | UInt64(product.low)
}

public func multiples(_ n: Numbers) -> UInt64 { (n.a.isMultiple(of: 3) ? 1 : 0) | (n.b.isMultiple(of: 8) ? 2 : 0) }

public func wideNumbers(_ n: Numbers) -> UInt64 {
    let sum = UInt128(n.a) &+ UInt128(n.b) &+ UInt128(n.c) &<< 64
    return UInt64(truncatingIfNeeded: sum &>> 32)
}

public func booleans(_ n: Numbers) -> UInt64 {
    var flag = n.a > n.b
    flag.toggle()
    return flag != (n.c == n.d) ? 1 : 0
}

public func squareRoot(_ n: Numbers) -> UInt64 {
    var (root, bit) = (0 as UInt64, 1 as UInt64 &<< 15)
    let number = n.a & 0x3fff_ffff
    while bit > 0 {
        let tried = root | bit
        if tried &* tried <= number { root = tried }
        bit &>>= 1
    }
    return root
}
