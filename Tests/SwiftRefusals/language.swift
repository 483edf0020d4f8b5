// swift-format-ignore-file
// What the Swift compiler itself refuses in programs without a runtime; its words come through as they are.
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
        let shape: any Shape = n.a & 1 == 0 ? Square(side: n.b) : Line(length: n.c)  // refused: any Shape
        return shape.area()
    }
}

@section("xdp") @used
func keyPath(_ frame: XDPContext) -> XDPAction {
    answer(frame) { n in
        n[keyPath: \.a]  // refused: cannot use key path in embedded Swift
    }
}

@section("xdp") @used
func cast(_ frame: XDPContext) -> XDPAction {
    answer(frame) { n in
        let value: Any = n.a  // refused: Any
        return value as? UInt64 ?? 0
    }
}
