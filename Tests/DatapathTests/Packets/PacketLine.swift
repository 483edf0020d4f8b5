import BPFTesting
@testable import Datapath
import PolicyModel
import Testing

/// One line of the table in docs/packets.md: packets, and what becomes of them.
struct PacketLine: Sendable, CustomTestStringConvertible {
    /// What becomes of a packet.
    enum Outcome: Hashable, Sendable {
        /// The rules judge it, and it is this kind of packet to them.
        case rules(PacketPolicy.Kind)
        /// It is denied, whatever the rules say.
        case denied(PacketEvent.Reason)
        /// It passes, and is counted by its ethertype.
        case passes(ethertype: UInt16)
        /// It shares the verdict of the first fragment, which is of this kind.
        case asFirst(PacketPolicy.Kind)
        /// It belongs to an allowed connection that began with this kind; where that was denied, the rules judge it as one.
        case established(PacketPolicy.Kind)
        /// It answers what an allowed connection of this kind began with; where that was denied, it is nothing particular to the rules.
        case reply(PacketPolicy.Kind)
        /// It passes as an error about an allowed connection of the first kind; where there is none, the rules judge it as of the second.
        case related(PacketPolicy.Kind, otherwise: PacketPolicy.Kind)
    }

    /// How the frames of an interface begin.
    enum Link: Hashable, Sendable, CaseIterable { case ethernet, raw }

    /// A packet of a line, in the order they are sent.
    struct Step: Sendable {
        var packet: BPFTesting.Packet
        /// What becomes of it; nil for what the line says.
        var outcome: Outcome?
        /// It goes the other way than the line's packets.
        var isReversed = false

        static func before(_ packet: BPFTesting.Packet, _ outcome: Outcome, isReversed: Bool = false) -> Step {
            Step(packet: packet, outcome: outcome, isReversed: isReversed)
        }
    }

    var name: String
    var outcome: Outcome
    var links: [Link]
    /// Whether the packet is still one when bytes are cut off its end.
    var hasPadding: Bool
    /// The packets, between two ends.
    var steps: @Sendable (PacketEnds) -> [Step]

    var testDescription: String { name }

    /// A line of packets that all have its outcome.
    init(
        _ name: String, _ outcome: Outcome, links: [Link] = Link.allCases, hasPadding: Bool = false,
        _ packets: @escaping @Sendable (PacketEnds) -> [BPFTesting.Packet]
    ) {
        self.init(name, outcome, links: links, hasPadding: hasPadding, steps: { packets($0).map { Step(packet: $0) } })
    }

    /// A line of packets of which some only come before.
    init(
        _ name: String, _ outcome: Outcome, links: [Link] = Link.allCases, hasPadding: Bool = false,
        steps: @escaping @Sendable (PacketEnds) -> [Step]
    ) {
        (self.name, self.outcome, self.links, self.hasPadding, self.steps) = (name, outcome, links, hasPadding, steps)
    }
}

/// A heading of docs/packets.md and the lines below it.
struct PacketSection: Sendable {
    var title: String
    var lines: [PacketLine]

    static let all: [PacketSection] = [
        .link, .ipv4, .ipv4Fragments, .ipv6, .ipv6Fragments, .tcp, .transports, .icmp,
    ]
}

/// The two ends of a line's packets: no two lines share one, so that connections of one line matter to no other.
struct PacketEnds: Sendable {
    var source4: String
    var destination4: String
    var source6: String
    var destination6: String

    var reversed: PacketEnds {
        PacketEnds(source4: destination4, destination4: source4, source6: destination6, destination6: source6)
    }

    func four(
        options: [UInt8] = [], fragment: Fragment? = nil, id: UInt16 = 1, protocol number: UInt8? = nil, version: UInt8 = 4,
        words: UInt8? = nil, length: UInt16? = nil, ttl: UInt8 = 64, vlans: [UInt16] = []
    ) -> BPFTesting.Packet {
        .ethernet(vlans: vlans).ipv4(
            source4, destination4, ttl: ttl, identification: id, options: options, fragment: fragment, protocolNumber: number,
            version: version, headerWords: words, totalLength: length)
    }

    func six(
        _ chain: IPv6Extension..., next: UInt8? = nil, length: UInt16? = nil, version: UInt8 = 6, vlans: [UInt16] = []
    ) -> BPFTesting.Packet {
        six(chain, next: next, length: length, version: version, vlans: vlans)
    }

    func six(_ chain: [IPv6Extension], next: UInt8? = nil, length: UInt16? = nil, version: UInt8 = 6, vlans: [UInt16] = [])
        -> BPFTesting.Packet
    {
        .ethernet(vlans: vlans).ipv6(
            source6, destination6, extensions: chain, nextHeader: next, version: version, payloadLength: length)
    }

    /// Both families' packets with the same in them.
    func both(_ inner: (BPFTesting.Packet) -> BPFTesting.Packet) -> [BPFTesting.Packet] { [inner(four()), inner(six())] }
}
