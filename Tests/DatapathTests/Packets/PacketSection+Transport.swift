import BPFTesting
import Datapath

extension PacketSection {
    private typealias Frame = BPFTesting.Packet
    private static func bytes(_ count: Int) -> [UInt8] { (0..<count).map { UInt8(truncatingIfNeeded: $0) } }

    /// Flags that some TCP sends together: one of SYN, RST and ACK, and no SYN with FIN or RST.
    private static let possible = (0...255).map { TCPFlags(rawValue: UInt8($0)) }.filter {
        !$0.isDisjoint(with: [.syn, .rst, .ack]) && (!$0.contains(.syn) || $0.isDisjoint(with: [.fin, .rst]))
    }

    static let tcp = PacketSection(
        title: "TCP",
        lines: [
            PacketLine("SYN, or any flags with ACK or RST but SYN+FIN and SYN+RST, of no known connection", .rules(.tcp)) { ends in
                possible.flatMap { flags in ends.both { $0.tcp(1000 + UInt16(flags.rawValue), 80, flags: flags) } }
            },
            PacketLine("RST to nothing, twice: it begins no connection", .rules(.tcp)) { ends in
                [TCPFlags.rst, .rst, [.rst, .ack]].flatMap { flags in ends.both { $0.tcp(1000, 80, flags: flags) } }
            },
            PacketLine("a further packet of a connection", .established(.tcp)) { ends in
                ends.both { $0.tcp(1000, 80) }.map { .before($0, .rules(.tcp)) }
                    + ends.both { $0.tcp(1000, 80, flags: [.ack, .psh]).payload("x") }.map { .init(packet: $0) }
            },
            PacketLine("no flags (null), FIN without ACK, FIN+PSH+URG (xmas)", .denied(.malformed)) { ends in
                let odd: [TCPFlags] = [[], .fin, .psh, .urg, [.fin, .psh, .urg], TCPFlags(rawValue: 0xc0), TCPFlags(rawValue: 0xe9)]
                return odd.flatMap { flags in ends.both { $0.tcp(1000, 80, flags: flags) } }
            },
            PacketLine("SYN+FIN, SYN+RST, all flags", .denied(.malformed)) { ends in
                let odd: [TCPFlags] = [[.syn, .fin], [.syn, .rst], [.syn, .fin, .ack], [.syn, .rst, .ack], TCPFlags(rawValue: 0xff)]
                return odd.flatMap { flags in ends.both { $0.tcp(1000, 80, flags: flags) } }
            },
            PacketLine("such flags within a connection", .denied(.malformed)) { ends in
                ends.both { $0.tcp(1000, 80) }.map { .before($0, .rules(.tcp)) }
                    + ends.reversed.both { $0.tcp(80, 1000, flags: [.syn, .ack], acknowledgment: 2) }
                    .map { .before($0, .reply(.tcp), isReversed: true) }
                    + ends.both { $0.tcp(1000, 80, flags: .ack, sequence: 2, acknowledgment: 2) }.map { .before($0, .established(.tcp)) }
                    + [TCPFlags.psh, [], .fin, [.syn, .fin, .ack]].flatMap { flags in
                        ends.both { $0.tcp(1000, 80, flags: flags).payload("x") }.map { .init(packet: $0) }
                    }
            },
            PacketLine("a header length below 20 bytes, or beyond the packet", .denied(.malformed)) { ends in
                [UInt8(0), 0x10, 0x40, 0x60, 0xf0].flatMap { length in
                    [
                        ends.four().tcp(1000, 80).overwriting(at: 14 + 20 + 12, [length]),
                        ends.six().tcp(1000, 80).overwriting(at: 14 + 40 + 12, [length]),
                    ]
                }
            },
            PacketLine("options of up to 40 bytes, also broken ones", .rules(.tcp)) { ends in
                [4, 40].flatMap { count in ends.both { $0.tcp(1000 + UInt16(count), 80, options: Array(repeating: 2, count: count)) } }
            },
            PacketLine("a wrong checksum: the host's to refuse", .rules(.tcp)) { ends in
                [ends.four().tcp(1000, 80).overwriting(at: 14 + 20 + 16, [0xde, 0xad])]
            },
            PacketLine("from port 0", .rules(.tcp)) { $0.both { $0.tcp(0, 80) } },
            PacketLine("a header that is cut off by the packet's length", .denied(.malformed)) { ends in
                [ends.four(protocol: 6).payload([0, 1, 0, 80]), ends.six(next: 6).payload(bytes(19)), ends.six(next: 6).payload([])]
            },
        ])

    static let transports = PacketSection(
        title: "Other transports and tunnels",
        lines: [
            PacketLine("UDP, also with no data, no checksum or a wrong one", .rules(.udp)) { ends in
                ends.both { $0.udp(1000, 80) } + ends.both { $0.udp(1001, 80).payload("x") }
                    + [0, 0xde].map { ends.four().udp(1002 + UInt16($0), 80).overwriting(at: 14 + 20 + 6, [$0, $0]) }
            },
            PacketLine("a UDP length of less than the packet's", .rules(.udp), hasPadding: true) { ends in
                [ends.four().udp(1000, 80).payload(bytes(20)).overwriting(at: 14 + 20 + 4, [0, 9])]
            },
            PacketLine("a UDP length of less than 8, or beyond the packet", .denied(.malformed)) { ends in
                [[0, 0], [0, 7], [0, 9], [255, 255]].flatMap { length in
                    [
                        ends.four().udp(1000, 80).overwriting(at: 14 + 20 + 4, length),
                        ends.six().udp(1000, 80).overwriting(at: 14 + 40 + 4, length),
                    ]
                }
            },
            PacketLine("SCTP, any chunk", .rules(.sctp)) { ends in
                [UInt8(0), 1, 14, 255].flatMap { chunk in ends.both { $0.sctp(1000 + UInt16(chunk), 80, chunkType: chunk) } }
            },
            PacketLine("a UDP, SCTP or ICMP header that is cut off by the packet's length", .denied(.malformed)) { ends in
                [17, 132, 1].map { ends.four(protocol: $0).payload([0, 80, 0, 80, 0, 8, 0]) }
                    + [17, 132, 58].map { ends.six(next: $0).payload([0, 80, 0, 80, 0, 8, 0]) }
            },
        ]
            + [
                ("UDP-Lite: its ports are not looked at", 136), ("DCCP: its ports are not looked at", 33), ("ESP", 50), ("GRE", 47),
                ("IPv4 in IP: the packet in it is judged where it comes out, if that interface is protected", 4),
                ("IPv6 in IP, likewise", 41), ("IGMP", 2), ("VRRP", 112), ("OSPF", 89), ("PIM", 103), ("L2TP", 115), ("IPComp", 108),
            ].map { name, number in
                PacketLine(name, .rules(.number(number))) { ends in
                    // An inner packet that would be judged otherwise, a few bytes, and none.
                    let inner = number == 41 ? ends.six().udp(1000, 80).networkBytes : ends.four().udp(1000, 80).networkBytes
                    return [inner, [0, 80, 0, 80, 0, 8, 0, 0], []].flatMap {
                        [ends.four(protocol: number).payload($0), ends.six(next: number).payload($0)]
                    }.enumerated().map { index, packet in
                        // Packets without ports are of one connection: each from an address of its own.
                        packet.fromAnother(index, ends)
                    }
                }
            }
            + [
                PacketLine("AH over IPv4: what it protects is not looked at", .rules(.number(51))) { ends in
                    [ends.four(protocol: 51).payload([6, 4] + bytes(22) + ends.four().tcp(1000, 80).bytes.dropFirst(34))]
                },
                PacketLine("ICMPv6 over IPv4", .rules(.number(58))) { [$0.four(protocol: 58).payload([128, 0, 0, 0, 0, 0, 0, 0])] },
                PacketLine("ICMP over IPv6", .rules(.number(1))) { [$0.six(next: 1).payload([8, 0, 0, 0, 0, 0, 0, 0])] },
                PacketLine("IPv6's extension header numbers in IPv4: hop-by-hop", .rules(.number(0))) {
                    [$0.four(protocol: 0).payload([6, 0, 1, 4, 0, 0, 0, 0])]
                },
                PacketLine("a protocol nobody knows", .rules(.number(255))) { [$0.four(protocol: 255).payload([1, 2, 3])] },
            ])
}

extension BPFTesting.Packet {
    /// The packet between two ends of which the host's one has another address, so that it is of a connection of its own.
    func fromAnother(_ number: Int, _ ends: PacketEnds) -> BPFTesting.Packet {
        let isSix = bytes[12] == 0x86
        let place = isSix ? (ends.isPeerSource ? 14 + 39 : 14 + 23) : (ends.isPeerSource ? 14 + 19 : 14 + 15)
        return overwriting(at: place, [UInt8(100 + number)])
    }
}
