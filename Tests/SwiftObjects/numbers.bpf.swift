// Constructs about numbers and their arrays, each as a program.
import EBPF
import SwiftConstructs

let license = License.gpl

// Integers.swift

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

// Hashes.swift

@section("xdp") @used
func fnvHash(_ frame: XDPContext) -> XDPAction { answer(frame, SwiftConstructs.fnvHash) }

@section("xdp") @used
func crc(_ frame: XDPContext) -> XDPAction { answer(frame, SwiftConstructs.crc) }

@section("xdp") @used
func internetChecksum(_ frame: XDPContext) -> XDPAction { answer(frame, SwiftConstructs.internetChecksum) }

@section("xdp") @used
func sipRound(_ frame: XDPContext) -> XDPAction { answer(frame, SwiftConstructs.sipRound) }

@section("xdp") @used
func histogramSlot(_ frame: XDPContext) -> XDPAction { answer(frame, SwiftConstructs.histogramSlot) }

@section("xdp") @used
func tokenBucket(_ frame: XDPContext) -> XDPAction { answer(frame, SwiftConstructs.tokenBucket) }

// Arrays.swift

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
