// swift-format-ignore-file
// Mistakes of types: the compiler's own words, with the program's own lines.
// What is wrong is so on purpose, and each line says how it is refused.
import EBPF
import SwiftConstructs

let license = License.gpl

@section("xdp") @used
func wrongType(_ frame: XDPContext) -> XDPAction {
    answer(frame) { n in
        n.a + Int32(1)  // refused: cannot convert value of type 'Int32'
    }
}

@section("xdp") @used
func uncheckedResult(_ frame: XDPContext) -> XDPAction {
    answer(frame) { n in
        frame.read(UInt32.self, at: 0) & 1 == 0 ? 1 : 0  // refused: must be unwrapped
    }
}

struct Named: BitwiseCopyable {
    var number: UInt64
    var name: String  // refused: 'String'
}

let names = HashMap<UInt32, String>(entries: 4)  // refused: type 'String' does not conform to protocol 'BitwiseCopyable'
