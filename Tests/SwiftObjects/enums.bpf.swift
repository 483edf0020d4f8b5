import EBPF
import SwiftConstructs

let license = License.gpl

@section("xdp") @used
func plainEnum(_ frame: XDPContext) -> XDPAction { answer(frame, SwiftConstructs.plainEnum) }

@section("xdp") @used
func payloadEnum(_ frame: XDPContext) -> XDPAction { answer(frame, SwiftConstructs.payloadEnum) }

@section("xdp") @used
func enumPatterns(_ frame: XDPContext) -> XDPAction { answer(frame, SwiftConstructs.enumPatterns) }

@section("xdp") @used
func stateMachine(_ frame: XDPContext) -> XDPAction { answer(frame, SwiftConstructs.stateMachine) }

@section("xdp") @used
func resultValue(_ frame: XDPContext) -> XDPAction { answer(frame, SwiftConstructs.resultValue) }

@section("xdp") @used
func enumEquality(_ frame: XDPContext) -> XDPAction { answer(frame, SwiftConstructs.enumEquality) }
