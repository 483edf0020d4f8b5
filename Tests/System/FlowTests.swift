import BPFTesting
import Glibc
import PolicyAPI
import Testing

/// Connections as operators see and bound them: `policyctl flows`, `status`, and the settings of policyd.yaml.
@Suite(.serialized) struct FlowTests {
    static let policy = """
        apiVersion: policyd/v1
        kind: HostPolicy
        metadata: { name: web }
        spec:
          ingress:
            - { name: open, action: allow, protocol: tcp, ports: [80] }
            - { name: names, action: allow, protocol: udp, ports: [53] }
            - { name: rest, action: deny, log: none }
          egress:
            - { name: none, action: deny, log: none }
        """

    /// A connection to port 80 of the guarded host, and both of its ends.
    struct Connection {
        let client: TestSocket
        let accepted: TestSocket
        private let server: TestSocket

        init(_ guarded: GuardedHost, _ address: String = "192.0.2.1", _ family: TestSocket.Family = .v4) throws {
            let server = try guarded.host.run { try TestSocket.listener(address, port: 80) }
            self.server = server
            client = try guarded.peer.run { try TestSocket(.tcp, family: family) }
            try #require(try client.connect(to: address, port: 80) == .connected)
            accepted = try #require(server.accept())
        }

        /// The reply passes only because the connection is known.
        func works(_ text: String) -> Bool {
            client.send(text) && accepted.receive() == text && accepted.send("re: " + text) && client.receive() == "re: " + text
        }
    }

    @Test func flowsListsConnectionsWithRuleTrafficAgeAndState() throws {
        let guarded = try GuardedHost()
        try guarded.apply(Self.policy)
        let connections = try GuardedHost.addresses.map { try Connection(guarded, $0.host, $0.family) }
        for connection in connections { #expect(connection.works("hello")) }
        let asker = try guarded.peer.run { try TestSocket.bound(.udp, "192.0.2.2", port: 5_353) }
        try asker.send("name?", to: "192.0.2.1", port: 53)

        let flows: [FlowMessage] = try guarded.done("flows", "-o", "json").json()
        #expect(flows.count == 3)
        let web = try #require(flows.first { $0.protocol == "tcp" && "\($0.source)" == "192.0.2.2" })
        #expect(web.state == .established && web.policy == "web" && web.rule == "open" && "\(web.direction)" == "ingress")
        #expect(web.sourcePort != nil && web.destinationPort == 80 && web.interface == "eth0")
        #expect(web.location?.hasSuffix("applied.yaml:6") == true)
        #expect(web.original.packets >= 3 && web.reply.packets >= 2 && web.original.bytes > 100)
        #expect(web.age >= web.idle && web.remaining > 400_000)
        #expect(flows.first { $0.protocol == "udp" }?.state == .opening)
        // Each filter by itself.
        for (arguments, count) in [
            (["--from", "192.0.2.0/24"], 2), (["--from", "2001:db8::2"], 1), (["--to", "192.0.2.2"], 0), (["--port", "53"], 1),
            (["--port", "5353"], 1), (["--rule", "web/open"], 2), (["--rule", "web"], 3), (["--rule", "other"], 0),
            (["--protocol", "udp"], 1), (["--state", "established"], 2), (["--direction", "egress"], 0), (["--interface", "eth*"], 3),
            (["--limit", "2"], 2), (["--state", "opening", "--port", "80"], 0),
        ] as [([String], Int)] {
            let found: [FlowMessage] = try guarded.policyctl(["flows", "-o", "json"] + arguments).json()
            #expect(found.count == count, "\(arguments)")
        }
        let table = try guarded.done("flows", "--port", "80").output
        #expect(table.contains("established") && table.contains("web/open") && table.contains("[2001:db8::1]:80"))
        #expect(try guarded.done("flows", "--state", "opening", "-o", "yaml").output.contains("destinationPort: 53"))
        #expect(try guarded.policyctl("flows", "--limit", "1").errors.contains("2 connections more"))
        #expect(try guarded.policyctl("flows", "--port", "many").status == 2)
        #expect(try guarded.policyctl("flows", "--state", "asleep").status == 2)
        try guarded.end()
    }

    @Test func aReloadResizesTheTablesAndKeepsConnections() throws {
        let guarded = try GuardedHost(connectionLimit: nil, starting: false)
        func configure(_ text: String) throws -> String { try guarded.folder.file("policyd.yaml", text) }
        let file = try configure("limits: { connections: 2000 }\n")
        try guarded.start(flags: ["--config", file])
        try guarded.apply(Self.policy)
        let connection = try Connection(guarded)
        #expect(connection.works("before"))
        func limits() throws -> [Int] { try guarded.status().maps.filter { $0.evicted != nil }.map(\.limit) }
        #expect(try limits() == [2_000, 2_000, 2_000, 2_000])
        for limit in [5_000, 500] {
            _ = try configure("limits: { connections: \(limit) }\n")
            try guarded.daemon.send(SIGHUP)
            #expect(try eventually { try limits() == [limit, limit, limit, limit] })
            #expect(connection.works("with \(limit)"))
        }
        // A daemon that is started with another size takes it over.
        try guarded.stop(SIGTERM)
        _ = try configure("limits: { connections: 1000 }\n")
        try guarded.start(flags: ["--config", file])
        #expect(try limits() == [1_000, 1_000, 1_000, 1_000])
        #expect(connection.works("after"))
        let flows: [FlowMessage] = try guarded.done("flows", "-o", "json").json()
        #expect(flows.map(\.state) == [.established])
        try guarded.end()
    }

    @Test func aReloadChangesTimeOutsOfConnectionsThatAreThere() throws {
        let guarded = try GuardedHost(starting: false)
        let file = try guarded.folder.file("policyd.yaml", "timeouts: { tcpEstablished: 1d }\n")
        try guarded.start(flags: ["--config", file])
        try guarded.apply(Self.policy)
        let connection = try Connection(guarded)
        #expect(connection.works("before"))
        try guarded.folder.file("policyd.yaml", "timeouts: { tcpEstablished: 1s }\n")
        usleep(1_300_000)
        func count() throws -> Int { try guarded.done("flows", "-o", "json").json([FlowMessage].self).count }
        #expect(try count() == 1)
        try guarded.daemon.send(SIGHUP)
        #expect(try eventually { try count() == 0 })
        // What comes from the inside is not let out any more; what comes in is a first packet, which the rule allows.
        connection.accepted.send("too late")
        #expect(connection.client.receive(milliseconds: 300) == nil)
        try guarded.end()
    }

    @Test func statusTellsOfAFlood() throws {
        let guarded = try GuardedHost()
        try guarded.apply(Self.policy)
        let connection = try Connection(guarded)
        let flood = try guarded.peer.run { () throws(TestingError) in try PacketSocket(interface: "eth0") }
        for number in 0..<40_960 {
            let source = "198.18.\(number >> 8 & 255).\(number & 255)"
            try flood.send(Packet.ethernet().ipv4(source, "192.0.2.1").tcp(UInt16(1_024 + number), 80).bytes)
        }
        let status = try guarded.status()
        let openings = try #require(status.maps.first { $0.name == "openings IPv4" })
        #expect((openings.evicted ?? 0) >= 8 * 4_096)
        #expect(status.maps.first { $0.name == "connections IPv4" }?.evicted == 0)
        let warning = try #require(status.warnings.first { $0.hasPrefix("openings IPv4") })
        #expect(warning.contains("a flood of half-open connections") && warning.contains("limits.connections (4096)"))
        #expect(try guarded.done("status").output.contains("PUSHED OUT"))
        #expect(connection.works("still here"))
        try guarded.end()
    }
}
