import EBPF
import SwiftConstructs

let license = License.gpl

@section("xdp") @used
func optionalBinding(_ frame: XDPContext) -> XDPAction { answer(frame, SwiftConstructs.optionalBinding) }

@section("xdp") @used
func guardBinding(_ frame: XDPContext) -> XDPAction { answer(frame, SwiftConstructs.guardBinding) }

@section("xdp") @used
func optionalChaining(_ frame: XDPContext) -> XDPAction { answer(frame, SwiftConstructs.optionalChaining) }

@section("xdp") @used
func nilCoalescing(_ frame: XDPContext) -> XDPAction { answer(frame, SwiftConstructs.nilCoalescing) }

@section("xdp") @used
func optionalMap(_ frame: XDPContext) -> XDPAction { answer(frame, SwiftConstructs.optionalMap) }

@section("xdp") @used
func optionalPattern(_ frame: XDPContext) -> XDPAction { answer(frame, SwiftConstructs.optionalPattern) }

@section("xdp") @used
func optionalComparison(_ frame: XDPContext) -> XDPAction { answer(frame, SwiftConstructs.optionalComparison) }

@section("xdp") @used
func nestedOptional(_ frame: XDPContext) -> XDPAction { answer(frame, SwiftConstructs.nestedOptional) }

@section("xdp") @used
func optionalAssignment(_ frame: XDPContext) -> XDPAction { answer(frame, SwiftConstructs.optionalAssignment) }
