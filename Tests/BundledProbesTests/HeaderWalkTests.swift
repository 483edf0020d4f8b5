import BPF
import BPFTesting
import ProbeTwins
import Testing

@Suite("The header walk in two languages")
struct HeaderWalkTests {
    private static let frames: [Packet] = [
        .ethernet().ipv4("192.0.2.1", "192.0.2.2").tcp(40_000, 443).payload([1, 2, 3, 4]),
        .ethernet(vlans: [5, 6]).ipv4("192.0.2.1", "192.0.2.2").udp(40_000, 53).payload([1, 2, 3, 4]),
        .ethernet().ipv6("2001:db8::1", "2001:db8::2").tcp(40_000, 443).payload([1, 2, 3, 4]),
        .ethernet(vlans: [5]).ipv6("2001:db8::1", "2001:db8::2").udp(40_000, 53).payload([1, 2, 3, 4]),
    ]

    @Test func `a program in Swift finds what the datapath's own walk finds, in whole frames and in broken ones`() throws {
        let swift = try OpenObject(.headerWalk).load()
        let c = try OpenObject(.headerWalkTwin).load()
        let found = (try swift.contents(ofMap: "walked"), try c.contents(ofMap: "walked"))
        // Options, a routing header and a fragment's before the ports.
        let chain: [UInt8] = [60, 0, 1, 4, 0, 0, 0, 0, 43, 0, 1, 4, 0, 0, 0, 0, 44, 0, 4, 0, 0, 0, 0, 0, 17, 0, 0, 1, 0, 0, 0, 9]
        let ports: [UInt8] = [0x9c, 0x40, 0, 53, 0, 16, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8]
        var chained = Packet.ethernet().ipv6("2001:db8::1", "2001:db8::2").udp(1, 2).bytes.prefix(54) + chain + ports
        (chained[18], chained[19], chained[20]) = (0, UInt8(chain.count + ports.count), 0)
        let frames = Self.frames.map(\.bytes) + [Array(chained)]
        var random = SeededNumbers(seed: 17)
        var good = 0
        for round in 0..<1_500 {
            var bytes = frames[round % frames.count]
            if round >= frames.count {
                // Numbers that mean something in headers come more often than others.
                let telling: [UInt8] = [0, 1, 6, 17, 43, 44, 51, 58, 59, 60, 0x45, 0x60, 0x81, 0x88, 132, 135]
                for _ in 0..<Int.random(in: 0...3, using: &random) {
                    let place = Int.random(in: 12..<bytes.count, using: &random)
                    let any = UInt8.random(in: 0...255, using: &random)
                    bytes[place] = Bool.random(using: &random) ? any : telling.randomElement(using: &random) ?? 0
                }
                // No kernel takes a frame for test-run that has not its network header.
                if round % 6 == 0 { bytes.removeLast(Int.random(in: 0...max(0, bytes.count - 58), using: &random)) }
            }
            let results = [
                try swift.program("header_walk").testRun(data: bytes).returnValue,
                try c.program("header_walk").testRun(data: bytes).returnValue,
            ]
            let packets = try [found.0, found.1].map { try $0.entries(limit: 1).first?.values.first }
            guard results[0] == results[1], packets[0] == packets[1], packets[0]?.count == 68 else {
                Issue.record("frame \(round), \(bytes): in Swift \(results[0]) \(packets[0] ?? []), in C \(results[1]) \(packets[1] ?? [])")
                return
            }
            if results[0] == 1 { good += 1 }
            if round < frames.count { #expect(results[0] == 1, "frame \(round)") }
        }
        #expect(good > 150)
    }
}
