import BPFTesting
import Glibc
import PolicyAPI
import Testing

/// `policyctl events`: what is kept, what is followed, what is filtered, how it looks.
@Suite(.serialized) struct EventTests {
    /// A guarded host that has seen one datagram to each of four ports in each family; 7001 and 7002 are allowed.
    static func host() throws -> GuardedHost {
        let guarded = try GuardedHost()
        try guarded.apply(
            """
            apiVersion: policyd/v1
            kind: HostPolicy
            metadata: { name: ports }
            spec:
              ingress:
                - { name: first, action: allow, protocol: udp, ports: [7001], log: new }
                - { name: second, action: allow, protocol: udp, ports: [7002], log: new }
                - { name: rest, action: deny, protocol: udp }
            """)
        for address in GuardedHost.addresses {
            // Servers, so that no ICMP errors go back and forth.
            let servers = try guarded.host.run { try (7001...7004).map { try TestSocket.bound(.udp, address.host, port: $0) } }
            for port in 7001...7004 as ClosedRange<UInt16> { try send(guarded, address.peer, to: address.host, port: port) }
            withExtendedLifetime(servers) {}
        }
        #expect(try eventually { try kept(guarded).count == 8 })
        return guarded
    }

    private static func send(_ guarded: GuardedHost, _ from: String, to: String, port: UInt16) throws {
        let client = try guarded.peer.run { try TestSocket.bound(.udp, from, port: port + 1000) }
        try client.send("x", to: to, port: port)
    }

    private static func kept(_ guarded: GuardedHost, _ filters: String...) throws -> [Event] {
        let output = try guarded.policyctl(["events", "-o", "json", "--last", "1000", "--protocol", "udp"] + filters)
        #expect(output.status == 0, "\(output.errors)")
        return try Event.lines(output.output)
    }

    @Test func filtersLetThroughWhatTheyName() throws {
        let guarded = try Self.host()
        for (filters, ports) in [
            (["--verdict", "allow"], [7001, 7002, 7001, 7002]), (["--verdict", "deny"], [7003, 7004, 7003, 7004]),
            (["--rule", "ports/second"], [7002, 7002]), (["--rule", "essentials"], []), (["--port", "7004"], [7004, 7004]),
            (["--port", "8003"], [7003, 7003]), (["--from", "192.0.2.0/24"], [7001, 7002, 7003, 7004]),
            (["--from", "192.0.2.1"], []), (["--to", "2001:db8::/32", "--verdict", "deny"], [7003, 7004]),
            (["--direction", "egress"], []), (["--interface", "eth*", "--port", "7001"], [7001, 7001]), (["--interface", "!eth*"], []),
        ] as [([String], [UInt16])] {
            let output = try guarded.policyctl(["events", "-o", "json", "--last", "1000"] + ["--protocol", "udp"] + filters)
            #expect(try Event.lines(output.output).compactMap(\.destinationPort) == ports, "\(filters)")
        }
        #expect(try Event.lines(guarded.done("events", "-o", "json", "--last", "3", "--protocol", "udp").output).map(\.destinationPort) == [7002, 7003, 7004])
        #expect(try guarded.done("events", "-o", "json", "--last", "0").output.isEmpty)
        #expect(try guarded.policyctl("events", "--verdict", "maybe").status == 2)
        #expect(try guarded.policyctl("events", "--from", "10.0.0.1/8").status == 2)
        try guarded.end()
    }

    @Test func followingAfterTheKeptOnesLosesAndDoublesNone() throws {
        let guarded = try Self.host()
        let stream = try EventStream(guarded, "--last", "2", "--follow", "--protocol", "udp")
        try Self.send(guarded, "192.0.2.2", to: "192.0.2.1", port: 7005)
        #expect(try stream.first { $0.destinationPort == 7005 }?.rule == "rest")
        #expect(try stream.events.map(\.destinationPort) == [7003, 7004, 7005])
        // The stream ends with the daemon, and says why.
        let follower = try guarded.launchPolicyctl(["events"])
        #expect(try eventually { try guarded.status().events.followers == 2 })
        try guarded.stop()
        #expect(follower.wait(seconds: 5) == 3)
        #expect(follower.errors.contains("the daemon ended the stream"), "\(follower.errors)")
        try guarded.end()
    }

    @Test func linesAreColouredOnATerminalOnly() throws {
        let guarded = try Self.host()
        let last = ["events", "--last", "2", "--protocol", "udp", "--port", "7001"]
        let plain = try guarded.policyctl(last)
        let lines = plain.output.split(separator: "\n")
        #expect(lines.count == 2)
        #expect(!plain.output.contains("\u{1b}"))
        for (line, words) in zip(
            lines, [["allow", "ingress", "eth0", "udp", "192.0.2.2:8001", "→", "192.0.2.1:7001", "ports/first", "rule"],
                ["allow", "ingress", "eth0", "udp", "[2001:db8::2]:8001", "→", "[2001:db8::1]:7001", "ports/first", "rule"]]) {
            #expect(line.split(separator: " ").dropFirst().map(String.init) == words, "\(line)")
        }
        #expect(try guarded.policyctl(last + ["--color", "always"]).output.contains("\u{1b}[32m"))
        // A terminal: script(1) makes one.
        let command = ([Programs.policyctl] + last + ["--socket", guarded.socket]).joined(separator: " ")
        for (environment, isColoured) in [(["TERM=xterm", "NO_COLOR="], true), (["TERM=xterm", "NO_COLOR=1"], false), (["TERM=dumb"], false)] {
            let terminal = try ChildProcess(
                ["script", "-qec", command, "/dev/null"], folder: guarded.folder.path, name: "terminal", environment: environment)
            #expect(terminal.wait(seconds: 10) == 0)
            #expect(terminal.output.contains("ports/first"), "\(terminal.output)\(terminal.errors)")
            #expect(terminal.output.contains("\u{1b}") == isColoured, "\(environment): \(terminal.output)")
        }
        try guarded.end()
    }
}
