// swift-format-ignore-file
// Programs and maps that are declared in a way the kernel's loader cannot take.
// What is wrong is so on purpose, and each line says how it is refused.
import EBPF
import SwiftConstructs

let license = License.gpl

let sized = HashMap<UInt32, UInt64>(entries: UInt32(truncatingIfNeeded: Clock.monotonic))  // refused: the size of the map 'sized' is not known at build time

@section("xdp") @used
func one(_ frame: XDPContext) -> XDPAction {
    answer(frame) { n in sized.value(for: 1) ?? n.a }
}

@section("xpd") @used
func misspelt(_ frame: XDPContext) -> XDPAction { .pass }  // refused: the section 'xpd' of program 'misspelt' is of no kind of program; the nearest is 'xdp'

@section("xdp") @used
func twoContexts(_ frame: XDPContext, _ other: XDPContext) -> XDPAction { .pass }  // refused: the program 'twoContexts' takes 2 arguments, but the kernel hands it one

@section("xdp") @used
func narrowResult(_ frame: XDPContext) -> UInt8 { UInt8(truncatingIfNeeded: frame.interface) }  // refused: the result of program 'narrowResult' is not a number of 32 or 64 bits
