// swift-format-ignore-file
// What may end a program while it runs: the kernel knows no such end, so each is refused where it stands, unless it cannot happen.
// What is wrong is so on purpose, and each line says how it is refused.
import EBPF
import SwiftConstructs

let license = License.gpl

@section("xdp") @used
func sum(_ frame: XDPContext) -> XDPAction {
    answer(frame) { n in n.a + n.b }  // refused: arithmetic overflow
}

@section("xdp") @used
func difference(_ frame: XDPContext) -> XDPAction {
    answer(frame) { n in n.a - n.b }  // refused: arithmetic overflow
}

@section("xdp") @used
func product(_ frame: XDPContext) -> XDPAction {
    answer(frame) { n in
        UInt64(UInt32(truncatingIfNeeded: n.a) * UInt32(truncatingIfNeeded: n.b))  // refused: arithmetic overflow
    }
}

@section("xdp") @used
func quotient(_ frame: XDPContext) -> XDPAction {
    answer(frame) { n in n.a / n.b }  // refused: may end the program: Division by zero
}

@section("xdp") @used
func remainder(_ frame: XDPContext) -> XDPAction {
    answer(frame) { n in n.a % n.b }  // refused: may end the program: Division by zero
}

@section("xdp") @used
func narrowed(_ frame: XDPContext) -> XDPAction {
    answer(frame) { n in UInt64(UInt8(n.a)) }  // refused: Not enough bits to represent the passed value
}

@section("xdp") @used
func negative(_ frame: XDPContext) -> XDPAction {
    answer(frame) { n in UInt64(Int64(bitPattern: n.a)) }  // refused: Negative value is not representable
}

@section("xdp") @used
func absolute(_ frame: XDPContext) -> XDPAction {
    answer(frame) { n in UInt64(bitPattern: abs(Int64(bitPattern: n.a))) }  // refused: arithmetic overflow
}

@section("xdp") @used
func element(_ frame: XDPContext) -> XDPAction {
    answer(frame) { n in
        let array: InlineArray<4, UInt64> = [n.a, n.b, n.c, n.d]
        return array[Int(truncatingIfNeeded: n.a)]  // refused: Index out of bounds
    }
}

@section("xdp") @used
func unwrapped(_ frame: XDPContext) -> XDPAction {
    answer(frame) { n in
        let even: UInt64? = n.a & 1 == 0 ? n.b : nil
        return even!  // refused: Unexpectedly found nil
    }
}

@section("xdp") @used
func forcedTry(_ frame: XDPContext) -> XDPAction {
    struct Odd: Error {}
    func half(_ value: UInt64) throws(Odd) -> UInt64 {
        guard value & 1 == 0 else { throw Odd() }
        return value / 2
    }
    return answer(frame) { n in
        try! half(n.a)  // refused: may end the program
    }
}

@section("xdp") @used
func precondition(_ frame: XDPContext) -> XDPAction {
    answer(frame) { n in
        Swift.precondition(n.a > 5)  // refused: may end the program
        return n.a
    }
}

@section("xdp") @used
func fatal(_ frame: XDPContext) -> XDPAction {
    answer(frame) { n in
        if n.a > 5 { fatalError("too many") }  // refused: may end the program
        return n.a
    }
}

@section("xdp") @used
func emptyRange(_ frame: XDPContext) -> XDPAction {
    answer(frame) { n in
        var total: UInt64 = 0
        for i in (n.a & 15)..<(n.b & 15) { total &+= i }  // refused: Range requires lowerBound <= upperBound
        return total
    }
}

@section("xdp") @used
func unprovenSum(_ frame: XDPContext) -> XDPAction {
    answer(frame) { n in
        var total: UInt8 = 0
        for place in 0..<8 { total += UInt8(truncatingIfNeeded: n.a &>> UInt64(place * 8)) }  // refused: arithmetic overflow
        return UInt64(total)
    }
}

@section("xdp") @used
func spanElement(_ frame: XDPContext) -> XDPAction {
    answer(frame) { n in
        let array: InlineArray<4, UInt64> = [n.a, n.b, n.c, n.d]
        return array.span[Int(truncatingIfNeeded: n.b)]  // refused: Index out of bounds
    }
}

@section("xdp") @used
func rawValue(_ frame: XDPContext) -> XDPAction {
    enum Kind: UInt64 { case one = 1, two }
    return answer(frame) { n in
        Kind(rawValue: n.a)!.rawValue  // refused: Unexpectedly found nil
    }
}
