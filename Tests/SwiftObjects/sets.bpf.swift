import EBPF
import SwiftConstructs

let license = License.gpl

@section("xdp") @used
func optionSet(_ frame: XDPContext) -> XDPAction { answer(frame, SwiftConstructs.optionSet) }

@section("xdp") @used
func rawRepresentable(_ frame: XDPContext) -> XDPAction { answer(frame, SwiftConstructs.rawRepresentable) }

@section("xdp") @used
func bigEndian(_ frame: XDPContext) -> XDPAction { answer(frame, SwiftConstructs.bigEndian) }

@section("xdp") @used
func littleEndian(_ frame: XDPContext) -> XDPAction { answer(frame, SwiftConstructs.littleEndian) }

@section("xdp") @used
func bitSet(_ frame: XDPContext) -> XDPAction { answer(frame, SwiftConstructs.bitSet) }
