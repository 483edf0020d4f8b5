// swift-format-ignore-file
// Maps and settings where no loader looks for them, and a program that has no name for one.
// What is wrong is so on purpose, and each line says how it is refused.
import EBPF
import SwiftConstructs

let license = License.gpl

struct Tables: ~Copyable { let counts = HashMap<UInt32, UInt64>(entries: 4) }

let tables = Tables()  // refused: 'tables' has a map inside; declare it as a global constant

@section("xdp") @used
func inside(_ frame: XDPContext) -> XDPAction { answer(frame) { n in tables.counts.value(for: 3) ?? n.a } }

@section("xdp") @used
func local(_ frame: XDPContext) -> XDPAction {
    let counts = HashMap<UInt32, UInt64>(entries: 4)  // refused: a map 'counts' is declared in a function
    let limit = Setting<UInt32>(5)  // refused: a setting 'limit' is declared in a function
    return counts.lookup(3) == nil && limit.value > 3 ? .drop : .pass
}

@section("xdp") @used
func größer(_ frame: XDPContext) -> XDPAction { .pass }  // refused: the program 'größer' has a name that the kernel's type information cannot hold
