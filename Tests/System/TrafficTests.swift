import BPFTesting
import PolicyAPI
import Testing

/// Real clients and servers on either side of a guarded host: what connects, what does not, and what the events say of it.
@Suite(.serialized) struct TrafficTests {
    static let policy = """
        apiVersion: policyd/v1
        kind: HostPolicy
        metadata: { name: web }
        spec:
          ingress:
            - { name: http, action: allow, protocol: tcp, ports: [8080, 9000-9001], log: new }
            - { name: names, action: allow, protocol: udp, ports: [5353], log: new }
            - { name: six, action: allow, ports: [7000], from: "2001:db8::/64", log: new }
            - { name: four, action: allow, ports: [7001], from: 192.0.2.0/24, log: new }
            - { name: shut, action: deny, ports: [6000] }
            - { name: rest, action: deny }
          egress:
            - { name: mail, action: allow, protocol: tcp, ports: [6000], log: new }
            - { name: out, action: allow, ports: [9002], to: [192.0.2.2, "2001:db8::2"], log: new }
            - { name: none, action: deny }
        """

    /// What is meant to happen, written down once more, not derived: the rule and whether it lets through.
    static func expected(_ way: Way) -> (rule: String, isAllowed: Bool) {
        switch (way.isIngress, way.kind, way.port, way.family) {
        case (true, .tcp, 8080, _), (true, .tcp, 9000, _), (true, .tcp, 9001, _): ("http", true)
        case (true, .udp, 5353, _): ("names", true)
        case (true, _, 7000, .v6): ("six", true)
        case (true, _, 7001, .v4): ("four", true)
        case (true, _, 6000, _): ("shut", false)
        case (true, _, _, _): ("rest", false)
        case (false, .tcp, 6000, _): ("mail", true)
        case (false, _, 9002, _): ("out", true)
        case (false, _, _, _): ("none", false)
        }
    }

    /// One combination that is tried.
    struct Way {
        var isIngress: Bool
        var family: TestSocket.Family
        var kind: TestSocket.Kind
        var port: UInt16
    }

    @Test(arguments: ["auto", "clsact"])
    func everyClientGetsWhatThePolicySaysAndAnEventThatNamesTheRule(attachment: String) throws {
        let guarded = try GuardedHost(flags: ["--attach", attachment])
        let revision = try #require(try guarded.apply(Self.policy).revision)
        #expect(try guarded.status().interfaces.map(\.attachment) == [attachment == "auto" ? "tcx" : "clsact"])
        let stream = try EventStream(guarded)
        var tried: [(way: Way, from: UInt16)] = []
        // A port of each kind on clsact: what differs is how packets get to the program, not what it says of them.
        let ports: [UInt16] = attachment == "auto" ? [8080, 8999, 9000, 9001, 5353, 7000, 7001, 6000, 9002] : [8080, 7000, 9002]
        for isIngress in [true, false] {
            for (family, host, peer) in GuardedHost.addresses {
                for kind in [TestSocket.Kind.tcp, .udp] {
                    let ways = ports.map { Way(isIngress: isIngress, family: family, kind: kind, port: $0) }
                    let (inside, client) = isIngress ? (guarded.host, guarded.peer) : (guarded.peer, guarded.host)
                    let (server, own) = isIngress ? (host, peer) : (peer, host)
                    for attempt in try attempts(ways, at: server, in: inside, from: own, in: client) {
                        #expect(attempt.gotThrough == Self.expected(attempt.way).isAllowed, "\(attempt.way)")
                        tried.append((attempt.way, attempt.port))
                    }
                }
            }
        }
        for (way, from) in tried {
            let event = try stream.first {
                $0.sourcePort == from && $0.destinationPort == way.port && $0.protocol == "\(way.kind)"
                    && $0.direction == (way.isIngress ? "ingress" : "egress") && ($0.source?.contains(":") == (way.family == .v6))
            }
            let expected = Self.expected(way)
            let addresses = try #require(GuardedHost.addresses.first { $0.family == way.family })
            #expect(event?.rule == expected.rule, "\(way)")
            #expect(event?.policy == "web")
            #expect(event?.tier == "application")
            #expect(event?.verdict == (expected.isAllowed ? "allow" : "deny"), "\(way)")
            #expect(event?.reason == "rule")
            #expect(event?.revision == revision)
            #expect(event?.interface == "eth0")
            #expect(event?.source == (way.isIngress ? addresses.peer : addresses.host))
            #expect(event?.destination == (way.isIngress ? addresses.host : addresses.peer))
        }
        if attachment == "auto" {
            try guarded.end()
        } else {
            #expect(try guarded.host.run(command: "tc", "qdisc", "show", "dev", "eth0").output.contains("clsact"))
            try guarded.done("down", "--yes")
            #expect(try !guarded.host.run(command: "tc", "qdisc", "show", "dev", "eth0").output.contains("clsact"))
            #expect(guarded.bpffs.pins.isEmpty)
        }
    }

    /// One try: the port the client had, and whether what it sent came through and the answer came back.
    struct Attempt {
        var way: Way
        var port: UInt16
        var gotThrough: Bool
    }

    /// Tries all ports of one protocol together, so that those that are refused time out at the same time.
    private func attempts(
        _ ways: [Way], at server: String, in serverSide: NetworkNamespace, from client: String, in clientSide: NetworkNamespace
    ) throws -> [Attempt] {
        let kind = ways.first?.kind ?? .tcp
        var made: [(way: Way, server: TestSocket, client: TestSocket)] = []
        for way in ways {
            let listener = try serverSide.run {
                try kind == .tcp ? TestSocket.listener(server, port: way.port) : TestSocket.bound(.udp, server, port: way.port)
            }
            made.append((way, listener, try clientSide.run { try TestSocket.bound(kind, client, port: 0) }))
        }
        func isMeant(_ way: Way) -> Bool { Self.expected(way).isAllowed }
        switch kind {
        case .tcp:
            // Those that connect are given time; those that do not have begun all together.
            for (way, _, client) in made where !isMeant(way) { _ = try client.connect(to: server, port: way.port, milliseconds: 0) }
            let results = try made.filter { isMeant($0.way) }.map { way, listener, client in
                let outcome = try client.connect(to: server, port: way.port, milliseconds: 3000)
                return Attempt(way: way, port: client.port, gotThrough: outcome == .connected && echoes(client, listener))
            }
            return results
                + made.filter { !isMeant($0.way) }.map { way, listener, client in
                    Attempt(way: way, port: client.port, gotThrough: listener.accept(milliseconds: 30) != nil)
                }
        case .udp:
            for (way, _, client) in made { try client.send("ping", to: server, port: way.port) }
            return made.map { way, listener, client in
                let milliseconds: CInt = isMeant(way) ? 3000 : 30
                let arrived = listener.echoDatagram(milliseconds: milliseconds)
                return Attempt(way: way, port: client.port, gotThrough: arrived && client.receive(milliseconds: milliseconds) == "ping")
            }
        }
    }

    private func echoes(_ client: TestSocket, _ listener: TestSocket) -> Bool {
        guard let accepted = listener.accept() else { return false }
        client.send("hello")
        guard accepted.receive() == "hello" else { return false }
        accepted.send("reply")
        return client.receive() == "reply"
    }

    @Test(arguments: GuardedHost.addresses.map(\.family), [true, false])
    func aNewPolicyCutsAnEstablishedConnectionAtItsNextPacket(family: TestSocket.Family, isIngress: Bool) throws {
        let guarded = try GuardedHost()
        func policy(allowing port: UInt16) -> String {
            """
            apiVersion: policyd/v1
            kind: HostPolicy
            metadata: { name: web }
            spec:
              ingress: [{ name: in, action: allow, ports: [\(port)] }, { name: not-in, action: deny }]
              egress: [{ name: out, action: allow, ports: [\(port)] }, { name: not-out, action: deny }]
            """
        }
        try guarded.apply(policy(allowing: 8080))
        let stream = try EventStream(guarded, "--verdict", "deny")
        let addresses = try #require(GuardedHost.addresses.first { $0.family == family })
        let (server, clients, address) =
            isIngress ? (guarded.host, guarded.peer, addresses.host) : (guarded.peer, guarded.host, addresses.peer)
        let listener = try server.run { try TestSocket.listener(address, port: 8080) }
        let client = try clients.run { try TestSocket(.tcp, family: family) }
        #expect(try client.connect(to: address, port: 8080, milliseconds: 3000) == .connected)
        let accepted = try #require(listener.accept())
        client.send("one")
        #expect(accepted.receive() == "one")
        accepted.send("two")
        #expect(client.receive() == "two")

        let revision = try #require(try guarded.apply(policy(allowing: 8081)).revision)
        client.send("three")
        #expect(accepted.receive(milliseconds: 300) == nil)
        accepted.send("four")
        #expect(client.receive(milliseconds: 300) == nil)
        let event = try stream.first { $0.revision == revision && $0.protocol == "tcp" && $0.destinationPort == 8080 }
        #expect(event?.policy == "web")
        #expect(event?.rule == (isIngress ? "not-in" : "not-out"))
        #expect(event?.direction == (isIngress ? "ingress" : "egress"))

        // Allowed once more, what was sent again in the meantime arrives: the connection was never closed.
        try guarded.apply(policy(allowing: 8080))
        #expect(accepted.receive(milliseconds: 8000) == "three")
        #expect(client.receive(milliseconds: 8000) == "four")
        try guarded.end()
    }
}
