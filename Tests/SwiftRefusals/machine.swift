// swift-format-ignore-file
// What the machine in the kernel does not have.
// What is wrong is so on purpose, and each line says how it is refused.
import EBPF
import SwiftConstructs

let license = License.gpl

final class Counter {
    var count: UInt64
    init(_ count: UInt64) { self.count = count }
}

nonisolated(unsafe) var shared = Counter(1)  // refused: the initial value of 'shared' is not known at build time

@section("xdp") @used
func object(_ frame: XDPContext) -> XDPAction {
    answer(frame) { n in
        shared = Counter(n.a)  // refused: this allocates memory
        return shared.count
    }
}

@section("xdp") @used
func arrayGrowth(_ frame: XDPContext) -> XDPAction {
    answer(frame) { n in
        var array: [UInt64] = []
        array.append(n.a)  // refused: this allocates memory
        array.append(n.b)  // refused: this allocates memory
        return array[Int(n.c & 1)]
    }
}

nonisolated(unsafe) var action: (UInt64) -> UInt64 = { $0 }

@section("xdp") @used
func storedClosure(_ frame: XDPContext) -> XDPAction {
    answer(frame) { n in
        action(n.a)  // refused: this calls a function that is only known when it runs
    }
}

@section("xdp") @used
func chosenClosure(_ frame: XDPContext) -> XDPAction {
    answer(frame) { n in
        let body: (UInt64) -> UInt64 = n.a & 1 == 0 ? { $0 &+ 1 } : { $0 &* 2 }
        return body(n.b)  // refused: this calls a function that is only known when it runs
    }
}

@inline(never)
func factorial(_ n: UInt64) -> UInt64 { n < 2 ? 1 : n &* factorial(n &- 1) &+ factorial(n / 2) }  // refused: 'factorial' calls itself

@section("xdp") @used
func recursion(_ frame: XDPContext) -> XDPAction { answer(frame) { n in factorial(n.a) } }

@section("xdp") @used
func floatingPoint(_ frame: XDPContext) -> XDPAction {
    answer(frame) { n in
        Double(n.a) * 1.5 > 7 ? 1 : 2  // refused: no floating point
    }
}

@inline(never)
func six(_ a: UInt64, _ b: UInt64, _ c: UInt64, _ d: UInt64, _ e: UInt64, _ f: UInt64) -> UInt64 { a ^ b &* c ^ d &* e ^ f }  // refused: it has 6 arguments, the most is 5

@section("xdp") @used
func manyArguments(_ frame: XDPContext) -> XDPAction { answer(frame) { n in six(n.a, n.b, n.c, n.d, n.a &+ 1, n.b &+ 1) ^ six(n.d, n.b, n.c, n.a, 1, 2) } }

@inline(never)
func pair(_ a: UInt64, _ b: UInt64) -> (UInt64, UInt64) { (a &* 3 ^ b, b &* 7 ^ a) }  // refused: its result does not fit into a register

@section("xdp") @used
func largeResult(_ frame: XDPContext) -> XDPAction { answer(frame) { n in pair(n.a, n.b).0 ^ pair(n.c, n.d).1 } }

@section("xdp") @used
func signedDivision(_ frame: XDPContext) -> XDPAction {
    answer(frame) { n in
        UInt64(bitPattern: Int64(bitPattern: n.a) / Int64(bitPattern: n.b | 1 & 0xff))  // refused: no signed division
    }
}

@section("xdp") @used
func wideProduct(_ frame: XDPContext) -> XDPAction {
    answer(frame) { n in
        n.a.multipliedFullWidth(by: n.b).high  // refused: numbers of 128 bits
    }
}

@section("xdp") @used
func largeStack(_ frame: XDPContext) -> XDPAction {  // refused: the program 'largeStack' takes at least 800 bytes of stack
    answer(frame) { n in
        var array = InlineArray<100, UInt64>(repeating: n.a)
        for i in 0..<100 where i & 1 == 0 { array[i] = n.b &>> UInt64(i & 63) }
        return array[Int(n.c & 63)]
    }
}

@inline(never)
func first(_ n: UInt64) -> UInt64 { second(n &* 3) ^ 1 }
@inline(never)
func second(_ n: UInt64) -> UInt64 { third(n &* 5) ^ 2 }
@inline(never)
func third(_ n: UInt64) -> UInt64 { fourth(n &* 7) ^ 3 }
@inline(never)
func fourth(_ n: UInt64) -> UInt64 { fifth(n &* 9) ^ 4 }
@inline(never)
func fifth(_ n: UInt64) -> UInt64 { sixth(n &* 11) ^ 5 }
@inline(never)
func sixth(_ n: UInt64) -> UInt64 { seventh(n &* 13) ^ 6 }
@inline(never)
func seventh(_ n: UInt64) -> UInt64 { eighth(n &* 15) ^ 7 }
@inline(never)
func eighth(_ n: UInt64) -> UInt64 { n &* n ^ 8 }

@section("xdp") @used
func deepCalls(_ frame: XDPContext) -> XDPAction {  // refused: the program 'deepCalls' calls functions that call others, 9 frames deep ('first', 'second',
    answer(frame) { n in first(n.a) }
}

@section("xdp") @used
func deepestAllowed(_ frame: XDPContext) -> XDPAction { answer(frame) { n in second(n.a) } }
