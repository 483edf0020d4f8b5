import EBPF
import SwiftConstructs

let license = License.gpl

@section("xdp") @used
func genericFunction(_ frame: XDPContext) -> XDPAction { answer(frame, SwiftConstructs.genericFunction) }

@section("xdp") @used
func genericStruct(_ frame: XDPContext) -> XDPAction { answer(frame, SwiftConstructs.genericStruct) }

@section("xdp") @used
func constrainedGeneric(_ frame: XDPContext) -> XDPAction { answer(frame, SwiftConstructs.constrainedGeneric) }

@section("xdp") @used
func associatedType(_ frame: XDPContext) -> XDPAction { answer(frame, SwiftConstructs.associatedType) }

@section("xdp") @used
func opaqueResult(_ frame: XDPContext) -> XDPAction { answer(frame, SwiftConstructs.opaqueResult) }

@section("xdp") @used
func integerGeneric(_ frame: XDPContext) -> XDPAction { answer(frame, SwiftConstructs.integerGeneric) }

@section("xdp") @used
func conditionalConformance(_ frame: XDPContext) -> XDPAction { answer(frame, SwiftConstructs.conditionalConformance) }

@section("xdp") @used
func metatypeArgument(_ frame: XDPContext) -> XDPAction { answer(frame, SwiftConstructs.metatypeArgument) }
