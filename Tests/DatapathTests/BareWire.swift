import BPFTesting
import Datapath
import PolicyCompiler
import PolicyModel

/// Packets of connections that no stack has a part in: both ends are written here, and only the datapath between them judges.
///
/// The opener is 192.0.2.2 port 40000, outside, and the guarded side 192.0.2.77 port 80, which no interface has.
struct BareWire {
    let hosts: TwoHosts
    let datapath: Datapath
    let outside: PacketSocket
    let inside: PacketSocket

    static let outer = "192.0.2.2"
    static let inner = "192.0.2.77"

    /// Web, names and echo requests may come in, TCP to port 99 may go out; everything else is refused.
    static let policies = [
        HostPolicy(
            name: "web",
            ingress: [
                Rule(name: "open", action: .allow, protocols: [.tcp], ports: [PortRange(80)]),
                Rule(name: "names", action: .allow, protocols: [.udp], ports: [PortRange(53)]),
                Rule(name: "ping", action: .allow, icmp: [ICMPMatch("echo-request", v4: .init(type: 8), v6: .init(type: 128))]),
                Rule(name: "gre", action: .allow, protocols: [.number(47)]), Rule(name: "rest", action: .deny, log: Rule.Log.none),
            ],
            egress: [
                Rule(name: "out", action: .allow, protocols: [.tcp], ports: [PortRange(99)]),
                Rule(name: "none", action: .deny, log: Rule.Log.none),
            ])
    ]

    init() throws {
        hosts = try TwoHosts()
        datapath = try hosts.datapath()
        var numbers = RuleNumbers()
        try datapath.install(Self.policies, revision: 1, &numbers)
        _ = try hosts.protect(datapath)
        outside = try hosts.peer.run { () throws(TestingError) in try PacketSocket(interface: "eth0") }
        inside = try hosts.host.run { () throws(TestingError) in try PacketSocket(interface: "eth0") }
    }

    func end() throws { try hosts.host.run { try datapath.remove() } }

    /// Sends a packet from the outside. It is judged before this returns.
    func comesIn(_ packet: BPFTesting.Packet) throws { try outside.send(packet.bytes) }

    /// Sends a packet from the inside; says whether it got out.
    func getsOut(_ packet: BPFTesting.Packet) throws -> Bool {
        while outside.receive() != nil {}
        try inside.send(packet.bytes)
        let sent = packet.bytes
        while let frame = outside.receive(milliseconds: 60) {
            if frame == sent { return true }
        }
        return false
    }

    /// The connections, or those to a port.
    func flows(port: UInt16? = nil) throws -> [Flow] {
        var flows: [Flow] = []
        try hosts.host.run {
            try datapath.forEachFlow { flow in
                if port == nil || flow.destinationPort == port { flows.append(flow) }
            }
        }
        return flows
    }

    /// The state of the only connection to a port.
    func state(port: UInt16 = 80) throws -> Flow.State? {
        let flows = try flows(port: port)
        return flows.count == 1 ? flows[0].state : nil
    }
}

extension BareWire {
    /// A segment of the opener's to port 80.
    static func toInside(from port: UInt16 = 40_000, _ flags: TCPFlags, seq: UInt32 = 1, ack: UInt32 = 0) -> BPFTesting.Packet {
        .ethernet().ipv4(outer, inner).tcp(port, 80, flags: flags, sequence: seq, acknowledgment: ack)
    }

    /// A segment back from port 80.
    static func toOutside(to port: UInt16 = 40_000, _ flags: TCPFlags, seq: UInt32 = 1, ack: UInt32 = 0) -> BPFTesting.Packet {
        .ethernet().ipv4(inner, outer).tcp(80, port, flags: flags, sequence: seq, acknowledgment: ack)
    }

    /// Opens a connection from the outside to port 80.
    func establish(from port: UInt16 = 40_000) throws {
        try comesIn(Self.toInside(from: port, .syn, seq: 1_000))
        _ = try getsOut(Self.toOutside(to: port, [.syn, .ack], seq: 5_000, ack: 1_001))
        try comesIn(Self.toInside(from: port, .ack, seq: 1_001, ack: 5_001))
    }
}
