// Types that a program declares itself: what the compiler makes of their conformances lies in the same module as the program.
import EBPF
import SwiftConstructs

let license = License.gpl

enum Size { case small, middle, large }

enum Grade: UInt8 { case low, high }

struct Marks: OptionSet, Hashable { let rawValue: UInt8 }

struct Pair: BitwiseCopyable, Hashable {
    var first: UInt32
    var second: UInt32
}

enum Mistake: Error { case zero, odd }

let pairs = HashMap<Pair, UInt64>(entries: 64)

private func half(_ number: UInt64) throws(Mistake) -> UInt64 {
    if number == 0 { throw .zero }
    if number & 1 == 1 { throw .odd }
    return number / 2
}

@section("xdp") @used
func ownEnum(_ frame: XDPContext) -> XDPAction {
    answer(frame) { n in
        let size: Size = n.a > 100 ? .large : n.a > 50 ? .middle : .small
        switch size {
        case .small: return 1
        case .middle: return 2
        case .large: return 3
        }
    }
}

@section("xdp") @used
func ownRawValues(_ frame: XDPContext) -> XDPAction {
    answer(frame) { n in
        let isMarked = Marks(rawValue: UInt8(truncatingIfNeeded: n.b)).contains(Marks(rawValue: 4))
        return (Grade(rawValue: UInt8(truncatingIfNeeded: n.a)) == .high ? 2 : 0) | (isMarked ? 1 : 0)
    }
}

@section("xdp") @used
func ownKey(_ frame: XDPContext) -> XDPAction {
    answer(frame) { n in
        let pair = Pair(first: UInt32(truncatingIfNeeded: n.a), second: UInt32(truncatingIfNeeded: n.b))
        pairs.set((pairs.value(for: pair) ?? 0) &+ n.c, for: pair)
        return pairs.value(for: pair) ?? .max
    }
}

@section("xdp") @used
func ownError(_ frame: XDPContext) -> XDPAction {
    answer(frame) { n in
        do throws(Mistake) { return try half(n.a) } catch { return error == .odd ? 1001 : 1000 }
    }
}
