import BPF
import BPFTesting
@testable import Datapath
import Glibc
import Logging
import PolicyCompiler
import PolicyModel
import Testing

/// Real packets at an interface without early drop, with it in the driver and in the kernel: the same verdicts, counters and events.
@Suite(.serialized) struct EarlyDropTrafficTests {
    typealias Frame = BPFTesting.Packet

    /// Nil is no early drop.
    static let modes: [EarlyDrop?] = [nil, .native, .generic]

    static func policies() throws -> [HostPolicy] {
        let bad = AddressMatch([.prefix(try #require(CIDR("198.51.100.0/24"))), .prefix(try #require(CIDR("2001:db8:bad::/48")))])
        let noisy = AddressMatch([.prefix(try #require(CIDR("203.0.113.0/24")))])
        return [
            LiveTrafficTests.neighbours,
            HostPolicy(
                name: "early", tier: .admin,
                ingress: [
                    Rule(name: "bad", action: .deny, remote: bad, log: .new),
                    Rule(name: "noisy", action: .deny, protocols: [.udp], ports: [PortRange(1000...1999)], remote: noisy, log: .all),
                    Rule(name: "silent", action: .deny, protocols: [.tcp], ports: [PortRange(23)], log: Rule.Log.none),
                    Rule(name: "told", action: .reject, protocols: [.tcp], ports: [PortRange(25)]),
                ]),
            HostPolicy(
                name: "host",
                ingress: [
                    Rule(name: "open", action: .allow, protocols: [.tcp, .udp], ports: [PortRange(80), PortRange(5000...5999)]),
                    Rule(name: "rest", action: .deny),
                ]),
        ]
    }

    /// Frames of every kind, allowed and denied, by each rule and by none.
    static let frames: [Frame] = [
        .ethernet().ipv4("198.51.100.7", "192.0.2.1").tcp(4001, 80),
        .ethernet().ipv4("198.51.100.7", "192.0.2.1").tcp(4001, 80),
        .ethernet().ipv4("198.51.100.7", "192.0.2.1").udp(4001, 80).payload("abc"),
        .ethernet().ipv4("198.51.100.8", "192.0.2.1").icmp(type: 8),
        .ethernet().ipv4("198.51.100.9", "192.0.2.1", protocolNumber: 47).payload("12345678"),
        .ethernet().ipv4("198.51.100.10", "192.0.2.1", options: [7, 3, 4]).tcp(4001, 443, flags: [.syn]),
        .ethernet().ipv6("2001:db8:bad::7", "2001:db8::1").tcp(4001, 80),
        .ethernet().ipv6("2001:db8:bad::7", "2001:db8::1", extensions: [.hopByHop(), .destinationOptions()]).udp(4001, 80),
        .ethernet().ipv6("2001:db8:bad::7", "2001:db8::1").icmp(type: 128),
        .ethernet(vlans: [7]).ipv4("198.51.100.7", "192.0.2.1").udp(4002, 80).payload("tagged"),
        .ethernet(vlans: [7, 8]).ipv6("2001:db8:bad::8", "2001:db8::1").udp(4002, 80).payload("tagged twice"),
        .ethernet().ipv4("203.0.113.5", "192.0.2.1").udp(4001, 1000),
        .ethernet().ipv4("203.0.113.5", "192.0.2.1").udp(4001, 1000),
        .ethernet().ipv4("203.0.113.5", "192.0.2.1").udp(4001, 1999).payload("noise"),
        .ethernet().ipv4("203.0.113.5", "192.0.2.1").udp(4001, 2000),
        .ethernet().ipv4("192.0.2.2", "192.0.2.1").tcp(4003, 23),
        .ethernet().ipv4("192.0.2.2", "192.0.2.1").tcp(4003, 24),
        .ethernet().ipv6("2001:db8::2", "2001:db8::1").tcp(4003, 23),
        .ethernet().ipv4("192.0.2.2", "192.0.2.1").tcp(4003, 25),
        // Fragments, first and later, and one whose first nobody saw.
        .ethernet().ipv4("198.51.100.7", "192.0.2.1", identification: 9, fragment: Fragment(offset: 0, more: true)).udp(1, 80)
            .payload("12345678"),
        .ethernet().ipv4("198.51.100.7", "192.0.2.1", identification: 9, fragment: Fragment(offset: 16, more: false), protocolNumber: 17)
            .payload("12345678"),
        .ethernet().ipv4("198.51.100.7", "192.0.2.1", identification: 10, fragment: Fragment(offset: 16, more: false), protocolNumber: 17)
            .payload("12345678"),
        // A reset and an ICMP error about nothing.
        .ethernet().ipv4("198.51.100.7", "192.0.2.1").tcp(4001, 80, flags: .rst),
        .ethernet().ipv4("198.51.100.7", "192.0.2.1").icmp(type: 3, code: 1).quoting(
            .ethernet().ipv4("192.0.2.1", "198.51.100.7").tcp(1, 2)),
        // Malformed, and not IP.
        .ethernet().ipv4("198.51.100.7", "192.0.2.1", headerWords: 4).tcp(1, 2),
        .ethernet().ipv4("198.51.100.7", "192.0.2.1").udp(1, 2).truncated(to: 38),
        .ethernet(etherType: 0x88cc).payload([UInt8](repeating: 0, count: 46)),
    ]

    /// What was counted, and what was reported, in an order of its own.
    struct Record: Equatable {
        var rules: [String: [UInt64]] = [:]
        var reasons: [PacketEvent.Reason: [UInt64]] = [:]
        var events: [String] = []
    }

    /// Sends the frames and takes down what comes of them.
    static func record(_ mode: EarlyDrop?) async throws -> (record: Record, seenInside: Int) {
        let hosts = try TwoHosts()
        // Nothing of the machines' own is to be counted.
        try hosts.host.run { for name in ["all", "eth0"] { try setting("net/ipv6/conf/\(name)/disable_ipv6", "1") } }
        try hosts.peer.run { for name in ["all", "eth0"] { try setting("net/ipv6/conf/\(name)/disable_ipv6", "1") } }
        let datapath = try hosts.datapath()
        var numbers = RuleNumbers()
        try datapath.install(try policies(), revision: 3, &numbers)
        let protected = try hosts.protect(datapath, mode)
        #expect(protected.map(\.earlyDrop) == [mode])
        #expect(protected.map(\.earlyDropFailure) == [nil])
        var batches = datapath.events().makeAsyncIterator()

        let inside = try hosts.host.run { try PacketSocket(interface: "eth0") }
        let sender = try hosts.peer.run { try PacketSocket(interface: "eth0") }
        for frame in frames { try sender.send(frame.bytes) }
        // The last one of all says that the others have been judged.
        let last = Frame.ethernet().ipv4("192.0.2.2", "192.0.2.1").udp(4444, 5999).payload("last")
        try sender.send(last.bytes)
        var seen = 0
        while let frame = inside.receive(milliseconds: 2_000) {
            if frame == last.bytes { break }
            seen += 1
        }
        var record = Record()
        for (number, counter) in try datapath.counters() {
            record.rules[numbers.key(of: number)?.rule ?? ""] = [counter.packets, counter.bytes, counter.lostEvents]
        }
        let status = try hosts.host.run { try datapath.status() }
        record.reasons = status.reasons.mapValues { [$0.packets, $0.bytes] }
        // The flow that is judged last is told last: it is denied at tc in every mode.
        try sender.send(Frame.ethernet().ipv4("192.0.2.2", "192.0.2.1").udp(4445, 7).payload("end").bytes)
        reading: while let batch = try await batches.next() {
            for event in batch.events {
                if event.sourcePort == 4445 { break reading }
                var event = event
                event.time = 0
                let rule = event.rule.flatMap(numbers.key(of:))?.rule ?? "-"
                event.rule = nil
                record.events.append("\(rule) \(event)")
            }
        }
        record.events.sort()
        try hosts.host.run { try datapath.remove() }
        return (record, seen)
    }

    @Test func allModesCountAndReportAlike() async throws {
        var records: [(record: Record, seenInside: Int)] = []
        for mode in Self.modes { records.append(try await Self.record(mode)) }
        let without = records[0]
        #expect(without.record.rules["bad"]?[0] == 15)
        #expect(without.record.rules["noisy"]?[0] == 3)
        #expect(without.record.rules["silent"]?[0] == 2)
        #expect(without.record.events.filter { $0.hasPrefix("noisy") }.count == 3)
        for (mode, other) in zip(Self.modes, records).dropFirst() {
            #expect(other.record.rules == without.record.rules, "\(String(describing: mode))")
            #expect(other.record.reasons == without.record.reasons, "\(String(describing: mode))")
            #expect(other.record.events == without.record.events, "\(String(describing: mode))")
            // And that it was early that they were dropped: sockets that see all frames no longer see these.
            #expect(other.seenInside < without.seenInside - 12)
        }
    }

    /// A connection of the host's own goes on though the rules would deny what comes back, and one that a new revision denies is cut, as
    /// one that is revoked and not as a packet that a rule drops.
    @Test(arguments: modes) func connectionsAreLookedAtFirst(mode: EarlyDrop?) throws {
        let hosts = try TwoHosts()
        let datapath = try hosts.datapath()
        var numbers = RuleNumbers()
        let peer = AddressMatch([.prefix(try #require(CIDR("192.0.2.2/32"))), .prefix(try #require(CIDR("2001:db8::2/128")))])
        let denied = HostPolicy(name: "denied", ingress: [Rule(name: "peer", action: .deny, remote: peer)])
        try datapath.install([LiveTrafficTests.neighbours, denied], revision: 1, &numbers)
        #expect(try hosts.protect(datapath, mode).map(\.earlyDrop) == [mode])
        for address in TwoHosts.addresses.values {
            let server = try hosts.peer.run { try TestSocket.listener(address.peer, port: 80) }
            let client = try hosts.host.run { try TestSocket(.tcp, family: server.family) }
            #expect(try client.connect(to: address.peer, port: 80) == .connected)
            let accepted = try #require(server.accept())
            accepted.send("hello")
            #expect(client.receive() == "hello")
            let other = try hosts.host.run { try TestSocket.listener(address.host, port: 81) }
            let caller = try hosts.peer.run { try TestSocket(.tcp, family: server.family) }
            #expect(try caller.connect(to: address.host, port: 81, milliseconds: 200) == .timedOut)
            withExtendedLifetime(other) {}
        }
        // The other way round: allowed first, then denied.
        try datapath.install([LiveTrafficTests.neighbours], revision: 2, &numbers)
        let server = try hosts.host.run { try TestSocket.listener("192.0.2.1", port: 82) }
        let client = try hosts.peer.run { try TestSocket(.tcp, family: .v4) }
        #expect(try client.connect(to: "192.0.2.1", port: 82) == .connected)
        let accepted = try #require(server.accept())
        try datapath.install([LiveTrafficTests.neighbours, denied], revision: 3, &numbers)
        client.send("cut")
        #expect(accepted.receive(milliseconds: 200) == nil)
        // Dropped early it would still be there.
        var ports: [UInt16?] = []
        try datapath.forEachFlow { ports.append($0.destinationPort) }
        #expect(ports.contains(80) && !ports.contains(82))
        try hosts.host.run { try datapath.remove() }
    }

    /// Frames larger than a page, and packets that stand for many.
    @Test(arguments: modes) func largePacketsAreCountedAsWhatTheyAre(mode: EarlyDrop?) throws {
        let hosts = try TwoHosts()
        for namespace in [hosts.host, hosts.peer] { try namespace.ip("link", "set", "eth0", "mtu", "9000") }
        let datapath = try hosts.datapath()
        var numbers = RuleNumbers()
        let deny = HostPolicy(
            name: "udp", ingress: [Rule(name: "closed", action: .deny, protocols: [.udp], ports: [PortRange(90)])])
        try datapath.install([deny], revision: 1, &numbers)
        #expect(try hosts.protect(datapath, mode).map(\.earlyDrop) == [mode])
        let text = String(repeating: "x", count: 8_000)
        let sender = try hosts.peer.run { try TestSocket.bound(.udp, "192.0.2.2", port: 0) }
        let open = try hosts.host.run { try TestSocket.bound(.udp, "192.0.2.1", port: 91) }
        let closed = try hosts.host.run { try TestSocket.bound(.udp, "192.0.2.1", port: 90) }
        for port in [90, 91] as [UInt16] { try sender.send(text, to: "192.0.2.1", port: port) }
        #expect(open.receive() == text)
        #expect(closed.receive(milliseconds: 0) == nil)
        let number = try #require(numbers.number(of: RuleKey(policy: "udp", direction: .ingress, rule: "closed")))
        #expect(try datapath.counters()[number] == RuleCounter(packets: 1, bytes: 8_042))
        // Ten datagrams in one packet (UDP_SEGMENT of linux/udp.h, Linux 4.18).
        var size: CInt = 1_400
        #expect(setsockopt(sender.descriptor, CInt(IPPROTO_UDP), 103, &size, socklen_t(MemoryLayout<CInt>.size)) == 0)
        try sender.send(String(repeating: "y", count: 14_000), to: "192.0.2.1", port: 90)
        try sender.send(String(repeating: "z", count: 14_000), to: "192.0.2.1", port: 91)
        for _ in 0..<10 { #expect(open.receive() == String(repeating: "z", count: 1_400)) }
        #expect(try datapath.counters()[number]?.packets == 11)
        // And a stream, which the sender hands over in pieces of up to 64 KiB.
        let server = try hosts.host.run { try TestSocket.listener("192.0.2.1", port: 92) }
        let client = try hosts.peer.run { try TestSocket(.tcp, family: .v4) }
        #expect(try client.connect(to: "192.0.2.1", port: 92) == .connected)
        let accepted = try #require(server.accept())
        let piece = String(repeating: "s", count: 60_000)
        var received = 0
        for _ in 0..<20 {
            client.send(piece)
            while received < 20 * piece.utf8.count, let part = accepted.receive(milliseconds: 20) { received += part.utf8.count }
        }
        while received < 20 * piece.utf8.count, let part = accepted.receive(milliseconds: 2_000) { received += part.utf8.count }
        #expect(received == 20 * piece.utf8.count)
        try hosts.host.run { try datapath.remove() }
    }

    private static func setting(_ path: String, _ value: String) throws {
        let file = open("/proc/sys/\(path)", O_WRONLY)
        try #require(file >= 0, "no /proc/sys/\(path)")
        defer { close(file) }
        try #require(write(file, value, value.utf8.count) == value.utf8.count)
    }
}

extension TwoHosts {
    /// Guards the interface, dropping early in a mode.
    func protect(_ datapath: Datapath, _ mode: EarlyDrop?) throws -> [ProtectedInterface] {
        try host.run {
            try datapath.synchronizeInterfaces(
                InterfaceSelector(["*"], except: ["lo"]),
                earlyDrop: EarlyDropSelection(native: mode == .native ? ["eth*"] : [], generic: mode == .generic ? ["eth*"] : []))
        }
    }
}
