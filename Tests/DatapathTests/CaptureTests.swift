import BPFTesting
import Datapath
import PolicyModel
import Testing

/// Captures of every kind, and the packets that the kernel's walk finds in them.
@Suite struct CaptureTests {
    private static let tcp = BPFTesting.Packet.ethernet().ipv4("192.0.2.9", "192.0.2.1").tcp(40_000, 443)
    private static let ping = BPFTesting.Packet.ethernet().ipv6("2001:db8::9", "2001:db8::1").icmp(type: 128)

    private static func number(_ value: UInt32, _ count: Int, _ isBig: Bool) -> [UInt8] {
        let bytes = (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * UInt32($0))) }
        return isBig ? bytes.reversed() : bytes
    }

    private static func pcap(_ frames: [[UInt8]], link: UInt32, isBig: Bool = false, nanoseconds: Bool = false, cutAt: Int = .max)
        -> [UInt8]
    {
        func word(_ value: UInt32) -> [UInt8] { number(value, 4, isBig) }
        let head =
            word(nanoseconds ? 0xA1B2_3C4D : 0xA1B2_C3D4) + number(2, 2, isBig) + number(4, 2, isBig) + word(0) + word(0) + word(65_535)
        return head + word(link)
            + frames.flatMap { frame in
                let kept = frame.prefix(cutAt)
                return word(1) + word(2) + word(UInt32(kept.count)) + word(UInt32(frame.count)) + kept
            }
    }

    private static func pcapng(_ frames: [[UInt8]], link: UInt32, isBig: Bool) -> [UInt8] {
        func word(_ value: UInt32) -> [UInt8] { number(value, 4, isBig) }
        func block(_ kind: UInt32, _ body: [UInt8]) -> [UInt8] {
            let padded = body + Array(repeating: 0, count: (4 - body.count % 4) % 4)
            return word(kind) + word(UInt32(padded.count + 12)) + padded + word(UInt32(padded.count + 12))
        }
        let section = block(0x0A0D_0D0A, word(0x1A2B_3C4D) + number(1, 2, isBig) + number(0, 2, isBig) + word(.max) + word(.max))
        let interface = block(1, number(link, 2, isBig) + number(0, 2, isBig) + word(0))
        return section + interface
            + frames.flatMap { block(6, word(0) + word(0) + word(0) + word(UInt32($0.count)) + word(UInt32($0.count)) + $0) }
    }

    private func contents(_ bytes: [UInt8], _ direction: Direction? = .ingress, local: [String] = []) -> CapturedPackets {
        let capture = CaptureFile(bytes, path: "x.pcap")
        #expect(capture.diagnostics.isEmpty, "\(capture.diagnostics)")
        return CapturedPackets(capture, sides: .init(direction: direction, local: local.compactMap { CIDR($0) }, interface: "eth0"))
    }

    private static func expected(_ direction: Direction = .ingress) throws -> [CapturedPackets.Content] {
        [
            .packet(
                PolicyModel.Packet(
                    direction: direction, interface: "eth0", protocol: 6, source: try #require(IPAddress("192.0.2.9")),
                    destination: try #require(IPAddress("192.0.2.1")), sourcePort: 40_000, destinationPort: 443)),
            .packet(
                PolicyModel.Packet(
                    direction: direction, interface: "eth0", protocol: 58, source: try #require(IPAddress("2001:db8::9")),
                    destination: try #require(IPAddress("2001:db8::1")), icmpType: 128)),
        ]
    }

    @Test(arguments: [false, true], [false, true]) func `classic files of both byte orders and clocks`(isBig: Bool, nanoseconds: Bool)
        throws
    {
        let file = Self.pcap([Self.tcp.bytes, Self.ping.bytes], link: 1, isBig: isBig, nanoseconds: nanoseconds)
        #expect(contents(file).contents == (try Self.expected()))
    }

    @Test(arguments: [false, true]) func `blocks of both byte orders`(isBig: Bool) throws {
        #expect(contents(Self.pcapng([Self.tcp.bytes, Self.ping.bytes], link: 1, isBig: isBig)).contents == (try Self.expected()))
    }

    @Test func `link types without Ethernet`() throws {
        let packets = [(Self.tcp.networkBytes, [UInt8]([8, 0])), (Self.ping.networkBytes, [0x86, 0xDD])]
        #expect(contents(Self.pcap(packets.map(\.0), link: 101)).contents == (try Self.expected()))
        for link in [0, 108] as [UInt32] {
            #expect(contents(Self.pcap(packets.map { [2, 0, 0, 0] + $0.0 }, link: link)).contents == (try Self.expected()))
        }
        let cooked = packets.map { [0, 4] + Array(repeating: 0, count: 12) + $0.1 + $0.0 }
        #expect(contents(Self.pcap(cooked, link: 113), nil).contents == (try Self.expected(.egress)))
        let second = packets.map { $0.1 + Array(repeating: 0, count: 8) + [0] + Array(repeating: 0, count: 9) + $0.0 }
        #expect(contents(Self.pcap(second, link: 276), nil).contents == (try Self.expected(.ingress)))
    }

    @Test func `the host's own addresses tell the direction`() throws {
        let file = Self.pcap([Self.tcp.bytes, Self.ping.bytes], link: 1)
        #expect(contents(file, nil, local: ["192.0.2.1", "2001:db8::1"]).contents == (try Self.expected()))
        #expect(contents(file, nil, local: ["192.0.2.9", "2001:db8::9"]).contents == (try Self.expected(.egress)))
        let unknown = contents(file, nil, local: ["192.0.2.1"])
        #expect(unknown.undirected == [2] && unknown.contents.count == 1)
    }

    @Test func `what no rule judges has the walk's own verdict`() throws {
        let whole = Self.tcp.bytes
        let arp = BPFTesting.Packet.ethernet(etherType: 0x0806).payload(Array(repeating: 0, count: 28)).bytes
        let later = BPFTesting.Packet.ethernet().ipv4("192.0.2.9", "192.0.2.1", fragment: .init(offset: 64, more: false), protocolNumber: 6)
        let file = Self.pcap([arp, Array(whole.prefix(40)), later.payload("x").bytes], link: 1)
        #expect(contents(file).contents == [.decided(.allow, .nonIP), .decided(.deny, .malformed), .decided(.deny, .fragment)])
        // Cut by the capture and not on the wire: the headers are all there.
        let long = Self.tcp.payload(Array(repeating: 1, count: 500)).bytes
        #expect(contents(Self.pcap([long], link: 1, cutAt: 96)).contents.first == (try Self.expected().first))
    }

    @Test func `a later fragment shares the verdict of the first one`() throws {
        func fragment(_ offset: Int, _ more: Bool) -> BPFTesting.Packet {
            BPFTesting.Packet.ethernet().ipv4(
                "192.0.2.9", "192.0.2.1", identification: 7, fragment: .init(offset: offset, more: more), protocolNumber: 6)
        }
        let first = fragment(0, true).tcp(40_000, 443).payload("1234")
        let found = contents(Self.pcap([first.bytes, fragment(24, false).payload("x").bytes], link: 1)).contents
        let expected = try #require(try Self.expected().first)
        #expect(found == [expected, expected])
        // A malformed one's is malformed, and so is one that reaches back into the first one's header.
        let split = fragment(0, true).payload([0, 80, 0, 80, 0, 0, 0, 0])
        let file = Self.pcap(
            [first.bytes, fragment(8, true).payload("12345678").bytes, split.bytes, fragment(24, false).payload("x").bytes], link: 1)
        #expect(contents(file).contents.dropFirst() == Array(repeating: .decided(.deny, .malformed), count: 3)[...])
    }

    @Test func `damaged files are refused, and none ends the process`() {
        let files = [Self.pcap([Self.tcp.bytes], link: 1), Self.pcapng([Self.tcp.bytes], link: 1, isBig: true)]
        for file in files {
            for count in 0..<file.count {
                let capture = CaptureFile(Array(file.prefix(count)), path: "x.pcap")
                #expect(capture.frames.isEmpty && capture.diagnostics.count <= 1)
            }
            for place in file.indices {
                var damaged = file
                damaged[place] = 0xFF
                _ = contents(of: damaged)
            }
        }
        #expect(CaptureFile(Self.pcap([[1]], link: 127), path: "x.pcap").diagnostics.first?.message.contains("link type 127") == true)
        #expect(!CaptureFile.isCapture(Array("{\"direction\"".utf8)))
    }

    private func contents(of file: [UInt8]) -> Int {
        CapturedPackets(CaptureFile(file, path: "x"), sides: .init(direction: .ingress, local: [], interface: "eth0")).contents.count
    }
}
