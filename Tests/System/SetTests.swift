import BPFTesting
import Glibc
import PolicyAPI
import Testing

/// Entries of sets that come and go while the policy stays.
@Suite(.serialized) struct SetTests {
    static let policy = """
        apiVersion: policyd/v1
        kind: HostPolicy
        metadata: { name: web }
        spec:
          ingress:
            - { name: abusers, action: deny, from: ["set:abusers"] }
            - { name: open, action: allow, protocol: udp, ports: [7001] }
            - { name: rest, action: deny }
        ---
        apiVersion: policyd/v1
        kind: AddressSet
        metadata: { name: abusers }
        spec: { addresses: [203.0.113.0/24] }
        """

    /// A server of the guarded host, and clients that ask it anew each time: no connection helps them.
    struct Echo {
        let guarded: GuardedHost
        let servers: [(TestSocket.Family, TestSocket)]

        init(_ guarded: GuardedHost) throws {
            self.guarded = guarded
            servers = try GuardedHost.addresses.map { address in
                (address.family, try guarded.host.run { try TestSocket.bound(.udp, address.host, port: 7001) })
            }
        }

        /// Whether a datagram gets through.
        func passes(_ family: TestSocket.Family = .v4, milliseconds: Int32 = 100) throws -> Bool {
            let address = try #require(GuardedHost.addresses.first { $0.family == family })
            let client = try guarded.peer.run { try TestSocket.bound(.udp, address.peer, port: 0) }
            try client.send("ping", to: address.host, port: 7001)
            return servers.first { $0.0 == family }?.1.echoDatagram(milliseconds: milliseconds) ?? false
        }
    }

    @Test func anEntryWithATimeToLiveBlocksAndThenGoes() throws {
        let guarded = try GuardedHost()
        try guarded.apply(Self.policy)
        let echo = try Echo(guarded)
        let stream = try EventStream(guarded, "--rule", "web/abusers")
        #expect(try echo.passes(milliseconds: 3000))
        let added = ContinuousClock.now
        let change: ChangeMessage = try guarded.done("set", "add", "abusers", "192.0.2.2", "--ttl", "2s", "-o", "json").json()
        #expect(try !echo.passes())
        #expect(try stream.first { $0.verdict == "deny" && $0.source == "192.0.2.2" }?.revision == change.revision)
        let listed: SetEntriesMessage = try guarded.done("set", "list", "abusers", "-o", "json").json()
        #expect(listed.entries.map(\.address).sorted() == ["192.0.2.2", "203.0.113.0/24"])
        #expect(listed.entries.first { $0.address == "192.0.2.2" }?.expires != nil)
        // A daemon that is started again in the meantime keeps the time.
        try guarded.stop(SIGKILL)
        try guarded.start()
        #expect(try eventually(seconds: 8) { try echo.passes() })
        #expect(ContinuousClock.now - added > .seconds(1.9), "it went too early")
        #expect(ContinuousClock.now - added < .seconds(6), "it went too late")
        #expect(try guarded.done("set", "list", "abusers").output.contains("203.0.113.0/24"))
        #expect(try !guarded.done("set", "list", "abusers").output.contains("192.0.2.2"))
        try guarded.end()
    }

    @Test func anEntryWithoutOneStaysUntilItIsRemoved() throws {
        let guarded = try GuardedHost()
        try guarded.apply(Self.policy)
        let echo = try Echo(guarded)
        #expect(try echo.passes(.v6, milliseconds: 3000))
        try guarded.done("set", "add", "abusers", "2001:db8::/120", "192.0.2.0/28")
        #expect(try !echo.passes(.v6))
        #expect(try !echo.passes(.v4))
        // An apply of the policy itself leaves it there.
        try guarded.done("apply", "-f", try guarded.folder.file("again.yaml", Self.policy))
        #expect(try !echo.passes(.v6))
        try guarded.done("set", "remove", "abusers", "2001:db8::/120")
        #expect(try echo.passes(.v6, milliseconds: 3000))
        #expect(try !echo.passes(.v4))
        let some: SetEntriesMessage = try guarded.done("set", "list", "abusers", "192.0.2.5", "-o", "json").json()
        #expect(some.entries.map(\.address) == ["192.0.2.0/28"])
        try guarded.end()
    }

    /// More changes than are read one over the other, among them some that are taken back: all of them are there after a restart, in the
    /// daemon, and where the kernel's tables are gone as well, in these.
    @Test func manyChangesOutliveTheDaemonAndItsTables() throws {
        let guarded = try GuardedHost()
        try guarded.apply(Self.policy)
        let echo = try Echo(guarded)
        var expected: Set<String> = ["203.0.113.0/24"]
        for number in 1...70 {
            try guarded.done("set", "add", "abusers", "198.51.100.\(number)")
            expected.insert("198.51.100.\(number)")
            if number % 10 == 0 {
                try guarded.done("set", "remove", "abusers", "198.51.100.\(number - 5)")
                expected.remove("198.51.100.\(number - 5)")
            }
        }
        try guarded.done("set", "add", "abusers", "192.0.2.2", "2001:db8::2")
        expected.formUnion(["192.0.2.2", "2001:db8::2"])
        func entries() throws -> Set<String> {
            let listed: SetEntriesMessage = try guarded.done("set", "list", "abusers", "-o", "json").json()
            return Set(listed.entries.map(\.address))
        }
        #expect(try entries() == expected)
        let revision = try guarded.revision
        try guarded.stop(SIGKILL)
        try guarded.start()
        #expect(try guarded.revision == revision)
        #expect(try entries() == expected)
        #expect(try !echo.passes(.v4) && !echo.passes(.v6))
        // The tables that were found are changed, too.
        try guarded.done("set", "remove", "abusers", "192.0.2.2")
        #expect(try echo.passes(.v4, milliseconds: 3000) && !echo.passes(.v6))
        try guarded.end()
    }

    @Test func whatCannotBeAddedOrRemovedIsSaid() throws {
        let guarded = try GuardedHost()
        let revision = try guarded.apply(Self.policy).revision
        for (arguments, status, words) in [
            (["set", "add", "abuser", "192.0.2.9"], 1, "did you mean 'abusers'"),
            (["set", "remove", "abusers", "192.0.2.9"], 1, "192.0.2.9"),
            (["set", "remove", "abusers", "203.0.113.0/24"], 1, "document"), (["set", "add", "abusers", "10.0.0.1/8"], 2, "10.0.0.0/8"),
            (["set", "add", "abusers", "example.org"], 2, "example.org"),
            (["set", "add", "abusers", "192.0.2.9", "--ttl", "soon"], 2, "soon"),
            (["set", "list", "nobody"], 1, "nobody"),
        ] as [([String], Int32, String)] {
            let result = try guarded.policyctl(arguments)
            #expect(result.status == status, "\(arguments): \(result.errors)")
            #expect(result.errors.contains(words), "\(arguments): \(result.errors)")
            #expect(result.output.isEmpty)
        }
        #expect(try guarded.revision == revision)
        try guarded.end()
    }
}
