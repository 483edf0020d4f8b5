// What goes wrong and is told, by errors whose type is known.

enum ParseError: Error { case short(by: UInt64), badDigit, zero }

@inline(__always)
private func digit(_ byte: UInt64) throws(ParseError) -> UInt64 {
    guard byte < 10 else { throw .badDigit }
    return byte
}

@inline(__always)
private func parse(_ number: UInt64) throws(ParseError) -> UInt64 {
    guard number > 0xf else { throw .short(by: 0x10 &- number) }
    let high = try digit(number &>> 4 & 0xf)
    let low = try digit(number & 0xf)
    if high &+ low == 0 { throw .zero }
    return high &* 10 &+ low
}

public func typedThrows(_ n: Numbers) -> UInt64 {
    do {
        return try parse(n.a) &+ parse(n.b)
    } catch {
        switch error {
        case .short(let count): return 1000 &+ count
        case .badDigit: return 2000
        case .zero: return 3000
        }
    }
}

public func optionalTry(_ n: Numbers) -> UInt64 { (try? parse(n.a)) ?? 77 }

@inline(__always)
private func twice<E: Error>(_ value: UInt64, _ body: (UInt64) throws(E) -> UInt64) throws(E) -> UInt64 { try body(body(value)) }

public func genericThrows(_ n: Numbers) -> UInt64 {
    let safe = twice(n.a) { $0 &+ 1 }
    do {
        return try twice(n.b) { (value) throws(ParseError) in
            if value & 1 == 1 { throw .zero }
            return value / 2
        }
    } catch {
        return safe
    }
}

public func resultOfThrowing(_ n: Numbers) -> UInt64 {
    let result = Result { () throws(ParseError) in try parse(n.a) }
    switch result {
    case .success(let value): return value
    case .failure: return 5
    }
}
