// Which of several ways to go.

public func rangeSwitch(_ n: Numbers) -> UInt64 {
    switch n.a & 0xff {
    case 0: 1
    case 1..<10: 2
    case 10...99: 3
    case 200...: 4
    default: 5
    }
}

public func tupleSwitch(_ n: Numbers) -> UInt64 {
    switch (n.a & 3, n.b & 3) {
    case (0, 0): 1
    case (0, let b): b &+ 10
    case (let a, 0): a &+ 20
    case (1...2, 1...2): 30
    case (let a, let b) where a == b: 40
    default: 50
    }
}

public func whereSwitch(_ n: Numbers) -> UInt64 {
    switch n.a {
    case let a where a & 1 == 1: return a
    case let a where a < n.b: return n.b &- a
    case let a where a.isMultiple(of: 4): return a / 4
    default: return 0
    }
}

public func fallthroughSwitch(_ n: Numbers) -> UInt64 {
    var result: UInt64 = 0
    switch n.a & 3 {
    case 3:
        result |= 8
        fallthrough
    case 2:
        result |= 4
        fallthrough
    case 1: result |= 2
    default: result |= 1
    }
    return result
}

public func denseSwitch(_ n: Numbers) -> UInt64 {
    switch n.a & 15 {
    case 0: n.b
    case 1: n.b &+ 7
    case 2: n.b ^ 99
    case 3: n.b &* 5
    case 4: n.c
    case 5: n.c &- n.b
    case 6: n.c | n.b
    case 7: n.d
    case 8: n.d & n.b
    case 9: 12345
    case 10: ~n.a
    default: 0
    }
}

public func ifExpression(_ n: Numbers) -> UInt64 {
    let size: UInt64 = if n.a < 10 { 1 } else if n.a < 1000 { 2 } else { 3 }
    let kind: UInt64 =
        switch n.b & 1 {
        case 0: 10;
        default: 20
        }
    return size + kind
}

struct Even {}
private func ~= (_ pattern: Even, _ value: UInt64) -> Bool { value & 1 == 0 }

public func ownPattern(_ n: Numbers) -> UInt64 {
    switch n.a {
    case Even(): 2
    default: 1
    }
}

public func boolLogic(_ n: Numbers) -> UInt64 {
    let (p, q, r) = (n.a > n.b, n.b > n.c, n.c > n.d)
    return (p && q || !r ? 1 : 0) | (p != q ? 2 : 0) | ((p || q) && r ? 4 : 0)
}
