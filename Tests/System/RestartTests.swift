import BPFTesting
import Glibc
import PolicyAPI
import Testing

/// What packets see of a daemon that ends, by its will or not, and of the one after it.
@Suite(.serialized) struct RestartTests {
    static let policy = """
        apiVersion: policyd/v1
        kind: HostPolicy
        metadata: { name: web }
        spec:
          ingress:
            - { name: open, action: allow, protocol: [tcp, udp], ports: [7001, 8080], log: new }
            - { name: rest, action: deny }
        """

    @Test(arguments: [SIGKILL, SIGTERM])
    func verdictsConnectionsAndCountersOutliveTheDaemon(signal: CInt) throws {
        let guarded = try GuardedHost()
        let revision = try #require(try guarded.apply(Self.policy).revision)
        let programs = try guarded.attachedPrograms()
        #expect(programs.count == 2)
        // A stream that is half allowed runs through all that follows.
        let (open, closed) = try guarded.host.run {
            (try NumberedReceiver("192.0.2.1", port: 7001), try NumberedReceiver("192.0.2.1", port: 7002))
        }
        let stream = try guarded.peer.run {
            try NumberedStream(from: "192.0.2.2", to: "192.0.2.1", ports: [7001, 7002], count: 400_000, perMillisecond: 10)
        }
        let listener = try guarded.host.run { try TestSocket.listener("192.0.2.1", port: 8080) }
        let client = try guarded.peer.run { try TestSocket(.tcp, family: .v4) }
        #expect(try client.connect(to: "192.0.2.1", port: 8080, milliseconds: 3000) == .connected)
        let accepted = try #require(listener.accept())
        // Only now, as datagrams that wait for the neighbour's address may be overtaken.
        stream.start()
        #expect(eventually { stream.sent > 100 })
        let before = try (open: guarded.counters("web", "open"), rest: guarded.counters("web", "rest"))
        #expect(before.open.packets > 0 && before.rest.packets > 0)

        let status = try guarded.stop(signal)
        #expect(status == (signal == SIGKILL ? 128 + SIGKILL : 0))
        // Nobody but the kernel is there: old connections go on, new ones are made, and refused.
        let sentAtStop = stream.sent
        client.send("still")
        #expect(accepted.receive() == "still")
        let another = try guarded.peer.run { try TestSocket(.tcp, family: .v4) }
        #expect(try another.connect(to: "192.0.2.1", port: 8080, milliseconds: 3000) == .connected)
        let refused = try guarded.peer.run { try TestSocket(.tcp, family: .v4) }
        #expect(try refused.connect(to: "192.0.2.1", port: 8081, milliseconds: 100) == .timedOut)
        #expect(try guarded.attachedPrograms() == programs)
        #expect(eventually { stream.sent > sentAtStop + 500 })

        try guarded.start()
        let now = try guarded.status()
        #expect(now.daemon.adopted)
        #expect(now.revision?.number == revision)
        #expect(try guarded.attachedPrograms() == programs, "attached anew, with a gap")
        let after = try (open: guarded.counters("web", "open"), rest: guarded.counters("web", "rest"))
        #expect(after.open.packets > before.open.packets && after.open.bytes > before.open.bytes)
        #expect(after.rest.packets >= before.rest.packets + 250, "what was refused without a daemon was not counted")
        // Datagrams without an answer among them.
        let connections = now.maps.filter { ["connections IPv4", "openings IPv4"].contains($0.name) }.reduce(0) { $0 + $1.entries }
        #expect(connections >= 3, "the connections are forgotten")
        client.send("and on")
        #expect(accepted.receive() == "and on")
        accepted.send("back")
        #expect(client.receive() == "back")

        let events = try EventStream(guarded)
        let late = try guarded.peer.run { try TestSocket(.tcp, family: .v4) }
        #expect(try late.connect(to: "192.0.2.1", port: 8080, milliseconds: 3000) == .connected)
        let event = try events.first { $0.sourcePort == late.port && $0.protocol == "tcp" }
        #expect(event?.rule == "open")
        #expect(event?.policy == "web")
        // A change by the new daemon works like any other.
        #expect(try guarded.apply(Self.policy.replacing("8080", with: "8090")).revision == revision + 1)
        client.send("no more")
        #expect(accepted.receive(milliseconds: 200) == nil)

        let sent = stream.stop()
        #expect(sent < 400_000, "the stream was over too early")
        let received = open.drain()
        let isWhole = received == Array(stride(from: 0, to: sent, by: 2))
        #expect(isWhole, "\((Int(sent) + 1) / 2 - received.count) of an allowed flow are lost")
        #expect(closed.drain().isEmpty, "a refused flow got through")
        try guarded.end()
    }

    @Test func aDaemonWithoutItsKernelObjectsPutsTheLastRevisionInForceAgain() throws {
        let guarded = try GuardedHost()
        try guarded.apply(Self.policy)
        let second = try #require(try guarded.apply(Self.policy.replacing("8080", with: "8090")).revision)
        try guarded.stop()
        // As after a reboot.
        Pin.removeAll(in: guarded.pinFolder)
        #expect(try eventually { try guarded.attachedPrograms().isEmpty })
        try guarded.start()
        let status = try guarded.status()
        #expect(!status.daemon.adopted)
        #expect(status.revision?.number == second)
        let listener = try guarded.host.run { try TestSocket.listener("192.0.2.1", port: 8090) }
        let client = try guarded.peer.run { try TestSocket(.tcp, family: .v4) }
        #expect(try client.connect(to: "192.0.2.1", port: 8090, milliseconds: 3000) == .connected)
        withExtendedLifetime(listener) {}
        let refused = try guarded.peer.run { try TestSocket(.tcp, family: .v4) }
        #expect(try refused.connect(to: "192.0.2.1", port: 8080, milliseconds: 100) == .timedOut)
        try guarded.end()
    }
}
