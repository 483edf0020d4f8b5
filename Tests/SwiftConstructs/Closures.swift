// Functions as values: all of them are known where they are called.

@inline(__always)
private func twice(_ value: UInt64, _ body: (UInt64) -> UInt64) -> UInt64 { body(body(value)) }

public func closureArgument(_ n: Numbers) -> UInt64 { twice(n.a) { $0 &* 3 &+ 1 } }

public func capturingClosure(_ n: Numbers) -> UInt64 { twice(n.a) { $0 ^ n.b &+ n.c } }

public func mutatingCapture(_ n: Numbers) -> UInt64 {
    var calls: UInt64 = 0
    let result = twice(n.a) {
        calls += 1
        return $0 &+ calls
    }
    return result &* 10 &+ calls
}

/// Some of the numbers, without an array of them.
struct Four {
    var numbers: Numbers
    @inline(__always)
    func reduce<Result>(_ start: Result, _ body: (Result, UInt64) -> Result) -> Result {
        body(body(body(body(start, numbers.a), numbers.b), numbers.c), numbers.d)
    }
    @inline(__always)
    func map(_ body: (UInt64) -> UInt64) -> Four {
        Four(numbers: Numbers(body(numbers.a), body(numbers.b), body(numbers.c), body(numbers.d)))
    }
    @inline(__always)
    func count(where isCounted: (UInt64) -> Bool) -> UInt64 { reduce(0) { isCounted($1) ? $0 &+ 1 : $0 } }
}

public func mapReduce(_ n: Numbers) -> UInt64 {
    Four(numbers: n).map { $0 &>> 3 }.reduce(0) { $0 &+ $1 } &* Four(numbers: n).count { $0 & 1 == 1 }
}

public func functionValue(_ n: Numbers) -> UInt64 {
    let combine: (UInt64, UInt64) -> UInt64 = (&+)
    return combine(n.a, n.b) ^ Four(numbers: n).reduce(0, max)
}

@inline(__always)
private func unless(_ condition: Bool, _ value: @autoclosure () -> UInt64) -> UInt64 { condition ? 0 : value() }

public func autoclosure(_ n: Numbers) -> UInt64 { unless(n.b == 0, n.a / n.b) }

public func localFunction(_ n: Numbers) -> UInt64 {
    var total = n.a
    func add(_ value: UInt64) { if value & 1 == 0 { total &+= value } }
    add(n.b)
    add(n.c)
    add(n.d)
    return total
}
