// The packet parser that the host's tests run too, over frames and over socket buffers; and a packet's first byte by itself.
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

// The first byte, read and written in each context.

@section("xdp") @used
func firstOfFrame(_ frame: XDPContext) -> XDPAction {
    guard let byte = frame.read(UInt8.self, at: 0), frame.write(byte ^ 0xff, at: 0) else { return .aborted }
    return byte == 7 ? .drop : .pass
}

@section("xdp") @used
func firstOfFrameMetadata(_ frame: XDPContext) -> XDPAction {
    guard frame.reserveMetadata(4).succeeded, frame.writeMetadata(UInt8(9)), let byte = frame.readMetadata(UInt8.self) else {
        return .aborted
    }
    return byte == 9 ? .pass : .drop
}

@section("tc") @used
func firstOfPacket(_ packet: TCContext) -> TCAction {
    guard let byte = packet.read(UInt8.self, at: 0), packet.write(byte ^ 0xff, at: 0) else { return .pipe }
    return byte == 7 ? .drop : .ok
}

@section("tc") @used
func firstOfPacketMetadata(_ packet: TCContext) -> TCAction {
    guard let byte = packet.readMetadata(UInt8.self) else { return .ok }
    return byte == 9 ? .drop : .pipe
}

@section("cgroup_skb/egress") @used
func firstOfTraffic(_ packet: CgroupPacketContext) -> CgroupVerdict {
    guard let byte = packet.read(UInt8.self, at: 0), byte &>> 4 == 4 else { return .deny }
    return .allow
}
