import BPFTesting
import Datapath

extension PacketSection {
    private static func bytes(_ count: Int) -> [UInt8] { (0..<count).map { UInt8(truncatingIfNeeded: $0) } }

    /// A header of 8 bytes, the second of which is a length in further units of 8.
    private static func short(next: UInt8) -> [UInt8] { [next, 0, 1, 4, 0, 0, 0, 0] }

    static let ipv6 = PacketSection(
        title: "IPv6",
        lines: [
            PacketLine("hop-by-hop, destination, routing or authentication header before the transport header", .rules(.tcp)) { ends in
                let headers: [IPv6Extension] = [
                    .hopByHop(), .hopByHop(bytes(30)), .destinationOptions(), .routing(), .authentication(), .authentication(bytes(12)),
                ]
                return headers.enumerated().map { ends.six($1).tcp(UInt16(1000 + $0), 80) }
            },
            PacketLine("mobility, HIP or shim header before a transport header", .rules(.tcp)) { ends in
                [UInt8(135), 139, 140].map { ends.six(.other($0, bytes(14))).tcp(1000 + UInt16($0), 80) }
            },
            PacketLine("mobility header that ends the chain", .rules(.number(135))) { [$0.six(next: 135).payload(short(next: 59))] },
            PacketLine("HIP header that ends the chain", .rules(.number(139))) { [$0.six(next: 139).payload(short(next: 59))] },
            PacketLine("shim header that ends the chain", .rules(.number(140))) { [$0.six(next: 140).payload(short(next: 59))] },
            PacketLine("all kinds in one chain", .rules(.udp)) { ends in
                [
                    ends.six(
                        .hopByHop(), .destinationOptions(), .routing(), .fragment(Fragment(offset: 0, more: false)),
                        .authentication(bytes(4)), .other(135), .other(140), .destinationOptions(bytes(30))
                    ).udp(1000, 80)
                ]
            },
            PacketLine("a chain of eight headers", .rules(.tcp)) {
                [$0.six(Array(repeating: .destinationOptions(), count: 8)).tcp(1000, 80)]
            },
            PacketLine("a chain of nine headers and more", .denied(.extensions)) { ends in
                [9, 20].map { ends.six(Array(repeating: .destinationOptions(), count: $0)).tcp(1000, 80) }
            },
            PacketLine("headers that end beyond 1,024 bytes", .denied(.extensions)) { ends in
                [
                    ends.six(.destinationOptions(bytes(1022))).tcp(1000, 80),
                    ends.six(.destinationOptions(bytes(510)), .destinationOptions(bytes(510))).tcp(1000, 80),
                ]
            },
            PacketLine("hop-by-hop options that are not the first header", .denied(.malformed)) { ends in
                [ends.six(.destinationOptions(), .hopByHop()).tcp(1000, 80), ends.six(.hopByHop(), .hopByHop()).tcp(1000, 80)]
            },
            PacketLine("a routing header with segments left, of any type but 0: the header's destination counts", .rules(.tcp)) { ends in
                [UInt8(2), 3, 4, 253].map { type in
                    ends.six(.other(43, [type, 1] + bytes(20))).tcp(1000 + UInt16(type), 80)
                }
            },
            PacketLine("a routing header of type 0 with segments left (RFC 5095)", .denied(.malformed)) { ends in
                [UInt8(1), 255].map { ends.six(.other(43, [0, $0] + bytes(20))).tcp(1000, 80) }
            },
            PacketLine("an extension header that is cut off, or longer than the packet", .denied(.malformed)) { ends in
                [
                    ends.six(next: 60).payload([6, 0]), ends.six(next: 0).payload([]), ends.six(next: 44).payload([6, 0, 0, 0, 0]),
                    ends.six(next: 60).payload([6, 200, 0, 0, 0, 0, 0, 0]), ends.six(next: 51).payload([6, 4, 0, 0, 0, 0, 0, 0]),
                ]
            },
            PacketLine("an authentication header of less than 12 bytes", .denied(.malformed)) { ends in
                [ends.six(next: 51).payload([17, 0, 0, 0, 0, 0, 0, 0] + [3, 232, 0, 80, 0, 8, 0, 0])]
            },
            PacketLine("no next header, with and without bytes behind it", .rules(.number(59))) { ends in
                [ends.six(next: 59).payload([]), ends.six(.destinationOptions(), next: 59).payload(short(next: 6)).fromAnother(1, ends)]
            },
            PacketLine("a next header nobody knows", .rules(.number(253))) { ends in
                [ends.six(next: 253).payload(short(next: 6)), ends.six(.hopByHop(), next: 253).payload([1]).fromAnother(1, ends)]
            },
            PacketLine("a version other than 6 behind IPv6's ethertype", .denied(.malformed), links: [.ethernet]) { ends in
                [0, 4, 5, 15].map { ends.six(version: $0).tcp(1000, 80) }
            },
            PacketLine("a payload length beyond the frame", .denied(.malformed)) { ends in
                [21, 2000, 65_535].map { ends.six(length: $0).tcp(1000, 80) }
            },
            PacketLine("a payload length that ends within a header", .denied(.malformed)) { ends in
                [
                    ends.six(length: 0).tcp(1000, 80), ends.six(length: 19).tcp(1000, 80),
                    ends.six(.destinationOptions(), length: 7).udp(1, 80),
                ]
            },
            PacketLine("bytes behind the payload length", .rules(.udp), hasPadding: true) { ends in
                [ends.six(length: 8).udp(1000, 80).payload(bytes(10)).overwriting(at: 14 + 40 + 4, [0, 8])]
            },
            PacketLine("a payload length of 0 before hop-by-hop options that tell of no jumbogram", .denied(.malformed)) { ends in
                [
                    ends.six(.hopByHop(), length: 0).tcp(1000, 80), ends.six(.hopByHop([194, 0, 0, 0, 0, 0]), length: 0).tcp(1000, 80),
                    // The option is there, but not as the first.
                    ends.six(.hopByHop([1, 2, 0, 0, 194, 4, 0, 1, 0, 0]), length: 0).tcp(1000, 80),
                ]
            },
            PacketLine("a jumbogram of 65,535 bytes or less, or beyond the frame", .denied(.malformed)) { ends in
                [[0, 0, 0, 28], [0, 0, 255, 255], [0, 1, 0, 0], [255, 255, 255, 255]].map {
                    ends.six(.hopByHop([194, 4] + $0), length: 0).tcp(1000, 80)
                }
            },
            PacketLine("martians and groups as the host's own address", .rules(.udp)) { ends in
                ["::1", "::", "ff02::1", "fe80::1", "2002:7f00:1::1", "::ffff:127.0.0.1"].map {
                    ends.isPeerSource
                        ? BPFTesting.Packet.ethernet().ipv6(ends.source6, $0).udp(1000, 80)
                        : .ethernet().ipv6($0, ends.destination6).udp(1000, 80)
                }
            },
        ])

    private static func part(_ offset: Int, more: Bool) -> IPv6Extension { .fragment(Fragment(offset: offset, more: more)) }

    static let ipv6Fragments = PacketSection(
        title: "IPv6 fragments",
        lines: [
            PacketLine("an atomic fragment: offset 0 and no more to come (RFC 6946)", .rules(.tcp)) { ends in
                [ends.six(part(0, more: false)).tcp(1000, 80), ends.six(.hopByHop(), part(0, more: false)).tcp(1001, 80)]
            },
            PacketLine("a first fragment, also behind and before other headers", .rules(.tcp)) { ends in
                [
                    ends.six(part(0, more: true)).tcp(1000, 80).payload(bytes(4)),
                    ends.six(.hopByHop(), .routing(), part(0, more: true)).tcp(1001, 80).payload(bytes(4)),
                    ends.six(part(0, more: true), .destinationOptions()).tcp(1002, 80).payload(bytes(4)),
                ]
            },
            PacketLine("later fragments and the last, after the first", .asFirst(.udp)) { ends in
                [.before(ends.six(part(0, more: true)).udp(1000, 80).payload(bytes(1440)), .rules(.udp))]
                    + [(2896, false), (1448, true), (1448, true)].map {
                        .init(packet: ends.six(part($0, more: $1), next: 17).payload(bytes(1448)))
                    }
            },
            PacketLine("later fragments whose next header is not the first one's (RFC 8200)", .asFirst(.udp)) { ends in
                // Options that were cut up with the rest: the fragment header of all of them names these, or anything.
                [.before(ends.six(part(0, more: true), .destinationOptions()).udp(1000, 80).payload(bytes(1440)), .rules(.udp))]
                    + [60, 17, 59].map { .init(packet: ends.six(part(1456, more: false), next: $0).payload(bytes(20))) }
            },
            PacketLine("a later fragment without its first, also behind options", .denied(.fragment)) { ends in
                [
                    ends.six(part(1448, more: false), next: 6).payload([0, 80, 0, 80]),
                    ends.six(.destinationOptions(), part(8, more: true), next: 6).payload(bytes(8)),
                    ends.six(part(1448, more: false), next: 60).payload([6, 0, 1, 4, 0, 0, 0, 0]),
                ]
            },
            PacketLine("a first fragment that splits a header (RFC 7112)", .denied(.malformed)) { ends in
                [
                    ends.six(part(0, more: true), next: 6).payload(bytes(16)),
                    ends.six(part(0, more: true), next: 60).payload([6, 1, 1, 12] + bytes(4)),
                    ends.six(part(0, more: true), next: 60).payload([6, 0, 1, 4, 0, 0, 0, 0]),
                ]
            },
            PacketLine("a later fragment that reaches back into the first's headers", .denied(.malformed)) { ends in
                let first = ends.six(part(0, more: true), .destinationOptions()).tcp(1000, 80).payload(bytes(36))
                return [.before(first, .rules(.tcp))]
                    + [8, 16, 24].map { .init(packet: ends.six(part($0, more: true), next: 60).payload(bytes(64))) }
                    + [.before(ends.six(part(32, more: false), next: 60).payload(bytes(9)), .asFirst(.tcp))]
            },
            PacketLine("a fragment of a fragment", .denied(.malformed)) { ends in
                [
                    ends.six(part(0, more: false), part(0, more: false)).tcp(1000, 80),
                    ends.six(part(0, more: true), part(0, more: true)).tcp(1000, 80).payload(bytes(4)),
                    ends.six(part(0, more: true), part(1448, more: false), next: 6).payload(bytes(8)),
                ]
            },
            PacketLine("a fragment without data, or not the last and no multiple of 8 bytes long", .denied(.malformed)) { ends in
                [
                    ends.six(part(0, more: true), next: 17).payload([]), ends.six(part(8, more: false), next: 17).payload([]),
                    ends.six(part(0, more: true)).tcp(1000, 80), ends.six(part(1448, more: true), next: 17).payload(bytes(13)),
                ]
            },
            PacketLine("a fragment that reaches beyond 65,535 bytes", .denied(.malformed)) { ends in
                [
                    ends.six(part(65_528, more: false), next: 17).payload(bytes(8)),
                    ends.six(part(65_528, more: true), next: 58).payload(bytes(16)),
                ]
            },
            PacketLine("reserved bits of the fragment header", .rules(.tcp)) { ends in
                [ends.six(part(0, more: false)).tcp(1000, 80).overwriting(at: 14 + 40 + 1, [0xff, 0, 6])]
            },
        ])
}
