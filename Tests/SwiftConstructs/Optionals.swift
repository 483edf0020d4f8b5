// What may be there or not.

@inline(__always)
private func even(_ number: UInt64) -> UInt64? { number & 1 == 0 ? number : nil }

public func optionalBinding(_ n: Numbers) -> UInt64 {
    if let a = even(n.a), let b = even(n.b) { return a &+ b }
    return 7
}

public func guardBinding(_ n: Numbers) -> UInt64 {
    guard let a = even(n.a), a > 100, let b = even(n.b) else { return n.c }
    return a ^ b
}

struct Inner {
    var value: UInt64
    var next: UInt64?
    func half() -> UInt64? { value & 1 == 0 ? value / 2 : nil }
}
struct Outer { var inner: Inner? }

public func optionalChaining(_ n: Numbers) -> UInt64 {
    let outer = n.d & 1 == 0 ? Outer(inner: Inner(value: n.a, next: even(n.b))) : Outer(inner: nil)
    return (outer.inner?.next ?? 1) &+ (outer.inner?.half() ?? 2)
}

public func nilCoalescing(_ n: Numbers) -> UInt64 { even(n.a) ?? even(n.b) ?? even(n.c) ?? n.d }

public func optionalMap(_ n: Numbers) -> UInt64 {
    even(n.a).map { $0 &* 3 } ?? even(n.b).flatMap { b in even(n.c).map { $0 ^ b } } ?? 5
}

public func optionalPattern(_ n: Numbers) -> UInt64 {
    switch (even(n.a), even(n.b)) {
    case (let a?, let b?): a &- b
    case (let a?, nil): a
    case (nil, let b?) where b > 1000: b &* 2
    case (nil, _?): 1
    case (nil, nil): 0
    }
}

public func optionalComparison(_ n: Numbers) -> UInt64 {
    var result: UInt64 = 0
    if even(n.a) == even(n.b) { result |= 1 }
    if even(n.c) != nil { result |= 2 }
    if even(n.d) == 4 { result |= 4 }
    return result
}

public func nestedOptional(_ n: Numbers) -> UInt64 {
    let twice: UInt64?? = n.a & 2 == 0 ? .some(even(n.b)) : nil
    switch twice {
    case nil: return 1
    case .some(nil): return 2
    case .some(let value?): return value
    }
}

public func optionalAssignment(_ n: Numbers) -> UInt64 {
    var inner: Inner? = n.a & 1 == 0 ? Inner(value: n.b, next: nil) : nil
    inner?.value &+= 5
    inner?.next = n.c
    if let taken = inner.take() { return inner == nil ? taken.value ^ (taken.next ?? 0) : 9 }
    return 3
}
