import EBPF

let license = License.gpl
/// Identities that `connect` saw.
let seen = ArrayMap<UInt64>(entries: 4)

@section("cgroup/connect4") @used
func connect(_ call: SocketAddressContext) -> CgroupVerdict {
    seen.set(CurrentTask.cgroup, for: 0)
    seen.set(UInt64(call.socketType) << 32 | UInt64(call.family), for: 1)
    if call.port == 25 { return .deny }
    if call.ipv4 == IPv4Address(192, 0, 2, 1) {
        call.ipv4 = IPv4Address(127, 0, 0, 1)
        call.port = BigEndian(call.port.value &+ 1)
    }
    return .allow
}

@section("cgroup/connect6") @used
func connectIPv6(_ call: SocketAddressContext) -> CgroupVerdict {
    if call.ipv6 == IPv6Address(high: 0x2001_0db8_0000_0000, low: 1) { call.ipv6 = IPv6Address(high: 0, low: 1) }
    return call.socketProtocol == .udp ? .allow : .deny
}

@section("cgroup_skb/egress") @used
func egress(_ packet: CgroupPacketContext) -> CgroupVerdict {
    guard let header = packet.read(IPv4Header.self, at: 0) else { return .allow }
    return header.destination.isEqual(to: IPv4Address(127, 9, 0, 0), length: 16) ? .deny : .allow
}
