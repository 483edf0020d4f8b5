// Functions that stay functions: the machine's own calls.

@inline(never)
private func mixed(_ a: UInt64, _ b: UInt64) -> UInt64 { (a ^ b &>> 7) &* 0x9e37_79b9_7f4a_7c15 }

public func subprogram(_ n: Numbers) -> UInt64 { mixed(n.a, n.b) ^ mixed(n.c, n.d) }

@inline(never)
private func outer(_ value: UInt64) -> UInt64 { mixed(value, 3) &+ 1 }

public func nestedSubprograms(_ n: Numbers) -> UInt64 { outer(n.a) ^ outer(n.b) }

@inline(never)
private func small(_ a: UInt8, _ b: Bool, _ c: Int32) -> Bool { b ? a > 100 : c < 0 }

public func smallArguments(_ n: Numbers) -> UInt64 {
    small(UInt8(truncatingIfNeeded: n.a), n.b & 1 == 1, Int32(truncatingIfNeeded: n.c))
        || small(UInt8(truncatingIfNeeded: n.b), n.a & 1 == 1, Int32(truncatingIfNeeded: n.d)) ? 1 : 0
}

@inline(never)
private func five(_ a: UInt64, _ b: UInt64, _ c: UInt64, _ d: UInt64, _ e: UInt64) -> UInt64 { a &+ b &* 2 &+ c &* 3 &+ d &* 5 &+ e &* 7 }

public func fiveArguments(_ n: Numbers) -> UInt64 { five(n.a, n.b, n.c, n.d, 9) ^ five(n.d, n.c, n.b, n.a, 1) }

@inline(__always)
private func variadicLike(_ first: UInt64, _ second: UInt64 = 3, scaled factor: UInt64 = 2) -> UInt64 { (first &+ second) &* factor }

public func defaultArguments(_ n: Numbers) -> UInt64 { variadicLike(n.a) ^ variadicLike(n.b, scaled: 5) ^ variadicLike(n.c, n.d) }
