import EBPF

let license = License.gpl
let drops = PerCPUArray<UInt64>(entries: 1)

@section("xdp") @used
func dropFragments(_ frame: XDPContext) -> XDPAction {
    guard frame.read(EthernetHeader.self, at: 0)?.type == .ipv4 else { return .pass }
    guard let header = frame.read(IPv4Header.self, at: EthernetHeader.size), header.isFragment else { return .pass }
    if let count = drops.lookup(0) { count.value &+= 1 }
    return .drop
}
