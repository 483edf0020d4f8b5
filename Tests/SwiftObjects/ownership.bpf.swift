import EBPF
import SwiftConstructs

let license = License.gpl

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
