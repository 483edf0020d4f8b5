import EBPF
import SwiftConstructs

let license = License.gpl

@section("xdp") @used
func inlineArraySum(_ frame: XDPContext) -> XDPAction { answer(frame, SwiftConstructs.inlineArraySum) }

@section("xdp") @used
func inlineArrayWrite(_ frame: XDPContext) -> XDPAction { answer(frame, SwiftConstructs.inlineArrayWrite) }

@section("xdp") @used
func variableIndex(_ frame: XDPContext) -> XDPAction { answer(frame, SwiftConstructs.variableIndex) }

@section("xdp") @used
func testedIndex(_ frame: XDPContext) -> XDPAction { answer(frame, SwiftConstructs.testedIndex) }

@section("xdp") @used
func nestedInlineArray(_ frame: XDPContext) -> XDPAction { answer(frame, SwiftConstructs.nestedInlineArray) }

@section("xdp") @used
func arrayInitialiser(_ frame: XDPContext) -> XDPAction { answer(frame, SwiftConstructs.arrayInitialiser) }

@section("xdp") @used
func bubbleSort(_ frame: XDPContext) -> XDPAction { answer(frame, SwiftConstructs.bubbleSort) }

@section("xdp") @used
func constantTable(_ frame: XDPContext) -> XDPAction { answer(frame, SwiftConstructs.constantTable) }

@section("xdp") @used
func spanOfArray(_ frame: XDPContext) -> XDPAction { answer(frame, SwiftConstructs.spanOfArray) }

@section("xdp") @used
func tupleAsArray(_ frame: XDPContext) -> XDPAction { answer(frame, SwiftConstructs.tupleAsArray) }

@section("xdp") @used
func namedTuple(_ frame: XDPContext) -> XDPAction { answer(frame, SwiftConstructs.namedTuple) }

@section("xdp") @used
func arrayLiteralLoop(_ frame: XDPContext) -> XDPAction { answer(frame, SwiftConstructs.arrayLiteralLoop) }

@section("xdp") @used
func genericStorage(_ frame: XDPContext) -> XDPAction { answer(frame, SwiftConstructs.genericStorage) }
