import BPFTesting
import Glibc
import PolicyAPI
import Synchronization
import Testing

/// What a stream of packets sees of a change of policy.
@Suite(.serialized) struct SwitchTests {
    static func policy(allowing port: UInt16) -> String {
        """
        apiVersion: policyd/v1
        kind: HostPolicy
        metadata: { name: ports }
        spec:
          ingress: [{ name: open, action: allow, protocol: udp, ports: [\(port)] }, { name: rest, action: deny, log: none }]
        """
    }

    @Test(arguments: GuardedHost.addresses.map(\.family))
    func everyPacketOfAStreamIsJudgedByTheOldOrTheNewPolicy(family: TestSocket.Family) throws {
        let guarded = try GuardedHost()
        try guarded.apply(Self.policy(allowing: 7001))
        let next = try guarded.folder.file("next.yaml", Self.policy(allowing: 7002))
        let addresses = try #require(GuardedHost.addresses.first { $0.family == family })
        let (first, second) = try guarded.host.run {
            (try NumberedReceiver(addresses.host, port: 7001), try NumberedReceiver(addresses.host, port: 7002))
        }
        let stream = try guarded.peer.run {
            try NumberedStream(from: addresses.peer, to: addresses.host, ports: [7001, 7002], count: 100_000)
        }
        stream.start()
        // In the middle of the stream, somewhere.
        #expect(eventually(seconds: 20) { stream.sent > 30_000 })
        try guarded.done("apply", "-f", next)
        let sentAtApply = stream.sent
        #expect(sentAtApply < 100_000, "the stream was over before the switch")
        #expect(stream.finish(seconds: 30) == 100_000)
        // What arrived has been queued by now: sending ends after the receiving side's work, on one processor.
        let old = first.drain()
        let new = second.drain()

        let last = try #require(old.max())
        let begin = try #require(new.min())
        #expect(last < begin, "a packet passed by the old policy after one by the new")
        #expect(begin - last <= 3, "packets between \(last) and \(begin) are lost")
        #expect(begin > 30_000 && begin < sentAtApply + 2)
        // The even numbers went to the first port, the odd to the second.
        #expect(old == Array(stride(from: 0, through: last, by: 2)), "\(Int(last) / 2 + 1 - old.count) lost before the switch")
        #expect(new == Array(stride(from: begin, to: 100_000, by: 2)), "lost after the switch")
        try guarded.end()
    }
}
