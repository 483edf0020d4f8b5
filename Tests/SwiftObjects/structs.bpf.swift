import EBPF
import SwiftConstructs

let license = License.gpl

@section("xdp") @used
func nestedStruct(_ frame: XDPContext) -> XDPAction { answer(frame, SwiftConstructs.nestedStruct) }

@section("xdp") @used
func computedProperty(_ frame: XDPContext) -> XDPAction { answer(frame, SwiftConstructs.computedProperty) }

@section("xdp") @used
func operators(_ frame: XDPContext) -> XDPAction { answer(frame, SwiftConstructs.operators) }

@section("xdp") @used
func ownOperator(_ frame: XDPContext) -> XDPAction { answer(frame, SwiftConstructs.ownOperator) }

@section("xdp") @used
func subscripts(_ frame: XDPContext) -> XDPAction { answer(frame, SwiftConstructs.subscripts) }

@section("xdp") @used
func propertyObserver(_ frame: XDPContext) -> XDPAction { answer(frame, SwiftConstructs.propertyObserver) }

@section("xdp") @used
func propertyWrapper(_ frame: XDPContext) -> XDPAction { answer(frame, SwiftConstructs.propertyWrapper) }

@section("xdp") @used
func callAsFunction(_ frame: XDPContext) -> XDPAction { answer(frame, SwiftConstructs.callAsFunction) }

@section("xdp") @used
func extensions(_ frame: XDPContext) -> XDPAction { answer(frame, SwiftConstructs.extensions) }

@section("xdp") @used
func mutatingMethod(_ frame: XDPContext) -> XDPAction { answer(frame, SwiftConstructs.mutatingMethod) }

@section("xdp") @used
func comparableStruct(_ frame: XDPContext) -> XDPAction { answer(frame, SwiftConstructs.comparableStruct) }

@section("xdp") @used
func layout(_ frame: XDPContext) -> XDPAction { answer(frame, SwiftConstructs.layout) }
