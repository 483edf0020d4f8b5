// Constructs about what is done when, each as a program.
import EBPF
import SwiftConstructs

let license = License.gpl

// Closures.swift

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

// Loops.swift

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

// Switches.swift

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

// Errors.swift

@section("xdp") @used
func typedThrows(_ frame: XDPContext) -> XDPAction { answer(frame, SwiftConstructs.typedThrows) }

@section("xdp") @used
func optionalTry(_ frame: XDPContext) -> XDPAction { answer(frame, SwiftConstructs.optionalTry) }

@section("xdp") @used
func genericThrows(_ frame: XDPContext) -> XDPAction { answer(frame, SwiftConstructs.genericThrows) }

@section("xdp") @used
func resultOfThrowing(_ frame: XDPContext) -> XDPAction { answer(frame, SwiftConstructs.resultOfThrowing) }

// Ownership.swift

@section("xdp") @used
func noncopyableDeinit(_ frame: XDPContext) -> XDPAction { answer(frame, SwiftConstructs.noncopyableDeinit) }

@section("xdp") @used
func borrowAndConsume(_ frame: XDPContext) -> XDPAction { answer(frame, SwiftConstructs.borrowAndConsume) }

@section("xdp") @used
func inoutArguments(_ frame: XDPContext) -> XDPAction { answer(frame, SwiftConstructs.inoutArguments) }

@section("xdp") @used
func deferred(_ frame: XDPContext) -> XDPAction { answer(frame, SwiftConstructs.deferred) }

@section("xdp") @used
func optionalNoncopyable(_ frame: XDPContext) -> XDPAction { answer(frame, SwiftConstructs.optionalNoncopyable) }

@section("xdp") @used
func exclusiveAccess(_ frame: XDPContext) -> XDPAction { answer(frame, SwiftConstructs.exclusiveAccess) }

// Functions.swift

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
