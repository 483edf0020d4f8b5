// swift-format-ignore-file
// What the Swift compiler itself refuses in programs without a runtime; its words come with what to write instead.
// What is wrong is so on purpose, and each line says how it is refused.
import EBPF
import SwiftConstructs

let license = License.gpl

protocol Shape { func area() -> UInt64 }
struct Square: Shape {
    var side: UInt64
    func area() -> UInt64 { side &* side }
}
struct Line: Shape {
    var length: UInt64
    func area() -> UInt64 { length }
}

@section("xdp") @used
func anyValue(_ frame: XDPContext) -> XDPAction {
    answer(frame) { n in
        let shape: any Shape = n.a & 1 == 0 ? Square(side: n.b) : Line(length: n.c)  // refused: cannot use a value of protocol type 'any Shape' in embedded Swift; use 'some Shape' or generics
        return shape.area()
    }
}

@section("xdp") @used
func keyPath(_ frame: XDPContext) -> XDPAction {
    answer(frame) { n in
        n[keyPath: \.a]  // refused: cannot use key path in embedded Swift; name the property
    }
}

@section("xdp") @used
func cast(_ frame: XDPContext) -> XDPAction {
    answer(frame) { n in
        let value: Any = n.a  // refused: cannot use a value of protocol type 'Any' in embedded Swift; use 'some Protocol' or generics
        return value as? UInt64 ?? 0
    }
}

@section("xdp") @used
func typeItself(_ frame: XDPContext) -> XDPAction {
    answer(frame) { n in
        let type: any BitwiseCopyable.Type = n.a & 1 == 0 ? UInt64.self : UInt32.self  // refused: in embedded Swift; take a value of the type
        return type == UInt64.self ? 1 : 2
    }
}
