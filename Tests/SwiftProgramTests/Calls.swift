import BPF
import BPFTesting
import SwiftConstructs
import Testing

/// Numbers that are the same in every run.
struct Chance {
    private var random: SeededNumbers

    init(seed: UInt64) { random = SeededNumbers(seed: seed) }

    mutating func next() -> UInt64 { random.next() }

    mutating func below(_ count: Int) -> Int { Int(next() % UInt64(count)) }

    /// A number of the kind that finds mistakes: small ones, those about powers of two, any.
    mutating func number() -> UInt64 {
        switch below(4) {
        case 0: UInt64(below(20))
        case 1: (1 << UInt64(below(64))) &+ UInt64(below(3)) &- 1
        case 2: next() >> UInt64(below(64))
        default: next()
        }
    }

    mutating func numbers() -> Numbers { Numbers(number(), number(), number(), number()) }
}

/// The frame that carries a program's arguments, with room for the answer.
func frame(_ n: Numbers) -> [UInt8] {
    [n.a, n.b, n.c, n.d, 0x5555_5555_5555_5555].flatMap { number in (0..<8).map { UInt8(truncatingIfNeeded: number >> ($0 * 8)) } }
        + [UInt8](repeating: 0, count: 24)
}

/// The number that a frame has at an offset.
func number(in bytes: [UInt8], at offset: Int) -> UInt64 {
    (0..<8).reduce(0) { $0 | UInt64(bytes[offset + $1]) << UInt64($1 * 8) }
}

/// Runs a program on its arguments; what it answers.
func answer(_ program: borrowing Program, _ n: Numbers) throws -> UInt64 {
    let result = try program.testRun(data: frame(n))
    try #require(result.returnValue == 2, "the program \(program.name) aborted")
    return number(in: result.data, at: 32)
}

extension LoadedObject {
    /// Runs a program on up to four numbers; what it answers, which is the highest number for nothing.
    func call(_ name: String, _ a: UInt64 = 0, _ b: UInt64 = 0, _ c: UInt64 = 0, _ d: UInt64 = 0) throws -> UInt64? {
        let result = try answer(program(name), Numbers(a, b, c, d))
        return result == .max ? nil : result
    }
}
