// One of several.

enum Direction: UInt8 {
    case north = 1, east, south = 10, west
    var opposite: Direction {
        switch self {
        case .north: .south
        case .south: .north
        case .east: .west
        case .west: .east
        }
    }
}

public func plainEnum(_ n: Numbers) -> UInt64 {
    guard let direction = Direction(rawValue: UInt8(truncatingIfNeeded: n.a & 15)) else { return 99 }
    return UInt64(direction.opposite.rawValue)
}

enum Shape {
    case none
    case circle(radius: UInt32)
    case box(UInt16, UInt16)
    case tagged(UInt64, isBig: Bool)
    var area: UInt64 {
        switch self {
        case .none: return 0
        case .circle(let radius): return UInt64(radius) &* UInt64(radius) &* 3
        case .box(let a, let b): return UInt64(a) * UInt64(b)
        case .tagged(let value, isBig: true): return value
        case .tagged(_, isBig: false): return 1
        }
    }
}

@inline(__always)
private func shape(_ n: Numbers) -> Shape {
    switch n.a & 3 {
    case 0: .none
    case 1: .circle(radius: UInt32(truncatingIfNeeded: n.b))
    case 2: .box(UInt16(truncatingIfNeeded: n.b), UInt16(truncatingIfNeeded: n.c))
    default: .tagged(n.c, isBig: n.d & 1 == 1)
    }
}

public func payloadEnum(_ n: Numbers) -> UInt64 { shape(n).area }

public func enumPatterns(_ n: Numbers) -> UInt64 {
    let shape = shape(n)
    if case .box(let width, let height) = shape, width > height { return UInt64(width - height) }
    guard case .circle(radius: 1...1000) = shape else { return 1 }
    return 2
}

/// A state that changes itself.
enum Parser {
    case start, number(UInt64), failed(at: UInt64)
    mutating func take(_ byte: UInt8, at place: UInt64) {
        switch (self, byte) {
        case (.failed, _): break
        case (.start, 48...57): self = .number(UInt64(byte - 48))
        case (.number(let value), 48...57): self = .number(value &* 10 &+ UInt64(byte - 48))
        default: self = .failed(at: place)
        }
    }
}

public func stateMachine(_ n: Numbers) -> UInt64 {
    var parser = Parser.start
    for place in 0..<8 as Range<UInt64> { parser.take(UInt8(truncatingIfNeeded: n.a &>> (place &* 8)) & 0x3f, at: place) }
    return switch parser {
    case .start: 0
    case .number(let value): value
    case .failed(let place): 1000 + place
    }
}

enum Fault: Error, Equatable { case odd, large(UInt32) }

public func resultValue(_ n: Numbers) -> UInt64 {
    let result: Result<UInt64, Fault> =
        n.a & 1 == 1 ? .failure(.odd) : n.a > 1 << 40 ? .failure(.large(UInt32(truncatingIfNeeded: n.a))) : .success(n.a)
    switch result.map({ $0 &+ 1 }) {
    case .success(let value): return value
    case .failure(.odd): return 1
    case .failure(.large(let low)): return UInt64(low)
    }
}

public func enumEquality(_ n: Numbers) -> UInt64 {
    let one: Fault = n.a & 1 == 0 ? .odd : .large(UInt32(truncatingIfNeeded: n.b))
    let other: Fault = n.c & 1 == 0 ? .odd : .large(UInt32(truncatingIfNeeded: n.d))
    return one == other ? 1 : 0
}
