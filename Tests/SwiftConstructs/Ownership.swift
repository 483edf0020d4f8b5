// Who holds a value, and what happens when it is let go.

/// Counts, when it ends, into what it was given: the order of what happens is seen.
@frozen
public struct Ticket: ~Copyable {
    let number: UInt64
    let log: UnsafeMutablePointer<UInt64>
    deinit { log.pointee = log.pointee &* 10 &+ number }
    consuming func cancel() { discard self }
}

public func noncopyableDeinit(_ n: Numbers) -> UInt64 {
    var log: UInt64 = n.a & 7
    withUnsafeMutablePointer(to: &log) { log in
        let first = Ticket(number: 1, log: log)
        if n.b & 1 == 1 {
            let second = Ticket(number: 2, log: log)
            _ = consume second
        }
        let third = Ticket(number: 3, log: log)
        if n.c & 1 == 1 { third.cancel() }
        log.pointee &+= first.number
    }
    return log
}

struct Buffer: ~Copyable {
    var bytes: InlineArray<8, UInt8>
    borrowing func sum() -> UInt64 {
        var sum: UInt64 = 0
        for i in 0..<8 { sum += UInt64(bytes[i]) }
        return sum
    }
    consuming func reversed() -> Buffer {
        for i in 0..<4 { bytes.swapAt(i, 7 - i) }
        return self
    }
}

@inline(__always)
private func first(of buffer: borrowing Buffer) -> UInt64 { UInt64(buffer.bytes[0]) }

public func borrowAndConsume(_ n: Numbers) -> UInt64 {
    let buffer = Buffer(bytes: InlineArray { UInt8(truncatingIfNeeded: n.a &>> UInt64($0 * 8)) })
    let sum = buffer.sum()
    return sum &* 1000 &+ first(of: buffer.reversed())
}

@inline(__always)
private func order(_ a: inout UInt64, _ b: inout UInt64) { if a > b { swap(&a, &b) } }

public func inoutArguments(_ n: Numbers) -> UInt64 {
    var (a, b, c) = (n.a, n.b, n.c)
    order(&a, &b)
    order(&b, &c)
    order(&a, &b)
    return a &+ b &* 3 &+ c &* 7
}

public func deferred(_ n: Numbers) -> UInt64 {
    var log: UInt64 = 0
    func run() -> UInt64 {
        defer { log = log &* 10 &+ 1 }
        defer { log = log &* 10 &+ 2 }
        if n.a & 1 == 1 { return 100 }
        log = 3
        return 200
    }
    let result = run()
    return result &+ log
}

public func optionalNoncopyable(_ n: Numbers) -> UInt64 {
    var log: UInt64 = 0
    withUnsafeMutablePointer(to: &log) { log in
        var ticket: Ticket? = n.a & 1 == 0 ? Ticket(number: 4, log: log) : nil
        if let taken = ticket.take() { log.pointee = taken.number &* 2 }
    }
    return log
}

public func exclusiveAccess(_ n: Numbers) -> UInt64 {
    struct State { var low: UInt64; var high: UInt64 }
    var state = State(low: n.a, high: n.b)
    func carry(_ from: inout UInt64, _ to: inout UInt64) {
        to &+= from &>> 32
        from &= 0xffff_ffff
    }
    carry(&state.low, &state.high)
    return state.low ^ state.high
}
