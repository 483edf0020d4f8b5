import EBPF
import SwiftConstructs

let license = License.gpl

@section("xdp") @used
func subprogram(_ frame: XDPContext) -> XDPAction { answer(frame, SwiftConstructs.subprogram) }

@section("xdp") @used
func nestedSubprograms(_ frame: XDPContext) -> XDPAction { answer(frame, SwiftConstructs.nestedSubprograms) }

@section("xdp") @used
func smallArguments(_ frame: XDPContext) -> XDPAction { answer(frame, SwiftConstructs.smallArguments) }

@section("xdp") @used
func fiveArguments(_ frame: XDPContext) -> XDPAction { answer(frame, SwiftConstructs.fiveArguments) }

@section("xdp") @used
func defaultArguments(_ frame: XDPContext) -> XDPAction { answer(frame, SwiftConstructs.defaultArguments) }
