// Programs and maps that are declared in a way the kernel's loader cannot take.
import EBPF
import SwiftConstructs

let license = License.gpl

nonisolated(unsafe) var size: UInt32 = 5

let sized = HashMap<UInt32, UInt64>(entries: size)  // refused: the size of the map 'sized' is not known at build time

@section("xdp") @used
func one(_ frame: XDPContext) -> XDPAction {
    size &+= 1
    return answer(frame) { n in sized.value(for: 1) ?? n.a }
}

@section("xpd") @used
func misspelt(_ frame: XDPContext) -> XDPAction { .pass }  // refused: section

@section("xdp") @used
func twoContexts(_ frame: XDPContext, _ other: XDPContext) -> XDPAction { .pass }  // refused: argument
