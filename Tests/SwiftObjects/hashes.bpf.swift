import EBPF
import SwiftConstructs

let license = License.gpl

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
