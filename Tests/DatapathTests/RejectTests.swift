@testable import BPFTesting
import Datapath
import Glibc
import PolicyCompiler
import PolicyModel
import Testing

/// Rejected packets: who sent them is told at once, by the kernel program itself.
@Suite(.serialized) struct RejectTests {
    /// Rejects all but neighbour discovery in both directions, and lets no answer out by any rule.
    static let closed = HostPolicy(
        name: "closed", ingress: [Rule(name: "no-in", action: .reject)], egress: [Rule(name: "no-out", action: .reject)])

    /// What the kernels of both hosts say by themselves, now and then, and no test means: multicast groups (RFC 3810) and a router asked for
    /// (RFC 4861).
    static let chatter: HostPolicy = {
        let messages = [130, 131, 132, 133, 143].map { ICMPMatch("\($0)", v4: nil, v6: .init(type: $0)) }
        return HostPolicy(
            name: "chatter", tier: .safety, priority: 200,
            ingress: [Rule(name: "in", action: .deny, icmp: messages, log: Rule.Log.none)],
            egress: [Rule(name: "out", action: .deny, icmp: messages, log: Rule.Log.none)])
    }()

    struct Guarded {
        var hosts: TwoHosts
        var datapath: Datapath
        var numbers = RuleNumbers()

        init(_ attachment: DatapathConfiguration.Attachment = .auto, _ policy: HostPolicy = RejectTests.closed) throws {
            hosts = try TwoHosts()
            datapath = try hosts.datapath(attachment)
            try datapath.install([LiveTrafficTests.neighbours, RejectTests.chatter, policy], revision: 1, &numbers)
            _ = try hosts.protect(datapath)
        }

        func packets(_ direction: Direction, _ rule: String, policy: String = "closed") throws -> UInt64 {
            let number = try #require(numbers.number(of: RuleKey(policy: policy, direction: direction, rule: rule)))
            return try datapath.counters()[number]?.packets ?? 0
        }

        func replies() throws -> UInt64 { try hosts.host.run { try datapath.status() }.reasons[.rejectReply]?.packets ?? 0 }

        func remove() throws { try hosts.host.run { try datapath.remove() } }
    }

    @Test(arguments: [DatapathConfiguration.Attachment.auto, .clsact], [Direction.ingress, .egress])
    func connectingIsRefusedAtOnce(attachment: DatapathConfiguration.Attachment, direction: Direction) throws {
        let guarded = try Guarded(attachment)
        let hosts = guarded.hosts
        for (family, address) in TwoHosts.addresses {
            let (from, to) = direction == .ingress ? (hosts.peer, address.host) : (hosts.host, address.peer)
            let client = try from.run { try TestSocket(.tcp, family: family) }
            #expect(try client.connect(to: to, port: 81) == .failed(ECONNREFUSED), "\(family)")
        }
        #expect(try guarded.packets(direction, direction == .ingress ? "no-in" : "no-out") == 2)
        #expect(try guarded.packets(direction == .ingress ? .egress : .ingress, direction == .ingress ? "no-out" : "no-in") == 0)
        #expect(try guarded.replies() == 2)
        try guarded.remove()
    }

    @Test(arguments: [Direction.ingress, .egress])
    func datagramsAreAnsweredByICMP(direction: Direction) throws {
        let guarded = try Guarded()
        let hosts = guarded.hosts
        for (family, address) in TwoHosts.addresses {
            let (from, to) = direction == .ingress ? (hosts.peer, address.host) : (hosts.host, address.peer)
            let client = try from.run { try TestSocket(.udp, family: family) }
            #expect(try client.connect(to: to, port: 81) == .connected)
            // From one byte to more than a page, odd and even.
            for count in [1, 8, 401, 1400] {
                client.send(String(repeating: "x", count: count))
                let error = #expect(throws: TestingError.self, "\(family) \(count)") { try client.receiveOrFail() }
                let expected = TestingError("recv", errno: family == .v4 ? EHOSTUNREACH : EACCES)
                #expect(error?.description == expected.description, "\(family) \(count)")
            }
        }
        #expect(try guarded.replies() == 8)
        try guarded.remove()
    }

    @Test(arguments: [Direction.ingress, .egress])
    func anEstablishedFlowIsReset(direction: Direction) throws {
        let open = HostPolicy(name: "closed", ingress: [], egress: [])
        var guarded = try Guarded(.auto, open)
        let hosts = guarded.hosts
        let (from, at) = direction == .ingress ? (hosts.peer, hosts.host) : (hosts.host, hosts.peer)
        for address in TwoHosts.addresses.values {
            let to = direction == .ingress ? address.host : address.peer
            try guarded.datapath.install([LiveTrafficTests.neighbours, Self.chatter, open], revision: 2, &guarded.numbers)
            let server = try at.run { try TestSocket.listener(to, port: 80) }
            let client = try from.run { try TestSocket(.tcp, family: to.contains(":") ? .v6 : .v4) }
            #expect(try client.connect(to: to, port: 80) == .connected)
            let accepted = try #require(server.accept())
            client.send("one")
            #expect(accepted.receive() == "one")
            try guarded.datapath.install([LiveTrafficTests.neighbours, Self.chatter, Self.closed], revision: 3, &guarded.numbers)
            // Large enough to leave the socket as segments that the interface is to cut up.
            client.send(String(repeating: "x", count: 60_000))
            let error = #expect(throws: TestingError.self) { try client.receiveOrFail() }
            #expect(error?.description == TestingError("recv", errno: ECONNRESET).description, "\(to)")
        }
        try guarded.remove()
    }

    @Test func eventsSayReject() async throws {
        let guarded = try Guarded()
        var events = guarded.datapath.events().makeAsyncIterator()
        let client = try guarded.hosts.peer.run { try TestSocket(.tcp, family: .v4) }
        #expect(try client.connect(to: "192.0.2.1", port: 81) == .failed(ECONNREFUSED))
        var seen: [PacketEvent] = []
        while seen.isEmpty, let batch = try await events.next() { seen += batch.events.filter { $0.protocol == 6 } }
        #expect(seen.map(\.verdict) == [.reject])
        #expect(seen.map(\.reason) == [.rule])
        try guarded.remove()
    }

    // MARK: Frames

    /// A frame that the guarded host rejects, and what it says to that.
    struct Frame: CustomTestStringConvertible {
        enum Expected: Hashable { case reset, icmp, nothing }

        var name: String
        var frame: BPFTesting.Packet
        var expected: Expected

        init(_ name: String, _ frame: BPFTesting.Packet, _ expected: Expected) {
            self.name = name
            self.frame = frame
            self.expected = expected
        }

        var testDescription: String { name }
    }

    static let hostAddress: [UInt8] = [2, 0, 0, 0, 0, 0x10]
    static let peerAddress: [UInt8] = [2, 0, 0, 0, 0, 0x20]
    private static let link = BPFTesting.Packet.ethernet(from: peerAddress, to: hostAddress)
    private static let four = link.ipv4("192.0.2.2", "192.0.2.1")
    private static let six = link.ipv6("2001:db8::2", "2001:db8::1")
    private static func six(_ chain: IPv6Extension...) -> BPFTesting.Packet {
        link.ipv6("2001:db8::2", "2001:db8::1", extensions: chain)
    }
    private static let options = link.ipv4("192.0.2.2", "192.0.2.1", options: [1, 1, 1, 1, 1, 1, 1, 0])

    static let frames: [Frame] = [
        Frame("SYN", four.tcp(1000, 81, sequence: 7), .reset),
        Frame("SYN over IPv6", six.tcp(1000, 81, sequence: 7), .reset),
        Frame("SYN with data", four.tcp(1000, 81, sequence: .max - 2).payload("hello"), .reset),
        Frame("SYN with options", four.tcp(1000, 81, sequence: 9, options: [2, 4, 5, 0xb4]).payload("abc"), .reset),
        Frame("FIN", six.tcp(1000, 81, flags: [.fin, .ack], sequence: 3).payload("x"), .reset),
        Frame("data of a connection", four.tcp(1000, 81, flags: [.ack, .psh], sequence: 5, acknowledgment: 99).payload("data"), .reset),
        Frame("a full segment", six.tcp(1000, 81, flags: .ack, acknowledgment: 4).payload(Array(repeating: 7, count: 1400)), .reset),
        Frame("SYN behind IPv4 options", options.tcp(1000, 81, sequence: 1), .reset),
        Frame("SYN behind extension headers", six(.hopByHop(), .destinationOptions()).tcp(1000, 81), .reset),
        Frame("UDP", four.udp(1000, 81).payload("x"), .icmp),
        Frame("UDP without data", four.udp(1000, 81), .icmp),
        Frame("UDP over IPv6", six.udp(1000, 81).payload("odd"), .icmp),
        Frame("UDP behind IPv4 options", options.udp(1000, 81).payload("x"), .icmp),
        Frame("UDP behind extension headers", six(.destinationOptions(Array(repeating: 0, count: 30))).udp(1000, 81), .icmp),
        Frame("a full datagram", four.udp(1000, 81).payload(Array(repeating: 7, count: 1400)), .icmp),
        Frame("SCTP", four.sctp(1000, 81), .icmp),
        Frame("echo request", four.icmp(type: 8), .icmp),
        Frame("echo request over IPv6", six.icmp(type: 128), .icmp),
        Frame("GRE of 4 bytes", link.ipv4("192.0.2.2", "192.0.2.1", protocolNumber: 47).payload([0, 0, 8, 0]), .icmp),
        Frame("GRE of 7 bytes", link.ipv6("2001:db8::2", "2001:db8::1", nextHeader: 47).payload([0, 0, 8, 0, 1, 2, 3]), .icmp),
        Frame("no payload at all", link.ipv4("192.0.2.2", "192.0.2.1", protocolNumber: 50).payload([]), .icmp),
        Frame(
            "first fragment",
            link.ipv4("192.0.2.2", "192.0.2.1", fragment: Fragment(offset: 0, more: true)).udp(1000, 81).payload("12345678"),
            .icmp),
        Frame("reset", four.tcp(1000, 81, flags: .rst), .nothing),
        Frame("reset with ACK", six.tcp(1000, 81, flags: [.rst, .ack]), .nothing),
        Frame("unreachable", four.icmp(type: 3, code: 1).quoting(four.udp(1, 2)), .nothing),
        Frame("time exceeded over IPv6", six.icmp(type: 3).quoting(six.udp(1, 2)), .nothing),
        Frame("an unknown error over IPv6", six.icmp(type: 100), .nothing),
        Frame("redirect over IPv6", six.icmp(type: 137), .nothing),
        Frame("to a group", link.ipv4("192.0.2.2", "224.0.0.5").udp(1000, 81), .nothing),
        Frame("to an IPv6 group", link.ipv6("2001:db8::2", "ff02::1:2").udp(1000, 81), .nothing),
        Frame("to everybody", link.ipv4("192.0.2.2", "255.255.255.255").udp(1000, 81), .nothing),
        Frame(
            "to the network's broadcast address",
            .ethernet(from: peerAddress, to: Array(repeating: 255, count: 6)).ipv4("192.0.2.2", "192.0.2.255").udp(1000, 81), .nothing),
        Frame("SYN to a group", link.ipv4("192.0.2.2", "224.0.0.5").tcp(1000, 81), .nothing),
        Frame("from nobody", link.ipv4("0.0.0.0", "192.0.2.1").udp(1000, 81), .nothing),
        Frame("from the IPv6 nobody", link.ipv6("::", "2001:db8::1").udp(1000, 81), .nothing),
        Frame("from a group", link.ipv4("224.0.0.5", "192.0.2.1").tcp(1000, 81), .nothing),
    ]

    @Test func framesAreAnsweredByteByByte() throws {
        let guarded = try Guarded()
        let hosts = guarded.hosts
        try hosts.host.ip("link", "set", "eth0", "address", "02:00:00:00:00:10")
        try hosts.peer.ip("link", "set", "eth0", "address", "02:00:00:00:00:20")
        let socket = try hosts.peer.run { try TaggedFrames(interface: "eth0") }
        for row in Self.frames {
            let before = try guarded.packets(.ingress, "no-in")
            let sent = row.frame.bytes
            try socket.send(sent)
            // The host itself says nothing but neighbour discovery and group reports, which have other protocols or types.
            let frame = socket.receive(milliseconds: row.expected == .nothing ? 60 : 500) { frame in
                Array(frame[6..<12]) == Self.hostAddress && Array(frame[..<6]) == Self.peerAddress
            }
            #expect(try guarded.packets(.ingress, "no-in") > before, "\(row.name): counted")
            guard row.expected != .nothing else {
                #expect(frame == nil, "\(row.name)")
                continue
            }
            guard let frame else {
                Issue.record("\(row.name): no answer")
                continue
            }
            guard let answer = Answer(frame) else {
                Issue.record("\(row.name): a length or checksum is wrong: \(frame)")
                continue
            }
            Self.check(answer, to: sent, row)
        }
        try guarded.remove()
    }

    private static func check(_ answer: Answer, to frame: [UInt8], _ row: Frame) {
        let packet = Array(frame[14...])
        let isIPv6 = frame[12] == 0x86
        #expect(answer.isIPv6 == isIPv6, "\(row.name)")
        #expect(answer.source == Array(isIPv6 ? packet[24..<40] : packet[16..<20]), "\(row.name)")
        #expect(answer.destination == Array(isIPv6 ? packet[8..<24] : packet[12..<16]), "\(row.name)")
        switch row.expected {
        case .reset:
            guard let place = packet.firstRange(of: [3, 232, 0, 81])?.lowerBound else { return }
            let segment = Array(packet[place...])
            let flags = segment[13]
            let payload = segment.count - Int(segment[12] >> 4) * 4
            let body = answer.body
            #expect(answer.protocol == 6 && body.count == 20, "\(row.name)")
            #expect(Array(body[..<4]) == [0, 81, 3, 232], "\(row.name)")
            if flags & 16 != 0 {
                #expect(body[13] == 4 && Answer.long(body, 4) == Answer.long(segment, 8), "\(row.name)")
            } else {
                let end = Answer.long(segment, 4) &+ UInt32(payload) &+ UInt32(flags & 1) &+ UInt32(flags >> 1 & 1)
                #expect(body[13] == 20 && Answer.long(body, 4) == 0 && Answer.long(body, 8) == end, "\(row.name)")
            }
        case .icmp:
            #expect(answer.protocol == (isIPv6 ? 58 : 1), "\(row.name)")
            #expect(Array(answer.body[..<2]) == (isIPv6 ? [1, 1] : [3, 13]), "\(row.name)")
            #expect(Array(answer.body[4..<8]) == [0, 0, 0, 0], "\(row.name)")
            let quoted = Array(answer.body[8...])
            #expect(quoted == Array(packet.prefix(quoted.count)) && quoted.count >= min(packet.count, 28), "\(row.name)")
        case .nothing: break
        }
    }

    /// Packets of sockets reach the other end of the pair without a checksum, which hardware would complete; answers have theirs.
    @Test func answersLeaveNoChecksumToHardware() throws {
        let guarded = try Guarded()
        let hosts = guarded.hosts
        try hosts.host.ip("link", "set", "eth0", "address", "02:00:00:00:00:10")
        let socket = try hosts.peer.run { try TaggedFrames(interface: "eth0") }
        for (family, address) in TwoHosts.addresses {
            for kind in [TestSocket.Kind.tcp, .udp] {
                let client = try hosts.peer.run { try TestSocket(kind, family: family) }
                _ = try client.connect(to: address.host, port: 81)
                if kind == .udp { client.send("odd") }
                var wasUnfinished = false
                let frame = socket.receive { frame in
                    let isAnswer = Array(frame[6..<12]) == Self.hostAddress && frame[frame[12] == 0x86 ? 20 : 23] != 17
                    if !isAnswer, frame[12] != 0x08 || frame[13] == 0 { wasUnfinished = wasUnfinished || socket.isUnfinished }
                    return isAnswer && (kind == .udp || frame[frame[12] == 0x86 ? 20 : 23] == 6)
                        && (kind == .tcp || frame[frame[12] == 0x86 ? 54 : 34] < 128)
                }
                #expect(wasUnfinished, "\(family) \(kind): what is answered")
                #expect(!socket.isUnfinished, "\(family) \(kind)")
                #expect(frame.flatMap(Answer.init) != nil, "\(family) \(kind)")
            }
        }
        try guarded.remove()
    }

    /// The tag lies beside the packet, and the answer has it too.
    @Test func aTaggedFramesAnswerIsTagged() throws {
        let guarded = try Guarded()
        let hosts = guarded.hosts
        try hosts.host.ip("link", "set", "eth0", "address", "02:00:00:00:00:10")
        try hosts.peer.ip("link", "set", "eth0", "address", "02:00:00:00:00:20")
        let socket = try hosts.peer.run { try TaggedFrames(interface: "eth0") }
        let link = BPFTesting.Packet.ethernet(from: Self.peerAddress, to: Self.hostAddress, vlans: [5])
        for packet in [link.ipv4("192.0.2.2", "192.0.2.1").tcp(1000, 81), link.ipv6("2001:db8::2", "2001:db8::1").udp(1000, 81)] {
            try socket.send(packet.bytes)
            let frame = socket.receive { Array($0[6..<12]) == Self.hostAddress }
            #expect(frame.flatMap(Answer.init) != nil)
            #expect(socket.tag == 5)
        }
        try guarded.remove()
    }
}
