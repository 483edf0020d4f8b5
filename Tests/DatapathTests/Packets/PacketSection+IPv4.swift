import BPFTesting
import Datapath

extension PacketSection {
    private static let sizes = Array(stride(from: 4, through: 40, by: 4))

    static let ipv4 = PacketSection(
        title: "IPv4",
        lines: [
            PacketLine("options of 4 to 40 bytes", .rules(.tcp)) { ends in
                sizes.flatMap { size in
                    // Nothing but padding; and what looks like ports of another kind.
                    [Array(repeating: UInt8(1), count: size), Array(repeating: [0, 22, 0, 22], count: size / 4).flatMap { $0 }].enumerated()
                        .map { ends.four(options: $1).tcp(UInt16(1000 + 2 * size + $0), 80) }
                }
            },
            PacketLine("options with lengths of 0 or beyond the header: the host's to refuse", .rules(.tcp)) { ends in
                [[7, 0, 0, 0], [7, 255, 4, 0], [68, 1, 0, 0]].enumerated().map { ends.four(options: $1).tcp(UInt16(1000 + $0), 80) }
            },
            PacketLine("source routes: the header's destination counts", .rules(.tcp)) { ends in
                [UInt8(131), 137].map { ends.four(options: [$0, 7, 4, 10, 9, 9, 9, 0]).tcp(1000 + UInt16($0), 80) }
            },
            PacketLine("a header length of 0 to 16 bytes", .denied(.malformed)) { ends in
                (0...4).map { ends.four(words: $0).tcp(1000, 80) }
            },
            PacketLine("a header longer than the packet", .denied(.malformed)) { ends in
                [ends.four(words: 15).udp(1000, 80), ends.four(words: 8, length: 28).udp(1000, 80).payload(Array(repeating: 0, count: 40))]
            },
            PacketLine("a version other than 4 behind IPv4's ethertype", .denied(.malformed), links: [.ethernet]) { ends in
                [0, 5, 6, 15].map { ends.four(version: $0).tcp(1000, 80) }
            },
            PacketLine("a total length of 0, or below the header's", .denied(.malformed)) { ends in
                [0, 1, 19].map { ends.four(length: $0).tcp(1000, 80) }
                    + [ends.four(options: [1, 1, 1, 1], length: 23).payload(Array(repeating: 0, count: 60))]
            },
            PacketLine("a total length beyond the frame", .denied(.malformed)) { ends in
                [41, 2000, 65_535].map { ends.four(length: $0).tcp(1000, 80) }
            },
            PacketLine("bytes behind the total length, as Ethernet pads short frames", .rules(.udp), hasPadding: true) { ends in
                [ends.four(length: 28).udp(1000, 80).payload(Array(repeating: 0, count: 18)).overwriting(at: 14 + 20 + 4, [0, 8])]
            },
            PacketLine("a transport header that only those bytes would make whole", .denied(.malformed)) { ends in
                [ends.four(length: 39).tcp(1000, 80), ends.four(length: 27).udp(1000, 80), ends.four(length: 20).icmp(type: 8)]
            },
            PacketLine("a wrong header checksum: the host's to refuse", .rules(.tcp)) { ends in
                [ends.four().tcp(1000, 80).overwriting(at: 14 + 10, [0xde, 0xad])]
            },
            PacketLine("any TTL, type of service and identification; the reserved bit", .rules(.tcp)) { ends in
                [
                    ends.four(ttl: 0).tcp(1000, 80), ends.four(ttl: 255).tcp(1001, 80),
                    ends.four(id: 0xffff).tcp(1002, 80).overwriting(at: 14 + 1, [0xff]),
                    ends.four().tcp(1003, 80).overwriting(at: 14 + 6, [0x80]), ends.four().tcp(1004, 80).overwriting(at: 14 + 6, [0xc0]),
                ]
            },
            PacketLine("martians, groups and broadcasts as the host's own address", .rules(.udp)) { ends in
                let others = ["127.0.0.1", "0.0.0.0", "224.0.0.251", "255.255.255.255", "240.0.0.1", "169.254.1.1"]
                return others.map {
                    ends.isPeerSource
                        ? BPFTesting.Packet.ethernet().ipv4(ends.source4, $0).udp(1000, 80)
                        : .ethernet().ipv4($0, ends.destination4).udp(1000, 80)
                }
            },
            PacketLine("a packet from an address to itself", .rules(.udp)) { ends in
                let peer = ends.isPeerSource ? ends.source4 : ends.destination4
                return [BPFTesting.Packet.ethernet().ipv4(peer, peer).udp(1000, 80)]
            },
        ])

    private static func part(_ offset: Int, more: Bool) -> Fragment { Fragment(offset: offset, more: more) }

    private static func bytes(_ count: Int) -> [UInt8] { (0..<count).map { UInt8(truncatingIfNeeded: $0) } }

    static let ipv4Fragments = PacketSection(
        title: "IPv4 fragments",
        lines: [
            PacketLine("a first fragment", .rules(.tcp)) { ends in
                [
                    ends.four(fragment: part(0, more: true)).tcp(1000, 80).payload(bytes(4)),
                    ends.four(options: [1, 1, 1, 1], fragment: part(0, more: true), id: 2).tcp(1001, 80).payload(bytes(1404)),
                ]
            },
            PacketLine("a first fragment of UDP, whose length tells of all of it", .rules(.udp)) { ends in
                [ends.four(fragment: part(0, more: true)).udp(1000, 80).payload(bytes(1472)).overwriting(at: 14 + 20 + 4, [0x20, 0])]
            },
            PacketLine("later fragments and the last, after the first", .asFirst(.udp)) { ends in
                [.before(ends.four(fragment: part(0, more: true)).udp(1000, 80).payload(bytes(1472)), .rules(.udp))]
                    + [part(1480, more: true), part(2960, more: true), part(4440, more: false)].map {
                        .init(packet: ends.four(fragment: $0, protocol: 17).payload(bytes($0.hasMore ? 1480 : 13)))
                    }
            },
            PacketLine("later fragments after the first, in another order and twice", .asFirst(.udp)) { ends in
                [.before(ends.four(fragment: part(0, more: true)).udp(1000, 80).payload(bytes(1472)), .rules(.udp))]
                    + [part(4440, more: false), part(1480, more: true), part(2960, more: true), part(1480, more: true)].map {
                        .init(packet: ends.four(fragment: $0, protocol: 17).payload(bytes($0.hasMore ? 1480 : 13)))
                    }
            },
            PacketLine("later fragments that overlap data, not headers", .asFirst(.tcp)) { ends in
                [.before(ends.four(fragment: part(0, more: true)).tcp(1000, 80).payload(bytes(1460)), .rules(.tcp))]
                    + [part(24, more: true), part(1472, more: false)].map {
                        .init(packet: ends.four(fragment: $0, protocol: 6).payload(bytes(96)))
                    }
            },
            PacketLine("later fragments of a GRE packet, which has no ports", .asFirst(.number(47))) { ends in
                [
                    .before(ends.four(fragment: part(0, more: true), protocol: 47).payload(bytes(8)), .rules(.number(47))),
                    .init(packet: ends.four(fragment: part(8, more: false), protocol: 47).payload(bytes(8))),
                ]
            },
            PacketLine("a later fragment without its first, or before it", .denied(.fragment)) { ends in
                [
                    .init(packet: ends.four(fragment: part(1480, more: false), protocol: 6).payload([0, 80, 0, 80])),
                    .init(packet: ends.four(fragment: part(8, more: true), protocol: 6).payload(Array(repeating: 80, count: 24))),
                    .before(ends.four(fragment: part(0, more: true)).udp(1000, 80).payload(bytes(1472)), .rules(.udp)),
                ]
            },
            PacketLine("a later fragment of another identification, protocol or address than the first", .denied(.fragment)) { ends in
                let first = ends.four(fragment: part(0, more: true)).udp(1000, 80).payload(bytes(1472))
                let other = BPFTesting.Packet.ethernet()
                return [
                    .before(first, .rules(.udp)),
                    .init(packet: ends.four(fragment: part(1480, more: false), id: 2, protocol: 17).payload(bytes(9))),
                    .init(packet: ends.four(fragment: part(1480, more: false), protocol: 6).payload(bytes(9))),
                    .init(
                        packet: other.ipv4(ends.source4, "192.0.2.77", fragment: part(1480, more: false), protocolNumber: 17)
                            .payload(bytes(9))),
                ]
            },
            PacketLine("a first fragment that splits the transport header", .denied(.malformed)) { ends in
                [8, 16].map {
                    ends.four(fragment: part(0, more: true), protocol: 6).payload(Array(([0, 80, 0, 80] + bytes(16)).prefix($0)))
                }
                    + [
                        // The TCP options would come with the next.
                        ends.four(fragment: part(0, more: true)).tcp(1000, 80, options: bytes(20)).truncated(to: 14 + 20 + 32)
                            .overwriting(at: 14 + 2, [0, 52]),
                        ends.four(fragment: part(0, more: true), protocol: 132).payload(bytes(8)),
                    ]
            },
            PacketLine("a later fragment that reaches back into the first's transport header", .denied(.malformed)) { ends in
                let first = ends.four(fragment: part(0, more: true)).tcp(1000, 80, options: bytes(20)).payload(bytes(40))
                return [.before(first, .rules(.tcp))]
                    + [8, 16, 24, 32].map {
                        .init(packet: ends.four(fragment: part($0, more: true), protocol: 6).payload(bytes(64)))
                    } + [.before(ends.four(fragment: part(40, more: false), protocol: 6).payload(bytes(9)), .asFirst(.tcp))]
            },
            PacketLine("a first fragment once more: of a connection that was begun", .established(.udp)) { ends in
                let first = ends.four(fragment: part(0, more: true)).udp(1000, 80).payload(bytes(1472))
                return [.before(first, .rules(.udp)), .init(packet: first)]
            },
            PacketLine("a second first fragment, to another port, and what follows it", .asFirst(.other)) { ends in
                [UInt16(80), 81].map {
                    let first = ends.four(fragment: part(0, more: true)).udp(1000, $0).payload(bytes(1472))
                    return .before(first, .rules($0 == 80 ? .udp : .other))
                } + [.init(packet: ends.four(fragment: part(1480, more: false), protocol: 17).payload(bytes(9)))]
            },
            PacketLine("the later fragments of a first one that is malformed", .denied(.malformed)) { ends in
                [ends.four(fragment: part(0, more: true), protocol: 6).payload([0, 80, 0, 80, 0, 0, 0, 0])]
                    + [ends.four(fragment: part(8, more: false), protocol: 6).payload(bytes(40))]
            },
            PacketLine("a fragment without data", .denied(.malformed)) { ends in
                [part(0, more: true), part(8, more: true), part(8, more: false)].map { ends.four(fragment: $0, protocol: 17).payload([]) }
            },
            PacketLine("a fragment that is not the last and no multiple of 8 bytes long", .denied(.malformed)) { ends in
                [
                    ends.four(fragment: part(0, more: true)).tcp(1000, 80),
                    ends.four(fragment: part(1480, more: true), protocol: 17).payload(bytes(1479)),
                ]
            },
            PacketLine("a fragment that reaches beyond 65,535 bytes", .denied(.malformed)) { ends in
                [
                    ends.four(fragment: part(65_528, more: false), protocol: 17).payload(bytes(8)),
                    ends.four(fragment: part(65_528, more: true), protocol: 1).payload(bytes(1472)),
                ]
            },
        ])
}

extension PacketEnds {
    /// Whether the packets come from the peer, not from the guarded host.
    var isPeerSource: Bool { source4.hasPrefix("10.") }
}
