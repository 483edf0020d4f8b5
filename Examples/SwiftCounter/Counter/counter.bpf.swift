import EBPF
import Traffic

let license = License.gpl
let traffic = PerCPUHashMap<TrafficKind, TrafficSum>(entries: 1024)

/// Counts what comes in, and lets it pass.
@section("xdp") @used
func count(_ frame: XDPContext) -> XDPAction {
    guard let ethernet = frame.read(EthernetHeader.self, at: 0) else { return .pass }
    var kind = TrafficKind(ethertype: ethernet.type.number.value)
    if ethernet.type == .ipv4, let header = frame.read(IPv4Header.self, at: EthernetHeader.size) {
        kind.transport = UInt16(header.protocol.number)
    } else if ethernet.type == .ipv6, let header = frame.read(IPv6Header.self, at: EthernetHeader.size) {
        kind.transport = UInt16(header.nextHeader.number)
    }
    if let sum = traffic.lookup(kind, orInsert: TrafficSum()) {
        sum.value.packets &+= 1
        sum.value.bytes &+= UInt64(truncatingIfNeeded: frame.count)
    }
    return .pass
}
