import EBPF
import SwiftConstructs

let license = License.gpl

@section("xdp") @used
func rangeSwitch(_ frame: XDPContext) -> XDPAction { answer(frame, SwiftConstructs.rangeSwitch) }

@section("xdp") @used
func tupleSwitch(_ frame: XDPContext) -> XDPAction { answer(frame, SwiftConstructs.tupleSwitch) }

@section("xdp") @used
func whereSwitch(_ frame: XDPContext) -> XDPAction { answer(frame, SwiftConstructs.whereSwitch) }

@section("xdp") @used
func fallthroughSwitch(_ frame: XDPContext) -> XDPAction { answer(frame, SwiftConstructs.fallthroughSwitch) }

@section("xdp") @used
func denseSwitch(_ frame: XDPContext) -> XDPAction { answer(frame, SwiftConstructs.denseSwitch) }

@section("xdp") @used
func ifExpression(_ frame: XDPContext) -> XDPAction { answer(frame, SwiftConstructs.ifExpression) }

@section("xdp") @used
func ownPattern(_ frame: XDPContext) -> XDPAction { answer(frame, SwiftConstructs.ownPattern) }

@section("xdp") @used
func boolLogic(_ frame: XDPContext) -> XDPAction { answer(frame, SwiftConstructs.boolLogic) }
