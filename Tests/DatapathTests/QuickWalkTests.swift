import BPFTesting
import CDatapath
import PolicyTesting
import Testing

/// The short way through the headers that most packets take, against the whole one.
@Suite struct QuickWalkTests {
    private static let frames: [Packet] = {
        let v4 = Packet.ethernet().ipv4("192.0.2.2", "192.0.2.1")
        let v6 = Packet.ethernet().ipv6("2001:db8::2", "2001:db8::1")
        return [
            v4.tcp(40_000, 80, flags: .ack).payload("hello"), v4.tcp(40_000, 80, flags: [.fin, .ack], options: [1, 1, 1, 1]),
            v4.udp(40_000, 53).payload("?"), v6.tcp(40_000, 80, flags: .ack).payload("hello"), v6.udp(40_000, 53).payload("?"),
            .ethernet().ipv4("192.0.2.2", "192.0.2.1", options: [1, 1, 1, 1]).udp(1, 2),
            .ethernet(vlans: [7]).ipv4("192.0.2.2", "192.0.2.1").udp(1, 2),
            .ethernet().ipv4("192.0.2.2", "192.0.2.1", fragment: Fragment(offset: 0, more: true)).udp(1, 2).payload("12345678"),
            v4.icmp(type: 8), .ethernet().ipv6("2001:db8::2", "2001:db8::1", extensions: [.hopByHop()]).tcp(1, 2),
        ]
    }()

    struct Found: Equatable {
        var reason: Int32
        var family: Int32
        var tcpFlags: UInt8
        var key: [UInt8]
    }

    /// What the quick walk finds; nil where it leaves the packet to the whole one.
    static func quickly(_ frame: [UInt8], _ link: pd_link, outward: Bool) -> Found? {
        frame.withUnsafeBufferPointer { buffer in
            var bytes = pd_bytes(data: buffer.baseAddress, end: buffer.baseAddress.map { $0 + buffer.count }, length: UInt32(buffer.count))
            var flow = pd_flow()
            var flags: UInt8 = 0
            let family = pd_quick_walk(&bytes, UInt8(link.rawValue), outward ? 1 : 0, &flow, &flags)
            guard family != PD_QUICK_NOT else { return nil }
            return Found(reason: Int32(PD_REASON_RULE.rawValue), family: family, tcpFlags: flags, key: Self.key(&flow, family))
        }
    }

    static func wholly(_ frame: [UInt8], _ link: pd_link, outward: Bool) -> (Found, pd_packet) {
        frame.withUnsafeBufferPointer { buffer in
            var bytes = pd_bytes(data: buffer.baseAddress, end: buffer.baseAddress.map { $0 + buffer.count }, length: UInt32(buffer.count))
            var packet = pd_packet()
            let reason = pd_walk(&bytes, UInt8(link.rawValue), &packet)
            var flow = pd_flow()
            pd_flow_of(&packet, outward ? 1 : 0, &flow)
            let key = Self.key(&flow, Int32(packet.family))
            return (Found(reason: reason, family: Int32(packet.family), tcpFlags: packet.tcp_flags, key: key), packet)
        }
    }

    private static func key(_ flow: inout pd_flow, _ family: Int32) -> [UInt8] {
        withUnsafeBytes(of: &flow) { Array($0.prefix(family == 0 ? MemoryLayout<pd_flow4>.size : MemoryLayout<pd_flow6>.size)) }
    }

    @Test func plainPacketsAreTaken() {
        for (number, frame) in Self.frames.map(\.bytes).enumerated() {
            let isPlain = number < 5
            for outward in [true, false] {
                #expect((Self.quickly(frame, PD_LINK_ETHERNET, outward: outward) != nil) == isPlain, "frame \(number)")
                #expect((Self.quickly(Array(frame[14...]), PD_LINK_RAW, outward: outward) != nil) == isPlain, "frame \(number)")
            }
        }
    }

    /// Frames with bytes changed, cut short and lengthened: whatever is taken, the whole walk takes too, and finds the same.
    @Test func whatIsTakenIsFoundBytheWholeWalkToo() {
        var random = SplitMix64(seed: 4)
        let originals = Self.frames.map(\.bytes)
        var taken = 0
        for _ in 0..<60_000 {
            var frame = originals[Int(random.next() % UInt64(originals.count))]
            let link = random.next() % 4 == 0 ? PD_LINK_RAW : PD_LINK_ETHERNET
            if link == PD_LINK_RAW { frame.removeFirst(14) }
            for _ in 0..<Int(random.next() % 4) {
                let place = Int(random.next() % UInt64(frame.count))
                let isAnything = random.next() % 2 == 0
                frame[place] = isAnything ? UInt8(truncatingIfNeeded: random.next()) : frame[place] ^ (1 << UInt8(random.next() % 8))
            }
            if random.next() % 4 == 0 { frame.removeLast(Int(random.next() % UInt64(min(12, frame.count)))) }
            if random.next() % 4 == 0 { frame += [UInt8](repeating: 0, count: Int(random.next() % 8)) }
            let outward = random.next() % 2 == 0
            guard let quick = Self.quickly(frame, link, outward: outward) else { continue }
            taken += 1
            let (whole, packet) = Self.wholly(frame, link, outward: outward)
            #expect(quick == whole, "\(frame)")
            #expect(UInt32(packet.flags) == PD_PACKET_PORTS.rawValue, "\(frame)")
            guard quick == whole else { return }
        }
        #expect(taken > 5_000)
    }
}
