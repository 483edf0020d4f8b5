import BPF
import BPFTesting
import EBPF
import EBPFTestObjects
import EBPFTestTypes
import Testing

/// One source of a packet walk, run here and in the kernel.
@Suite("A walk over packets is the same on the host and in the kernel")
struct WalkTests {
    static let packets: [Packet] = [
        .ethernet().ipv4("10.0.0.1", "10.0.0.2").tcp(40_000, 443, flags: .syn).payload("hello"),
        .ethernet().ipv4("10.0.0.1", "10.0.0.2").udp(40_000, 53).payload("hello"),
        .ethernet(vlans: [100]).ipv4("10.0.0.1", "10.0.0.2").udp(40_000, 53).payload("hello"),
        .ethernet(vlans: [100, 200]).ipv6("2001:db8::1", "2001:db8::2").tcp(40_000, 443, flags: .syn).payload("hello"),
        .ethernet().ipv6("2001:db8::1", "2001:db8::2").udp(40_000, 53).payload("hello"),
    ]

    @Test("What the walk finds")
    func findings() {
        let summaries = Self.packets.map { Transport.summary(of: PacketBuffer($0.bytes)) }
        #expect(summaries == [0x0622_01bb, 0x1122_0035, 0x1126_0035, 0x063e_01bb, 0x1136_0035])
    }

    /// Whether the network stack takes a frame: of what it knows, with the whole network header.
    private func isWhole(_ bytes: [UInt8]) -> Bool {
        let type = PacketBuffer(bytes).read(EthernetHeader.self, at: 0)?.type
        let network = type == .ipv4 ? IPv4Header.size : type == .ipv6 ? IPv6Header.size : 1
        return bytes.count >= EthernetHeader.size + network
    }

    @Test("Packets cut at every byte, and with bytes changed at random")
    func agreement() throws {
        let loaded = try OpenObject(.packets).load()
        let frames = try loaded.program("walkFrame")
        let direct = try loaded.program("walkPacket")
        let calls = try loaded.program("walkEverything")
        var random = SeededNumbers(seed: 38)
        var known = 0
        for packet in Self.packets {
            let whole = packet.bytes
            var cases = (14...whole.count).map { Array(whole.prefix($0)) }
            for _ in 0..<200 {
                var changed = whole
                for _ in 0..<Int.random(in: 1...3, using: &random) {
                    // The bytes that steer the walk are changed most.
                    let place = [12, 13, 14, 16, 17, 20, 23, 40, 41].randomElement(using: &random) ?? 14
                    let any = UInt8.random(in: 0...255, using: &random)
                    changed[place] = [0, 0x08, 0x81, 0x86, 0xdd, 0x45, 0x4f, 43, 60, any].randomElement(using: &random) ?? 0
                }
                cases.append(changed)
            }
            for bytes in cases {
                let expected = Transport.summary(of: PacketBuffer(bytes))
                if expected != 0 { known += 1 }
                var found = [try frames.testRun(data: bytes).returnValue]
                if isWhole(bytes) { found += [try direct.testRun(data: bytes).returnValue, try calls.testRun(data: bytes).returnValue] }
                guard found.allSatisfy({ $0 == expected }) else {
                    Issue.record("\(bytes): the host finds \(expected), and frames, packets and calls in the kernel \(found)")
                    return
                }
            }
        }
        #expect(known > 100)
    }
}
