import BPFTesting
import Datapath
import PolicyCompiler
import PolicyModel
import Testing

/// Half-open connections from forged addresses, ten times as many as the tables hold.
@Suite(.serialized) struct FloodTests {
    @Test(arguments: [TestSocket.Family.v4, .v6])
    func aFloodOfOpeningsLeavesEstablishedConnectionsAlone(family: TestSocket.Family) throws {
        let hosts = try TwoHosts()
        let limit = 1024
        let datapath = try hosts.datapath(connectionLimit: limit)
        var numbers = RuleNumbers()
        try datapath.install([LiveTrafficTests.neighbours, LiveTrafficTests.web(80, log: Rule.Log.none)], revision: 1, &numbers)
        _ = try hosts.protect(datapath)
        let address = try #require(TwoHosts.addresses[family])
        let server = try hosts.host.run { try TestSocket.listener(address.host, port: 80) }
        var pairs: [(client: TestSocket, accepted: TestSocket)] = []
        for _ in 0..<20 {
            let client = try hosts.peer.run { try TestSocket(.tcp, family: family) }
            #expect(try client.connect(to: address.host, port: 80) == .connected)
            pairs.append((client, try #require(server.accept())))
        }
        let flood = try hosts.peer.run { () throws(TestingError) in try PacketSocket(interface: "eth0") }
        let ipFamily: IPAddress.Family = family == .v4 ? .v4 : .v6
        for number in 0..<(10 * limit) {
            let source = family == .v4 ? "198.18.\(number >> 8 & 255).\(number & 255)" : "2001:db8:1::\(String(number, radix: 16))"
            let frame = BPFTesting.Packet.ethernet()
            let packet = family == .v4 ? frame.ipv4(source, address.host) : frame.ipv6(source, address.host)
            try flood.send(packet.tcp(UInt16(1_024 + number), 80).bytes)
            // Half of the connections go on meanwhile, in both directions; the others say nothing until it is over.
            if number % 512 == 0 {
                for (number, pair) in pairs.prefix(10).enumerated() {
                    #expect(pair.client.send("in \(number)") && pair.accepted.receive() == "in \(number)")
                    #expect(pair.accepted.send("out \(number)") && pair.client.receive() == "out \(number)")
                }
            }
        }
        let status = try hosts.host.run { try datapath.status() }
        let openings = try #require(status.connections(ipFamily, opening: true))
        #expect(openings.used <= limit)
        #expect(openings.evicted >= UInt64(8 * limit), "\(openings)")
        #expect(openings.evictedLately == openings.evicted && openings.isFlooded)
        let established = try #require(status.connections(ipFamily))
        #expect(established.used == 20 && established.evicted == 0 && !established.isFlooded)
        for (number, pair) in pairs.enumerated() {
            // The quiet ones speak from the inside first: only the connection lets that out.
            #expect(pair.accepted.send("still \(number)") && pair.client.receive() == "still \(number)")
            #expect(pair.client.send("here \(number)") && pair.accepted.receive() == "here \(number)")
        }
        // A new one gets through as well.
        let client = try hosts.peer.run { try TestSocket(.tcp, family: family) }
        #expect(try client.connect(to: address.host, port: 80) == .connected)
        // What was evicted stays counted, and nothing is counted twice.
        let again = try #require(try hosts.host.run { try datapath.status() }.connections(ipFamily, opening: true))
        #expect(again.evicted >= openings.evicted && again.evicted < openings.evicted + 512)
        try hosts.host.run { try datapath.remove() }
    }

    /// Without eviction in the kernel's accounts there is none.
    @Test func openingsThatFitAreNotEvicted() throws {
        let wire = try BareWire()
        for number in 0..<200 as Range<UInt16> { try wire.comesIn(BareWire.toInside(from: 1_000 + number, .syn)) }
        let use = try #require(try wire.datapath.sweepConnections().first { $0.family == .v4 && $0.isOpening })
        #expect(use.used == 200 && use.evicted == 0 && !use.isFlooded)
        try wire.end()
    }
}
