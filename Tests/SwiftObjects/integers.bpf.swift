import EBPF
import SwiftConstructs

let license = License.gpl

@section("xdp") @used
func bitwise(_ frame: XDPContext) -> XDPAction { answer(frame, SwiftConstructs.bitwise) }

@section("xdp") @used
func shifts(_ frame: XDPContext) -> XDPAction { answer(frame, SwiftConstructs.shifts) }

@section("xdp") @used
func smartShifts(_ frame: XDPContext) -> XDPAction { answer(frame, SwiftConstructs.smartShifts) }

@section("xdp") @used
func signedShift(_ frame: XDPContext) -> XDPAction { answer(frame, SwiftConstructs.signedShift) }

@section("xdp") @used
func bitCounts(_ frame: XDPContext) -> XDPAction { answer(frame, SwiftConstructs.bitCounts) }

@section("xdp") @used
func smallBitCounts(_ frame: XDPContext) -> XDPAction { answer(frame, SwiftConstructs.smallBitCounts) }

@section("xdp") @used
func byteSwaps(_ frame: XDPContext) -> XDPAction { answer(frame, SwiftConstructs.byteSwaps) }

@section("xdp") @used
func unsignedDivision(_ frame: XDPContext) -> XDPAction { answer(frame, SwiftConstructs.unsignedDivision) }

@section("xdp") @used
func constantDivision(_ frame: XDPContext) -> XDPAction { answer(frame, SwiftConstructs.constantDivision) }

@section("xdp") @used
func quotientAndRemainder(_ frame: XDPContext) -> XDPAction { answer(frame, SwiftConstructs.quotientAndRemainder) }

@section("xdp") @used
func smallArithmetic(_ frame: XDPContext) -> XDPAction { answer(frame, SwiftConstructs.smallArithmetic) }

@section("xdp") @used
func provenArithmetic(_ frame: XDPContext) -> XDPAction { answer(frame, SwiftConstructs.provenArithmetic) }

@section("xdp") @used
func conversions(_ frame: XDPContext) -> XDPAction { answer(frame, SwiftConstructs.conversions) }

@section("xdp") @used
func signedArithmetic(_ frame: XDPContext) -> XDPAction { answer(frame, SwiftConstructs.signedArithmetic) }

@section("xdp") @used
func magnitudes(_ frame: XDPContext) -> XDPAction { answer(frame, SwiftConstructs.magnitudes) }

@section("xdp") @used
func minMax(_ frame: XDPContext) -> XDPAction { answer(frame, SwiftConstructs.minMax) }

@section("xdp") @used
func reportedOverflow(_ frame: XDPContext) -> XDPAction { answer(frame, SwiftConstructs.reportedOverflow) }

@section("xdp") @used
func saturatingSum(_ frame: XDPContext) -> XDPAction { answer(frame, SwiftConstructs.saturatingSum) }

@section("xdp") @used
func signedOverflow(_ frame: XDPContext) -> XDPAction { answer(frame, SwiftConstructs.signedOverflow) }

@section("xdp") @used
func fullWidth(_ frame: XDPContext) -> XDPAction { answer(frame, SwiftConstructs.fullWidth) }

@section("xdp") @used
func multiples(_ frame: XDPContext) -> XDPAction { answer(frame, SwiftConstructs.multiples) }

@section("xdp") @used
func wideNumbers(_ frame: XDPContext) -> XDPAction { answer(frame, SwiftConstructs.wideNumbers) }

@section("xdp") @used
func booleans(_ frame: XDPContext) -> XDPAction { answer(frame, SwiftConstructs.booleans) }

@section("xdp") @used
func squareRoot(_ frame: XDPContext) -> XDPAction { answer(frame, SwiftConstructs.squareRoot) }
