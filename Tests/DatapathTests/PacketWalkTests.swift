import BPFTesting
@testable import Datapath
import PolicyModel
import Testing

/// A frame and what becomes of it under a policy that allows TCP port 80 and echo requests and denies all else.
struct FrameCase: CustomTestStringConvertible {
    var name: String
    var frame: BPFTesting.Packet
    var reason: PacketEvent.Reason
    /// The rule that decides; nil where none does.
    var rule: String?

    init(_ name: String, _ frame: BPFTesting.Packet, _ reason: PacketEvent.Reason, _ rule: String? = nil) {
        self.name = name
        self.frame = frame
        self.reason = reason
        self.rule = rule
    }

    var testDescription: String { name }

    private static let four = BPFTesting.Packet.ethernet().ipv4("192.0.2.2", "192.0.2.1")
    private static func four(
        options: [UInt8] = [], fragment: Fragment? = nil, protocolNumber: UInt8? = nil, version: UInt8 = 4, words: UInt8? = nil,
        length: UInt16? = nil, vlans: [UInt16] = []
    ) -> BPFTesting.Packet {
        .ethernet(vlans: vlans).ipv4(
            "192.0.2.2", "192.0.2.1", options: options, fragment: fragment, protocolNumber: protocolNumber, version: version,
            headerWords: words, totalLength: length)
    }
    private static func six(_ chain: IPv6Extension..., next: UInt8? = nil, length: UInt16? = nil, vlans: [UInt16] = []) -> BPFTesting.Packet
    {
        .ethernet(vlans: vlans).ipv6("2001:db8::2", "2001:db8::1", extensions: chain, nextHeader: next, payloadLength: length)
    }

    static let all: [FrameCase] = [
        FrameCase("tcp 80", four.tcp(1000, 80), .rule, "http"),
        FrameCase("tcp 81", four.tcp(1000, 81), .rule, "rest"),
        FrameCase("tcp 80 over IPv6", six().tcp(1000, 80), .rule, "http"),
        FrameCase("one tag", four(vlans: [5]).tcp(1000, 80), .rule, "http"),
        FrameCase("one tag, denied", four(vlans: [5]).tcp(1000, 81), .rule, "rest"),
        FrameCase("two tags", six(vlans: [5, 6]).tcp(1000, 80), .rule, "http"),
        FrameCase("four tags", four(vlans: [1, 2, 3, 4]).tcp(1000, 80), .rule, "http"),
        FrameCase("five tags", four(vlans: [1, 2, 3, 4, 5]).tcp(1000, 80), .extensions),
        FrameCase("options of 4 bytes", four(options: [1, 1, 1, 0]).tcp(1000, 80), .rule, "http"),
        FrameCase("options of 40 bytes", four(options: Array(repeating: 1, count: 40)).tcp(1000, 80), .rule, "http"),
        FrameCase("options that look like port 80", four(options: [0, 80, 0, 80]).tcp(1000, 81), .rule, "rest"),
        FrameCase("header of 16 bytes", four(words: 4).tcp(1000, 80), .malformed),
        FrameCase("header longer than the packet", four(words: 15).udp(1, 80), .malformed),
        FrameCase("total length too long", four(length: 2000).tcp(1000, 80), .malformed),
        FrameCase("total length below the header", four(length: 19).tcp(1000, 80), .malformed),
        FrameCase("total length cuts the TCP header", four(length: 39).tcp(1000, 80), .malformed),
        FrameCase("version 5", four(version: 5).tcp(1000, 80), .malformed),
        FrameCase("first fragment", four(fragment: Fragment(offset: 0, more: true)).tcp(1000, 80), .rule, "http"),
        FrameCase("first fragment, denied", four(fragment: Fragment(offset: 0, more: true)).tcp(1000, 81), .rule, "rest"),
        FrameCase(
            "later fragment", four(fragment: Fragment(offset: 1480, more: false), protocolNumber: 6).payload([0, 80, 0, 80]), .fragment),
        FrameCase(
            "tiny first fragment", four(fragment: Fragment(offset: 0, more: true), protocolNumber: 6).payload([0, 80, 0, 80]), .malformed),
        FrameCase(
            "fragment at offset 8",
            four(fragment: Fragment(offset: 8, more: true), protocolNumber: 6).payload(Array(repeating: 80, count: 20)), .fragment),
        FrameCase("TCP header of 16 bytes", four.tcp(1000, 80).overwriting(at: 14 + 20 + 12, [0x40]), .malformed),
        FrameCase("TCP options beyond the end", four.tcp(1000, 80).overwriting(at: 14 + 20 + 12, [0xf0]), .malformed),
        FrameCase("UDP length of 7", four.udp(1, 80).overwriting(at: 14 + 20 + 4, [0, 7]), .malformed),
        FrameCase("UDP length beyond the end", four.udp(1, 80).overwriting(at: 14 + 20 + 4, [0, 9]), .malformed),
        FrameCase("UDP", four.udp(1, 80), .rule, "rest"),
        FrameCase("SCTP", four.sctp(1, 80), .rule, "rest"),
        FrameCase("echo request", four.icmp(type: 8), .rule, "ping"),
        FrameCase("echo request over IPv6", six().icmp(type: 128), .rule, "ping"),
        FrameCase("echo reply", four.icmp(type: 0), .rule, "rest"),
        FrameCase("ICMP of 4 bytes", four(protocolNumber: 1).payload([8, 0, 0, 0]), .malformed),
        FrameCase("ICMPv6 over IPv4", four(protocolNumber: 58).payload([128, 0, 0, 0, 0, 0, 0, 0]), .rule, "rest"),
        FrameCase("GRE", four(protocolNumber: 47).payload([0, 0, 8, 0]), .rule, "rest"),
        FrameCase("IPIP", four(protocolNumber: 4).payload(Array(repeating: 0, count: 20)), .rule, "rest"),
        FrameCase("ESP", six(next: 50).payload(Array(repeating: 0, count: 16)), .rule, "rest"),
        FrameCase("hop-by-hop", six(.hopByHop()).tcp(1000, 80), .rule, "http"),
        FrameCase("hop-by-hop, denied", six(.hopByHop()).tcp(1000, 81), .rule, "rest"),
        FrameCase(
            "a chain of five",
            six(
                .hopByHop(), .destinationOptions(), .routing(), .authentication([0, 0, 0, 0]),
                .destinationOptions(Array(repeating: 0, count: 30))
            ).tcp(1000, 80), .rule, "http"),
        FrameCase(
            "a chain of eight",
            six(
                .destinationOptions(), .destinationOptions(), .destinationOptions(), .destinationOptions(), .destinationOptions(),
                .destinationOptions(), .destinationOptions(), .destinationOptions()
            ).tcp(1000, 80), .rule, "http"),
        FrameCase(
            "a chain of nine",
            six(
                .destinationOptions(), .destinationOptions(), .destinationOptions(), .destinationOptions(), .destinationOptions(),
                .destinationOptions(), .destinationOptions(), .destinationOptions(), .destinationOptions()
            ).tcp(1000, 80), .extensions),
        FrameCase(
            "headers of more than 1,024 bytes", six(.destinationOptions(Array(repeating: 0, count: 1022))).tcp(1000, 80), .extensions),
        FrameCase("an atomic fragment", six(.fragment(Fragment(offset: 0, more: false))).tcp(1000, 80), .rule, "http"),
        FrameCase("IPv6 first fragment", six(.fragment(Fragment(offset: 0, more: true))).tcp(1000, 80), .rule, "http"),
        FrameCase("IPv6 later fragment", six(.fragment(Fragment(offset: 1448, more: false)), next: 6).payload([0, 80, 0, 80]), .fragment),
        FrameCase(
            "IPv6 later fragment behind options",
            six(.destinationOptions(), .fragment(Fragment(offset: 8, more: true)), next: 6).payload([0, 80, 0, 80]), .fragment),
        FrameCase("no next header", six(next: 59).payload([1, 2, 3]), .rule, "rest"),
        FrameCase("mobility header", six(next: 135).payload([59, 0, 0, 0, 0, 0, 0, 0]), .rule, "rest"),
        FrameCase("extension header cut off", six(next: 60).payload([6, 0]), .malformed),
        FrameCase("extension header longer than the packet", six(next: 60).payload([6, 200, 0, 0, 0, 0, 0, 0]), .malformed),
        FrameCase("IPv6 payload length too long", six(length: 100).tcp(1000, 80), .malformed),
        FrameCase("IPv6 payload length of 0", six(length: 0).tcp(1000, 80), .malformed),
        FrameCase("ARP", .ethernet(etherType: 0x0806).payload(Array(repeating: 0, count: 28)), .nonIP),
        FrameCase("LLDP", .ethernet(etherType: 0x88cc).payload([2, 7, 4]), .nonIP),
        FrameCase("an ethertype nobody knows", .ethernet(vlans: [1], etherType: 0x1234).payload([1]), .nonIP),
    ]
}

@Suite struct PacketWalkTests {
    /// One for all cases: it keeps nothing from one packet to the next.
    private static let engine = Result { try makeEngine() }

    private static func makeEngine() throws -> KernelEngine {
        let echo = ICMPMatch("echo-request", v4: .init(type: 8), v6: .init(type: 128))
        let policySet = try PolicySet(policies: [
            HostPolicy(
                name: "table",
                ingress: [
                    Rule(name: "http", action: .allow, protocols: [.tcp], ports: [PortRange(80)]),
                    Rule(name: "ping", action: .allow, icmp: [echo]), Rule(name: "rest", action: .deny),
                ])
        ])
        return try KernelEngine(KernelEngineTests.compiled(policySet))
    }

    @Test(arguments: FrameCase.all)
    func theKernelJudges(_ row: FrameCase) throws {
        let engine = try Self.engine.get()
        let answer = try engine.judge(row.frame.bytes, .ingress)
        #expect(answer.reason == row.reason)
        #expect(engine.ruleName(answer.rule) == row.rule)
        let isAllowed = row.reason == .nonIP || row.rule == "http" || row.rule == "ping"
        #expect(answer.isDenied != isAllowed)
    }

    /// The same header walk in user space, the frame in memory that ends where the frame does.
    @Test(arguments: FrameCase.all)
    func theSameCodeWalksInUserSpace(_ row: FrameCase) {
        let found = walk(row.frame.bytes)
        let isReadable = row.reason == .rule
        #expect(found == (isReadable ? .rule : row.reason) || (row.reason == .fragment && found == .rule))
    }

    /// Cut off after any byte, a packet is malformed, and never taken for something it might have been.
    @Test(arguments: FrameCase.all.filter { $0.reason == .rule && $0.name != "no next header" })
    func cutAnywhereIsMalformed(_ row: FrameCase) throws {
        let engine = try Self.engine.get()
        let bytes = row.frame.bytes
        for count in 1..<bytes.count {
            let cut = Array(bytes[..<count])
            #expect(walk(cut) == .malformed, "\(count) of \(bytes.count) bytes, in user space")
            // The kernel's test-run refuses frames that end before their IP header does (net/bpf/test_run.c).
            guard count >= 14 + (row.frame.bytes[12] == 0x86 ? 40 : 20) else { continue }
            let answer = try engine.judge(cut, .ingress)
            #expect(answer.isDenied && answer.reason == .malformed, "\(count) of \(bytes.count) bytes: \(answer)")
        }
    }
}
