import BPF
import BPFTesting
@testable import Datapath
import Glibc
import PolicyCompiler
import PolicyModel
import Testing

/// The tables of connections get another size while packets pass.
@Suite(.serialized) struct ResizeTests {
    @Test func connectionsStayWhenTheirTablesAreResized() throws {
        let hosts = try TwoHosts()
        let datapath = try hosts.datapath(connectionLimit: 1024)
        var numbers = RuleNumbers()
        try datapath.install([LiveTrafficTests.neighbours, LiveTrafficTests.web(80)], revision: 1, &numbers)
        _ = try hosts.protect(datapath)
        let server = try hosts.host.run { try TestSocket.listener("192.0.2.1", port: 80) }
        let client = try hosts.peer.run { try TestSocket(.tcp, family: .v4) }
        #expect(try client.connect(to: "192.0.2.1", port: 80) == .connected)
        let accepted = try #require(server.accept())
        // Replies to the peer's datagrams: the connection alone lets them out.
        let asker = try hosts.peer.run { try NumberedReceiver("192.0.2.2", port: 7_001) }
        let answerer = try hosts.host.run {
            try NumberedStream(from: "192.0.2.1", sourcePort: 80, to: "192.0.2.2", ports: [7_001], count: 1_000_000)
        }
        try hosts.peer.run {
            let opener = BPFTesting.Packet.ethernet().ipv4("192.0.2.2", "192.0.2.1").udp(7_001, 80)
            try PacketSocket(interface: "eth0").send(opener.bytes)
        }
        answerer.start()
        usleep(20_000)
        func flow(_ protocolNumber: UInt8) throws -> Flow? {
            var found: Flow?
            try hosts.host.run { try datapath.forEachFlow { if $0.protocol == protocolNumber { found = $0 } } }
            return found
        }
        var before = try #require(try flow(6))
        for (round, limit) in [4_096, 300, 2_048].enumerated() {
            try datapath.setConnectionLimit(limit)
            #expect(datapath.connectionLimit == limit)
            #expect(datapath.revisionInForce == 1)
            client.send("round \(round)")
            #expect(accepted.receive() == "round \(round)")
            accepted.send("back \(round)")
            #expect(client.receive() == "back \(round)")
            let after = try #require(try flow(6))
            #expect(after.state == .established && after.original.packets > before.original.packets && after.age >= before.age)
            before = after
            let use = try datapath.sweepConnections()
            #expect(use.allSatisfy { $0.limit == limit && $0.evicted == 0 }, "\(use)")
        }
        let sent = answerer.stop()
        usleep(50_000)
        let arrived = asker.drain()
        #expect(sent > 1_000)
        #expect(arrived.count == Int(sent), "\(Int(sent) - arrived.count) of \(sent) were lost")
        // The generation that used the old tables is made anew.
        try datapath.install([LiveTrafficTests.neighbours, LiveTrafficTests.web(80)], revision: 2, &numbers)
        client.send("applied")
        #expect(accepted.receive() == "applied")
        try hosts.host.run { try datapath.remove() }
    }

    @Test func theNextProcessFindsTheNewTables() throws {
        let wire = try BareWire()
        try wire.establish()
        try wire.datapath.setConnectionLimit(512)
        let next = try wire.hosts.datapath()
        #expect(next.adopted && next.connectionLimit == 512)
        #expect(try wire.getsOut(BareWire.toOutside(.ack, seq: 5_001, ack: 1_001)))
        #expect(try next.sweepConnections().first?.used == 1)
        #expect(throws: DatapathError.self, "the policy is not known yet") { try next.setConnectionLimit(256) }
        try wire.end()
    }

    /// A process may end between the switch and the renaming of pins, or before the switch.
    @Test(arguments: [true, false])
    func whatWasLeftHalfDoneIsFinishedOrTakenBack(isSwitched: Bool) throws {
        let wire = try BareWire()
        try wire.establish()
        let shared = wire.hosts.bpffs.path("policyd/shared")
        if isSwitched {
            try wire.datapath.setConnectionLimit(512)
            let own = ["policyd_conn", "policyd_open", "policyd_use", "policyd_swept"]
            for name in Directory.names(in: shared) where own.contains(where: name.hasPrefix) {
                #expect(rename("\(shared)/\(name)", "\(shared)/\(name)_next") == 0)
            }
        } else {
            try ConnectionMaps(creating: 512).pinAsNext(Pins(folder: wire.hosts.bpffs.path("policyd")))
        }
        let next = try wire.hosts.datapath()
        #expect(next.connectionLimit == (isSwitched ? 512 : 1024))
        #expect(!Directory.names(in: shared).contains { $0.hasSuffix("_next") })
        #expect(try next.sweepConnections().first?.used == 1)
        try wire.end()
    }

    @Test func ofMoreThanThereIsRoomForThoseHeardOfLastAreKept() throws {
        let wire = try BareWire()
        for number in 0..<400 as Range<UInt16> { try wire.comesIn(BareWire.toInside(from: 1_000 + number, .syn)) }
        usleep(100_000)
        try wire.establish()
        for number in 0..<100 as Range<UInt16> { try wire.comesIn(BareWire.toInside(from: 1_000 + number, .syn)) }
        try wire.datapath.setConnectionLimit(256)
        let ports = Set(try wire.flows().compactMap(\.sourcePort))
        #expect((0..<100 as Range<UInt16>).allSatisfy { ports.contains(1_000 + $0) })
        #expect(ports.contains(40_000))
        try wire.end()
    }
}
