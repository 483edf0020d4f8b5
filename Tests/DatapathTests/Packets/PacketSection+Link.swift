import BPFTesting
import Datapath

extension PacketSection {
    private typealias Frame = BPFTesting.Packet

    /// The first frames of a kind, each to a port of its own.
    static let link = PacketSection(
        title: "Frames",
        lines: [
            PacketLine("IPv4 or IPv6 without a tag", .rules(.tcp)) { $0.both { $0.tcp(1000, 80) } },
            PacketLine("one tag: 802.1Q, 802.1ad, a priority tag (VLAN 0)", .rules(.tcp), links: [.ethernet]) { ends in
                [0x8100, 0x88a8, 0x9100].enumerated().flatMap { index, type in
                    [UInt16(0), 5, 0xefff].enumerated().flatMap { place, tag in
                        let port = UInt16(1000 + 10 * index + place)
                        return [ends.four(vlans: [tag]), ends.six(vlans: [tag])].map {
                            $0.tcp(port, 80).overwriting(at: 12, [UInt8(type >> 8), UInt8(type & 255)])
                        }
                    }
                }
            },
            PacketLine("two, three and four tags, of any of these types", .rules(.udp), links: [.ethernet]) { ends in
                ([[5, 6], [5, 6, 7], [1, 2, 3, 4]] as [[UInt16]]).flatMap { tags in
                    let port = UInt16(1000 + tags.count)
                    return [ends.four(vlans: tags).udp(port, 80), ends.six(vlans: tags).udp(port, 80)]
                        + [ends.four(vlans: tags).udp(port + 10, 80).overwriting(at: 12, [0x81, 0]).overwriting(at: 16, [0x91, 0])]
                }
            },
            PacketLine("five tags and more", .denied(.extensions), links: [.ethernet]) { ends in
                [5, 6, 20].map { ends.four(vlans: Array(repeating: 1, count: $0)).tcp(1000, 80) }
            },
            PacketLine("a tag cut off, or nothing behind it", .denied(.malformed), links: [.ethernet]) { ends in
                [14, 16, 17, 18].map { ends.four(vlans: [5]).tcp(1000, 80).truncated(to: $0) }
            },
            PacketLine("ARP, also tagged", .passes(ethertype: 0x0806), links: [.ethernet]) { _ in
                [[], [5], [5, 6]].map {
                    Frame.ethernet(vlans: $0, etherType: 0x0806).payload([0, 1, 8, 0, 6, 4, 0, 1] + Array(repeating: 1, count: 20))
                }
            },
            PacketLine("LLDP", .passes(ethertype: 0x88cc), links: [.ethernet]) { _ in
                [Frame.ethernet(etherType: 0x88cc).payload([2, 7, 4, 1, 2, 3, 4, 5, 6])]
            },
            PacketLine("MPLS with an IPv4 packet in it", .passes(ethertype: 0x8847), links: [.ethernet]) { ends in
                [Frame.ethernet(etherType: 0x8847).payload([0, 0, 0x11, 64] + ends.four().tcp(1000, 80).networkBytes)]
            },
            PacketLine("PPPoE with an IPv4 packet in it", .passes(ethertype: 0x8864), links: [.ethernet]) { ends in
                [Frame.ethernet(etherType: 0x8864).payload([0x11, 0, 0, 1, 0, 42, 0, 0x21] + ends.four().tcp(1000, 80).networkBytes)]
            },
            PacketLine("an ethertype nobody knows, also with nothing behind it", .passes(ethertype: 0x1234), links: [.ethernet]) { _ in
                [Frame.ethernet(etherType: 0x1234).payload([1]), .ethernet(vlans: [1], etherType: 0x1234), .ethernet(etherType: 0x1234)]
            },
            PacketLine(
                "802.3: a length in the type's place, LLC or SNAP behind it", .passes(ethertype: 0x0004), links: [.ethernet]
            ) { ends in
                [
                    Frame.ethernet(etherType: 3).payload([0x42, 0x42, 3]), .ethernet(etherType: 0x05ff).payload([0xff, 0xff]),
                    .ethernet(etherType: 48).payload([0xaa, 0xaa, 3, 0, 0, 0, 8, 0] + ends.four().tcp(1000, 80).networkBytes),
                ]
            },
            PacketLine("an Ethernet frame that says IPv4 or IPv6 and holds neither's header", .denied(.malformed), links: [.ethernet]) {
                _ in
                [0x0800, 0x86dd].flatMap { type in
                    [Frame.ethernet(vlans: [1], etherType: type), .ethernet(vlans: [1], etherType: type).payload([0x45, 0, 0])]
                }
            },
            PacketLine("no link header (tun, wireguard), and neither IPv4 nor IPv6", .denied(.malformed), links: [.raw]) { _ in
                [0x00, 0x10, 0x50, 0x70, 0xf0].map { first in
                    Frame.ethernet(etherType: 0x0800).payload([first] + Array(repeating: 0, count: 50))
                }
            },
            PacketLine("to a group or to everybody, on Ethernet and in IP", .rules(.udp)) { ends in
                let group = Frame.ethernet(to: [1, 0, 0x5e, 0, 0, 251]).ipv4(ends.source4, ends.destination4).udp(1000, 80)
                return [group, .ethernet(to: Array(repeating: 255, count: 6)).ipv6(ends.source6, ends.destination6).udp(1000, 80)]
            },
        ])
}
