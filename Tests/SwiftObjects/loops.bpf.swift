import EBPF
import SwiftConstructs

let license = License.gpl

@section("xdp") @used
func forRange(_ frame: XDPContext) -> XDPAction { answer(frame, SwiftConstructs.forRange) }

@section("xdp") @used
func variableCount(_ frame: XDPContext) -> XDPAction { answer(frame, SwiftConstructs.variableCount) }

@section("xdp") @used
func closedRange(_ frame: XDPContext) -> XDPAction { answer(frame, SwiftConstructs.closedRange) }

@section("xdp") @used
func whileLoop(_ frame: XDPContext) -> XDPAction { answer(frame, SwiftConstructs.whileLoop) }

@section("xdp") @used
func repeatLoop(_ frame: XDPContext) -> XDPAction { answer(frame, SwiftConstructs.repeatLoop) }

@section("xdp") @used
func strideLoop(_ frame: XDPContext) -> XDPAction { answer(frame, SwiftConstructs.strideLoop) }

@section("xdp") @used
func labelledLoops(_ frame: XDPContext) -> XDPAction { answer(frame, SwiftConstructs.labelledLoops) }

@section("xdp") @used
func reversedRange(_ frame: XDPContext) -> XDPAction { answer(frame, SwiftConstructs.reversedRange) }

@section("xdp") @used
func ownSequence(_ frame: XDPContext) -> XDPAction { answer(frame, SwiftConstructs.ownSequence) }

@section("xdp") @used
func enumeratedLoop(_ frame: XDPContext) -> XDPAction { answer(frame, SwiftConstructs.enumeratedLoop) }
