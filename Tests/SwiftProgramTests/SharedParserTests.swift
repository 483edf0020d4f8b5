import BPFTesting
import EBPF
import SwiftConstructs
import Testing

@Suite("A packet parser that kernel and host share")
struct SharedParserTests {
    private static let prefixes: [(address: UInt32, length: UInt32, rule: UInt32)] = [
        (0x0a00_0000, 8, 1), (0x0a01_0000, 16, 2), (0x0a01_0200, 24, 3), (0xc000_0200, 24, 4), (0, 1, 5),
    ]
    private static let table = HostPrefixTable(prefixes.map { (Prefix(EBPF.IPv4Address($0.address), length: $0.length), $0.rule) })

    private func summary(_ bytes: [UInt8]) -> PacketSummary { PacketSummary(PacketBuffer(bytes), rules: Self.table) }

    @Test func `headers are walked to the ports`() {
        let tagged = summary(Packet.ethernet(vlans: [100, 7]).ipv4("10.1.2.3", "192.0.2.1", options: [1, 1, 1, 1]).udp(53, 1024).bytes)
        #expect(tagged.kind == PacketSummary.Kind.whole && tagged.version == 4 && tagged.transport == 17)
        #expect(tagged.tags == 2 && tagged.vlan == 100 && tagged.offset == 14 + 8 + 24)
        #expect(tagged.sourcePort == 53 && tagged.destinationPort == 1024)
        #expect(tagged.source == 0x0a01_0203 && tagged.destination == 0xc000_0201 && tagged.rule == 3)
        let chain = summary(
            Packet.ethernet().ipv6("fd00::1", "fd00::2", extensions: [.hopByHop(), .routing(), .destinationOptions([1, 2, 3])]).tcp(1, 2)
                .bytes)
        #expect(chain.kind == PacketSummary.Kind.whole && chain.transport == 6 && chain.sourcePort == 1 && chain.destinationPort == 2)
    }

    @Test func `what is no whole packet is told apart`() {
        let packet = Packet.ethernet().ipv4("10.0.0.1", "10.0.0.2").tcp(1, 2)
        #expect(summary(packet.truncated(to: 36).bytes).kind == PacketSummary.Kind.short)
        #expect(summary(packet.truncated(to: 13).bytes).kind == PacketSummary.Kind.short)
        #expect(summary(packet.overwriting(at: 14, [0x65]).bytes).kind == PacketSummary.Kind.malformed)
        #expect(summary(packet.overwriting(at: 14, [0x44]).bytes).kind == PacketSummary.Kind.malformed)
        #expect(summary(packet.overwriting(at: 20, [0, 1]).bytes).kind == PacketSummary.Kind.fragment)
        #expect(summary(packet.overwriting(at: 12, [0x88, 0xcc]).bytes).kind == PacketSummary.Kind.other)
        let long = Packet.ethernet().ipv6("fd00::1", "fd00::2", extensions: Array(repeating: .hopByHop(), count: 6)).udp(1, 2)
        #expect(summary(long.bytes).kind == PacketSummary.Kind.tooLong)
    }

    /// Packets as they are, cut, with bytes changed, and noise.
    private static func packets(_ count: Int, seed: UInt64) -> [[UInt8]] {
        let whole: [[UInt8]] = [
            Packet.ethernet().ipv4("10.1.2.3", "10.0.0.2").tcp(80, 443),
            Packet.ethernet(vlans: [5]).ipv4("192.0.2.9", "10.0.0.2", options: [7, 7, 4, 0, 0, 0, 0]).udp(1, 2),
            Packet.ethernet().ipv4("200.0.0.1", "10.0.0.2").icmp(type: 8).payload("ping"),
            Packet.ethernet(vlans: [1, 2]).ipv6("fd00::1", "fd00::2").tcp(1, 2),
            Packet.ethernet().ipv6("fd00::1", "fd00::2", extensions: [.hopByHop(), .routing(), .destinationOptions([1, 2, 3])]).udp(9, 8),
            Packet.ethernet().ipv6(
                "fd00::1", "fd00::2", extensions: [.fragment(Fragment(offset: 16, more: true), identification: 9)]
            ).udp(1, 2),
        ].map(\.bytes)
        var chance = Chance(seed: seed)
        return whole
            + (0..<count).map { _ in
                var bytes = whole[chance.below(whole.count)]
                switch chance.below(8) {
                case 0: bytes = (0..<(14 + chance.below(100))).map { _ in UInt8(truncatingIfNeeded: chance.next()) }
                case 1, 2: bytes.removeLast(min(chance.below(bytes.count), bytes.count - 14))
                default: break
                }
                for _ in 0..<chance.below(4) { bytes[12 + chance.below(bytes.count - 12)] = UInt8(truncatingIfNeeded: chance.number()) }
                return bytes
            }
    }

    @Test func `no packet leads the parser out of bounds`() {
        for bytes in Self.packets(20_000, seed: 1) {
            let summary = summary(bytes)
            #expect(summary.kind <= PacketSummary.Kind.tooLong && summary.tags <= 2)
            if summary.sourcePort != 0 || summary.destinationPort != 0 { #expect(Int(summary.offset) + 4 <= bytes.count) }
        }
    }

    @Test func `the kernel finds what the host finds`() throws {
        let kernel = try KernelParser()
        try kernel.setRules(
            Self.prefixes.map { entry in
                let bytes = (0..<4).map { UInt8(truncatingIfNeeded: entry.address >> UInt32(24 - $0 * 8)) }
                return (PrefixKey(bytes[0], bytes[1], bytes[2], bytes[3], length: entry.length), entry.rule)
            })
        var kinds: Set<UInt8> = []
        for (index, bytes) in Self.packets(1500, seed: 2).enumerated() {
            let expected = summary(bytes)
            kinds.insert(expected.kind)
            for finding in try kernel.findings(in: bytes) where finding.summary != expected {
                Issue.record("packet \(index), \(bytes): \(finding.program) finds \(finding.summary) and the host \(expected)")
                return
            }
        }
        #expect(kinds.count >= 5, "the packets find nothing out: \(kinds)")
    }
}
