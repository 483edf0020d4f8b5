import EBPF
import SwiftConstructs

let license = License.gpl

@section("xdp") @used
func typedThrows(_ frame: XDPContext) -> XDPAction { answer(frame, SwiftConstructs.typedThrows) }

@section("xdp") @used
func optionalTry(_ frame: XDPContext) -> XDPAction { answer(frame, SwiftConstructs.optionalTry) }

@section("xdp") @used
func genericThrows(_ frame: XDPContext) -> XDPAction { answer(frame, SwiftConstructs.genericThrows) }

@section("xdp") @used
func resultOfThrowing(_ frame: XDPContext) -> XDPAction { answer(frame, SwiftConstructs.resultOfThrowing) }
