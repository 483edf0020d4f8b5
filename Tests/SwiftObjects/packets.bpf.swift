// The packet parser that the host's tests run too, over frames and over socket buffers.
import EBPF
import SwiftConstructs

let license = License.gpl

let rules = LPMTrie<Prefix<IPv4Address>, UInt32>(entries: 64)
let summaries = ArrayMap<PacketSummary>(entries: 1)

@section("xdp") @used
func walkFrame(_ frame: XDPContext) -> XDPAction {
    summaries.set(PacketSummary(frame, rules: rules), for: 0)
    return .pass
}

@section("tc") @used
func walkPacket(_ packet: TCContext) -> TCAction {
    summaries.set(PacketSummary(packet, rules: rules), for: 0)
    return .ok
}

/// The same by calls, which reach every byte.
@section("tc") @used
func walkLoaded(_ packet: TCContext) -> TCAction {
    summaries.set(PacketSummary(packet.everything, rules: rules), for: 0)
    return .ok
}
