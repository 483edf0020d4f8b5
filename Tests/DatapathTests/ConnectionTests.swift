import BPFTesting
import Datapath
import PolicyCompiler
import PolicyModel
import Testing

/// What belongs to an allowed packet: replies, fragments, ICMP errors. The guarded host lets nothing else out.
@Suite(.serialized) struct ConnectionTests {
    static func guarded(_ hosts: TwoHosts) throws -> Datapath {
        let datapath = try hosts.datapath()
        var numbers = RuleNumbers()
        try datapath.install([LiveTrafficTests.neighbours, LiveTrafficTests.web(80)], revision: 1, &numbers)
        _ = try hosts.protect(datapath)
        return datapath
    }

    @Test(arguments: [TestSocket.Family.v4, .v6])
    func fragmentsShareTheirFirstOnesVerdict(family: TestSocket.Family) throws {
        let hosts = try TwoHosts()
        let datapath = try Self.guarded(hosts)
        let address = try #require(TwoHosts.addresses[family])
        let text = String(repeating: "0123456789", count: 500)
        for port in [80, 81] as [UInt16] {
            let server = try hosts.host.run { try TestSocket.bound(.udp, address.host, port: port) }
            let client = try hosts.peer.run { try TestSocket.bound(.udp, address.peer, port: 0) }
            try client.send(text, to: address.host, port: port)
            // The answer is fragmented too, and is a reply.
            #expect(server.echoDatagram(milliseconds: 300) == (port == 80))
            #expect((client.receive(milliseconds: 300) == text) == (port == 80))
        }
        let reasons = try hosts.host.run { try datapath.status() }.reasons
        // The refused datagram's later fragments follow their first one; none is without.
        #expect(reasons[.fragment]?.packets == 0)
        try hosts.host.run { try datapath.remove() }
    }

    @Test(arguments: [TestSocket.Family.v4, .v6])
    func errorsAboutAnAllowedPacketPass(family: TestSocket.Family) throws {
        let hosts = try TwoHosts()
        let datapath = try Self.guarded(hosts)
        let address = try #require(TwoHosts.addresses[family])
        // Nobody listens: the host answers "port unreachable", which its egress rules alone would not let out.
        let client = try hosts.peer.run { try TestSocket(.udp, family: family) }
        #expect(try client.connect(to: address.host, port: 80) == .connected)
        client.send("anyone?")
        let error = #expect(throws: TestingError.self) { try client.receiveOrFail() }
        #expect(error?.description.contains("ECONNREFUSED") == true || error?.description.contains("refused") == true)
        #expect(try hosts.host.run { try datapath.status() }.reasons[.related]?.packets == 0, "counted with the rule")
        try hosts.host.run { try datapath.remove() }
    }

    @Test func aRefusedFlowIsReportedOnceAnInterval() async throws {
        let hosts = try TwoHosts()
        let datapath = try Self.guarded(hosts)
        var events = datapath.events().makeAsyncIterator()
        let client = try hosts.peer.run { try TestSocket.bound(.udp, "192.0.2.2", port: 0) }
        for _ in 0..<50 { try client.send("x", to: "192.0.2.1", port: 81) }
        // The next interval's first packet tells of those before it.
        try await Task.sleep(for: .milliseconds(1200))
        try client.send("x", to: "192.0.2.1", port: 81)
        var counts: [Int] = []
        while counts.count < 2, let batch = try await events.next() {
            counts += batch.events.filter { $0.destinationPort == 81 }.map(\.count)
        }
        #expect(counts == [1, 50])
        try hosts.host.run { try datapath.remove() }
    }
}
