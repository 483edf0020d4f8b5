import EBPF
import EBPFTestTypes

let license = License.gpl
let sources = LPMTrie<Prefix<IPv4Address>, UInt32>(entries: 16)

@section("xdp") @used
func walkFrame(_ frame: XDPContext) -> XDPAction { XDPAction(rawValue: Transport.summary(of: frame)) }

@section("tc") @used
func walkPacket(_ packet: TCContext) -> TCAction { TCAction(rawValue: Int32(truncatingIfNeeded: Transport.summary(of: packet))) }

@section("tc") @used
func walkEverything(_ packet: TCContext) -> TCAction {
    TCAction(rawValue: Int32(truncatingIfNeeded: Transport.summary(of: packet.everything)))
}

/// Sets the mark to what the longest prefix of the source says.
@section("tc") @used
func markSource(_ packet: TCContext) -> TCAction {
    guard packet.networkProtocol == .ipv4 else { return .next }
    guard let mark = rule(forSourceOf: packet, in: sources) else { return .drop }
    packet.mark = mark
    packet.priority = packet.mark &+ 1
    return .ok
}

/// One hop less, and UDP to another port, with checksums made right.
@section("tc") @used
func rewrite(_ packet: TCContext) -> TCAction {
    let start = EthernetHeader.size
    guard var header = packet.read(IPv4Header.self, at: start), header.headerLength == 20, header.protocol == .udp else { return .next }
    header.timeToLive &-= 1
    header.checksum = header.computedChecksum
    guard packet.write(header, at: start), let udp = packet.read(UDPHeader.self, at: 34) else { return .drop }
    let port: BigEndian<UInt16> = 8080
    guard packet.correctTransportChecksum(at: 40, from: udp.destinationPort, to: port, isUDP: true).succeeded,
        packet.store(port, at: 36).succeeded
    else { return .drop }
    return .ok
}

/// Puts the Ethernet header in front of room for a VLAN tag, and the tag behind it.
@section("xdp") @used
func tag(_ frame: XDPContext) -> XDPAction {
    guard let header = frame.read(EthernetHeader.self, at: 0), frame.moveStart(by: -4).succeeded else { return .aborted }
    var outer = header
    outer.type = .vlan
    guard frame.write(outer, at: 0), frame.write(VLANTag(control: 100, type: header.type), at: 14) else { return .aborted }
    return .transmit
}

/// Takes bytes away behind the frame, and says by metadata that it did.
@section("xdp") @used
func trim(_ frame: XDPContext) -> XDPAction {
    let before = frame.count
    guard frame.moveEnd(by: -2).succeeded, frame.count == before - 2 else { return .aborted }
    guard frame.readMetadata(UInt32.self) == nil, frame.reserveMetadata(4).succeeded else { return .aborted }
    guard frame.writeMetadata(UInt32(7)) else { return .aborted }
    return frame.readMetadata(UInt32.self) == 7 ? .pass : .drop
}

/// Puts a tag on and takes it off again; the mark says what was seen meanwhile.
@section("tc") @used
func tagAndBack(_ packet: TCContext) -> TCAction {
    guard packet.vlan == nil, packet.pushVLAN(type: .vlan, control: 0x2005).succeeded, let vlan = packet.vlan else { return .drop }
    packet.mark = UInt32(vlan)
    guard packet.popVLAN().succeeded, packet.vlan == nil else { return .drop }
    return .ok
}

/// Makes a packet longer at its end and at its beginning, and reads the last byte of what there is then.
@section("tc") @used
func stretch(_ packet: TCContext) -> TCAction {
    let count = UInt32(truncatingIfNeeded: packet.count)
    guard packet.resize(to: count &+ 40).succeeded, packet.pull(0).succeeded else { return .drop }
    guard packet.load(UInt8.self, at: packet.count &- 1) == 0, packet.load(UInt8.self, at: packet.count) == nil else { return .drop }
    guard packet.addHeadroom(16).succeeded, UInt32(truncatingIfNeeded: packet.count) == count &+ 56 else { return .drop }
    packet.mark = packet.computedHash
    return packet.mark == packet.hash ? .ok : .drop
}
