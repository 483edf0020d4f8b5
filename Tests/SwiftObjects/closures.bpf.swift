import EBPF
import SwiftConstructs

let license = License.gpl

@section("xdp") @used
func closureArgument(_ frame: XDPContext) -> XDPAction { answer(frame, SwiftConstructs.closureArgument) }

@section("xdp") @used
func capturingClosure(_ frame: XDPContext) -> XDPAction { answer(frame, SwiftConstructs.capturingClosure) }

@section("xdp") @used
func mutatingCapture(_ frame: XDPContext) -> XDPAction { answer(frame, SwiftConstructs.mutatingCapture) }

@section("xdp") @used
func mapReduce(_ frame: XDPContext) -> XDPAction { answer(frame, SwiftConstructs.mapReduce) }

@section("xdp") @used
func functionValue(_ frame: XDPContext) -> XDPAction { answer(frame, SwiftConstructs.functionValue) }

@section("xdp") @used
func autoclosure(_ frame: XDPContext) -> XDPAction { answer(frame, SwiftConstructs.autoclosure) }

@section("xdp") @used
func localFunction(_ frame: XDPContext) -> XDPAction { answer(frame, SwiftConstructs.localFunction) }
