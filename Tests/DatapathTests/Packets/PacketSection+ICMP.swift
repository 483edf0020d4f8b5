import BPFTesting
import Datapath

extension PacketSection {
    private typealias Step = PacketLine.Step
    private static func bytes(_ count: Int) -> [UInt8] { (0..<count).map { UInt8(truncatingIfNeeded: $0) } }

    /// A connection that the ends' packets are the replies of, and packets after its first.
    private static func after(_ begin: BPFTesting.Packet, _ kind: PacketPolicy.Kind, _ packets: [BPFTesting.Packet]) -> [Step] {
        [.before(begin, .rules(kind), isReversed: true)] + packets.map { Step(packet: $0) }
    }

    private static let about = PacketLine.Outcome.related(.udp, otherwise: .icmpError)

    static let icmp = PacketSection(
        title: "ICMP",
        lines: [
            PacketLine("an echo request", .rules(.echoRequest)) { ends in [ends.four().icmp(type: 8), ends.six().icmp(type: 128)] },
            PacketLine("an echo reply to nothing", .rules(.otherICMP)) { ends in [ends.four().icmp(type: 0), ends.six().icmp(type: 129)] },
            PacketLine("neighbour discovery, group reports, timestamps, types nobody knows", .rules(.otherICMP)) { ends in
                [UInt8(13), 42, 255].map { ends.four().icmp(type: $0) }
                    + [UInt8(100), 130, 133, 135, 137, 143, 255].map { ends.six().icmp(type: $0) }
            },
            PacketLine("an error about an allowed connection", about) { ends in
                after(
                    ends.reversed.four().udp(1000, 80), .udp,
                    [UInt8(3), 4, 11, 12, 5].map {
                        ends.four().icmp(type: $0).quoting(ends.reversed.four().udp(1000, 80))
                    })
            },
            PacketLine("an error about an allowed connection over IPv6", about) { ends in
                after(
                    ends.reversed.six().udp(1000, 80), .udp,
                    [UInt8(1), 2, 3, 4].map {
                        ends.six().icmp(type: $0).quoting(ends.reversed.six().udp(1000, 80))
                    })
            },
            PacketLine("an error that quotes 8 bytes of TCP, or behind IPv4 options", .related(.tcp, otherwise: .icmpError)) { ends in
                after(
                    ends.reversed.four().tcp(1000, 80), .tcp,
                    [
                        ends.four().icmp(type: 3, code: 1).quoting(ends.reversed.four().tcp(1000, 80), count: 28),
                        ends.four().icmp(type: 3, code: 1).quoting(ends.reversed.four(options: bytes(40)).tcp(1000, 80), count: 68),
                    ])
            },
            PacketLine("an error that quotes extension headers, also a first fragment's", about) { ends in
                let first = IPv6Extension.fragment(Fragment(offset: 0, more: true))
                return after(
                    ends.reversed.six().udp(1000, 80), .udp,
                    [
                        ends.six().icmp(type: 3).quoting(ends.reversed.six(.hopByHop(), .destinationOptions()).udp(1000, 80), count: 64),
                        ends.six().icmp(type: 2).quoting(ends.reversed.six(first).udp(1000, 80).payload(bytes(8)), count: 200),
                    ])
            },
            PacketLine("an error about an echo request", .related(.echoRequest, otherwise: .icmpError)) { ends in
                after(
                    ends.reversed.four().icmp(type: 8), .echoRequest,
                    [
                        ends.four().icmp(type: 11).quoting(ends.reversed.four().icmp(type: 8))
                    ])
                    + after(
                        ends.reversed.six().icmp(type: 128), .echoRequest,
                        [
                            ends.six().icmp(type: 3).quoting(ends.reversed.six().icmp(type: 128))
                        ])
            },
            PacketLine("an error about no connection", .rules(.icmpError)) { ends in
                [
                    ends.four().icmp(type: 3, code: 3).quoting(ends.reversed.four().udp(1000, 80)),
                    ends.six().icmp(type: 1, code: 4).quoting(ends.reversed.six().udp(1000, 80)),
                ]
            },
            PacketLine("an error whose quoted packet is cut off at any byte before 8 of its transport header", .rules(.icmpError)) { ends in
                [Step.before(ends.reversed.four().udp(1000, 80), .rules(.udp), isReversed: true)]
                    + (0..<28).map { Step(packet: ends.four().icmp(type: 3).quoting(ends.reversed.four().udp(1000, 80), count: $0)) }
                    + [.before(ends.reversed.six().udp(1000, 80), .rules(.udp), isReversed: true)]
                    + (0..<48).map { Step(packet: ends.six().icmp(type: 3).quoting(ends.reversed.six().udp(1000, 80), count: $0)) }
            },
            PacketLine("an error whose quoted packet goes on behind the packet's end", .rules(.icmpError), hasPadding: true) { ends in
                after(
                    ends.reversed.four().udp(1000, 80), .udp,
                    [
                        ends.four(length: 55).icmp(type: 3).quoting(ends.reversed.four().udp(1000, 80))
                    ])
            },
            PacketLine("an error that quotes a later fragment", .rules(.icmpError)) { ends in
                let later = Fragment(offset: 1480, more: false)
                return after(
                    ends.reversed.four().udp(1000, 80), .udp,
                    [
                        ends.four().icmp(type: 3).quoting(ends.reversed.four(fragment: later).udp(1000, 80))
                    ])
                    + after(
                        ends.reversed.six().udp(1000, 80), .udp,
                        [
                            ends.six().icmp(type: 3).quoting(ends.reversed.six(.fragment(later)).udp(1000, 80))
                        ])
            },
            PacketLine("a forged error: what it quotes was not sent by whom it goes to", .rules(.icmpError)) { ends in
                after(
                    ends.reversed.four().udp(1000, 80), .udp,
                    [
                        ends.four().icmp(type: 3).quoting(ends.reversed.four().udp(1000, 80)).toAnother,
                        ends.six().icmp(type: 1).quoting(ends.reversed.six().udp(1000, 80)).toAnother,
                        // A packet of the connection's other direction.
                        ends.four().icmp(type: 3).quoting(ends.four().udp(80, 1000)),
                    ])
            },
            PacketLine("a forged error: of another family, version or header length", .rules(.icmpError)) { ends in
                let udp = ends.reversed.four().udp(1000, 80)
                return after(
                    udp, .udp,
                    [
                        ends.four().icmp(type: 3).quoting(ends.reversed.six().udp(1000, 80)),
                        ends.four().icmp(type: 3).payload([0x55] + udp.networkBytes.dropFirst()),
                        ends.four().icmp(type: 3).payload([0x44] + udp.networkBytes.dropFirst()),
                        ends.four().icmp(type: 3).payload([0x4f] + udp.networkBytes.dropFirst()),
                    ])
            },
            PacketLine("an error about an ICMP message that is no echo", .rules(.icmpError)) { ends in
                // An echo of identifier 0 has the key that such a message would have.
                after(
                    ends.reversed.four().icmp(type: 8, rest: 1), .echoRequest,
                    [
                        ends.four().icmp(type: 3).quoting(ends.reversed.four().icmp(type: 13, rest: 0)),
                        ends.four().icmp(type: 3).quoting(ends.reversed.four().icmp(type: 3, rest: 0)),
                    ])
            },
            PacketLine("a message of less than 8 bytes", .denied(.malformed)) { ends in
                [ends.four(protocol: 1).payload([8, 0, 0, 0]), ends.six(next: 58).payload([128, 0, 0, 0, 0, 0, 0])]
            },
            PacketLine("a wrong checksum: the host's to refuse", .rules(.echoRequest)) { ends in
                [ends.four().icmp(type: 8).overwriting(at: 14 + 20 + 2, [0xde, 0xad])]
            },
        ])
}

extension BPFTesting.Packet {
    /// The packet to another address near its destination.
    fileprivate var toAnother: BPFTesting.Packet { overwriting(at: bytes[12] == 0x86 ? 14 + 38 : 14 + 18, [0xee]) }
}
