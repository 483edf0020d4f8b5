import BPFTesting
@testable import Datapath
import PolicyCompiler
import PolicyModel
import Testing

/// Rules that end by themselves.
@Suite(.serialized) struct ExpiryTests {
    static let end = Instant(seconds: 1_900_000_000)

    @Test func everyEngineReadsTheTimeAlike() throws {
        let tcp: [ProtocolMatch] = [.tcp]
        let first = HostPolicy(
            name: "first", tier: .admin,
            ingress: [
                Rule(name: "watched", action: .deny, protocols: tcp, mode: .audit, expires: Self.end),
                Rule(name: "later", action: .pass, protocols: tcp, ports: [PortRange(80)], expires: Self.end),
                Rule(name: "open", action: .allow, protocols: tcp, ports: [PortRange(81)], expires: Self.end),
                Rule(name: "shut", action: .reject, protocols: tcp, ports: [PortRange(82)], expires: Self.end),
                Rule(name: "rest", action: .deny, protocols: tcp, ports: [PortRange(80...81)]),
            ])
        let last = HostPolicy(name: "last", ingress: [Rule(name: "http", action: .allow, ports: [PortRange(80)])])
        let policySet = try PolicySet(policies: [first, last])
        let policy = try KernelEngineTests.compiled(policySet)
        let kernel = try KernelEngine(policy)
        for port in [80, 81, 82] as [UInt16] {
            let packet = try KernelEngineTests.packet(.ingress, 6, "192.0.2.1", "192.0.2.9", ports: (40_000, port))
            for seconds in [-1, 0, 1] as [Int64] {
                let time = Instant(seconds: Self.end.seconds + seconds)
                let expected = ReferenceEvaluator(policySet).verdict(for: packet, at: time)
                let isOver = seconds >= 0
                #expect(expected.action == (port == 82 ? (isOver ? .allow : .reject) : (isOver ? .deny : .allow)))
                #expect(expected.audited.isEmpty == isOver)
                #expect(policy.verdict(for: packet, at: time) == expected, "compiled \(port) \(seconds)")
                #expect(try kernel.verdict(for: packet, at: time) == expected, "kernel \(port) \(seconds)")
            }
        }
    }

    /// Behind the last rule of one direction lie those of the other.
    @Test func nothingIsFoundBehindAnExpiredLastRule() throws {
        let policySet = try PolicySet(policies: [
            HostPolicy(
                name: "p", ingress: [Rule(name: "in", action: .allow, expires: Self.end)], egress: [Rule(name: "out", action: .deny)])
        ])
        let policy = try KernelEngineTests.compiled(policySet)
        let packet = try KernelEngineTests.packet(.ingress, 6, "2001:db8::1", "2001:db8::2", ports: (40_000, 80))
        #expect(policy.verdict(for: packet, at: Self.end) == .defaultAllow())
        #expect(try KernelEngine(policy).verdict(for: packet, at: Self.end) == .defaultAllow())
    }

    static func temporary(_ action: Action = .allow) -> HostPolicy {
        HostPolicy(
            name: "web",
            ingress: [
                Rule(
                    name: "guests", action: action, protocols: [.tcp], ports: [PortRange(80)],
                    expires: Instant(seconds: Instant.now.seconds + 3600)),
                Rule(name: "rest", action: .deny),
            ], egress: [Rule(name: "none", action: .deny)])
    }

    /// Allowed by the rule itself, and by what a `pass` that expires led to.
    @Test(arguments: [Action.allow, .pass])
    func aConnectionEndsWithTheRuleThatAllowedIt(action: Action) throws {
        let hosts = try TwoHosts()
        let datapath = try hosts.datapath()
        var numbers = RuleNumbers()
        let all = HostPolicy(name: "all", tier: .baseline, ingress: [Rule(name: "all", action: .allow)])
        try datapath.install([LiveTrafficTests.neighbours, Self.temporary(action), all], revision: 1, &numbers)
        _ = try hosts.protect(datapath)
        let server = try hosts.host.run { try TestSocket.listener("192.0.2.1", port: 80) }
        let client = try hosts.peer.run { try TestSocket(.tcp, family: .v4) }
        #expect(try client.connect(to: "192.0.2.1", port: 80) == .connected)
        let accepted = try #require(server.accept())
        client.send("one")
        #expect(accepted.receive() == "one")

        #expect(datapath.synchronizeClock() == 0)
        #expect(datapath.setWallOffset(WallClock.offset + 7_200_000_000_000) == 7200)
        client.send("two")
        #expect(accepted.receive(milliseconds: 400) == nil)
        let other = try hosts.peer.run { try TestSocket(.tcp, family: .v4) }
        #expect(try other.connect(to: "192.0.2.1", port: 80, milliseconds: 300) == .timedOut)

        // The clock was wrong: with the right one the rule is in force again.
        #expect(datapath.synchronizeClock() == -7200)
        #expect(accepted.receive(milliseconds: 30_000) == "two")
        try hosts.host.run { try datapath.remove() }
    }
}
