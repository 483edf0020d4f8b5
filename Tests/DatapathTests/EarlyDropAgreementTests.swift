import BPF
import BPFTesting
@testable import Datapath
import Glibc
import Logging
import PolicyCompiler
import PolicyModel
import PolicyTesting
import Testing

/// Random policies and packets: what is dropped at XDP is what tc denies, by the same rule, and counted alike.
@Suite struct EarlyDropAgreementTests {
    // Verdicts of linux/bpf.h and linux/pkt_cls.h.
    static let drop: UInt32 = 1
    static let pass: UInt32 = 2
    static let shot: UInt32 = 2

    /// A guarded host with nothing but a loopback interface, on which test-runs happen, and the programs that are attached to it.
    final class LoneHost {
        let namespace: NetworkNamespace
        let bpffs: PrivateBPFFS
        let datapath: Datapath

        init() throws {
            namespace = try NetworkNamespace()
            bpffs = try PrivateBPFFS()
            let bpffs = bpffs
            datapath = try namespace.run {
                let datapath = try Datapath(
                    DatapathConfiguration(bpffs: bpffs.path("policyd"), connectionLimit: 1024),
                    logger: Logger(label: "test", factory: RecordingLog.init))
                let protected = try datapath.synchronizeInterfaces(.all, earlyDrop: EarlyDropSelection(generic: ["lo"]))
                #expect(protected.map(\.earlyDrop) == [.generic])
                return datapath
            }
        }

        /// What a program that is attached answers to each frame.
        func answers(_ program: String, _ frames: [[UInt8]]) throws -> [UInt32] {
            let path = bpffs.path("policyd/\(program)")
            return try namespace.run {
                let program = try Program(pinnedAt: path)
                return try frames.map { try program.testRun(data: $0).returnValue }
            }
        }

        func early(_ frames: [[UInt8]]) throws -> [UInt32] { try answers("early/generic-\(EarlyPrograms.ownBuild)-entry", frames) }
        func late(_ frames: [[UInt8]]) throws -> [UInt32] { try answers("entry/policyd_ingress", frames) }

        /// Packets and bytes by rule and reason, since the counts before.
        func counts() throws -> [UInt32: RuleCounter] {
            let status = try namespace.run { try datapath.status() }
            var all = try datapath.counters()
            for (index, reason) in PacketEvent.Reason.allCases.enumerated() { all[1_000_000 + UInt32(index)] = status.reasons[reason] }
            return all
        }
    }

    /// The first ingress rules, up to the last that denies before a rule for everything: those that may be acted on early.
    static func denials(_ policySet: PolicySet) -> Set<RuleKey> {
        Set(
            policySet.rules(.ingress).prefix { !$0.1.matchesEverything }.filter { $0.1.action == .deny }
                .map { RuleKey(policy: $0.0.name, direction: .ingress, rule: $0.1.name) })
    }

    @Test(arguments: 0..<30)
    func whatIsDroppedEarlyIsDeniedByTheSameRule(round: Int) throws {
        var limits = PolicyGenerator.Limits()
        limits.interfaces = ["lo"]
        var generator = PolicyGenerator(seed: 40_000 + UInt64(round), limits: limits)
        let host = try LoneHost()
        var dropped = 0
        for revision in 1...4 as ClosedRange<UInt32> {
            let policySet = generator.policySet()
            var packets: [PolicyModel.Packet] = []
            while packets.count < 150 {
                var packet = generator.packet(for: policySet)
                packet.direction = .ingress
                packet.interface = "lo"
                if !packet.isExtensionHeader { packets.append(packet) }
            }
            var numbers = RuleNumbers()
            let given = numbers.assign(for: policySet, revision: revision)
            let policy = try CompiledPolicy.compile(policySet, revision: revision, numbers: numbers, interfaces: ["lo"])
            try host.datapath.install(policy, newNumbers: given)
            // The clock goes on: away from the moments at which rules expire.
            let judged = Instant(seconds: PolicyGenerator.time.seconds + 30)
            let sinceBoot = Int64(time(nil)) * 1_000_000_000 - WallClock.offset
            host.datapath.setWallOffset(judged.seconds * 1_000_000_000 - sinceBoot)

            let early = try host.early(packets.map(\.frame))
            let reference = ReferenceEvaluator(policySet)
            let denials = Self.denials(policySet)
            for (packet, answer) in zip(packets, early) {
                let verdict = reference.verdict(for: packet, at: judged)
                var isDue = false
                if let policy = verdict.policy, let rule = verdict.rule, verdict.action == .deny, verdict.audited.isEmpty {
                    isDue = denials.contains(RuleKey(policy: policy, direction: .ingress, rule: rule))
                }
                // Those are judged at tc, whatever rules say: they may answer something.
                if packet.isICMPError { isDue = false }
                #expect(answer == (isDue ? Self.drop : Self.pass), "\(packet) \(verdict)")
            }
            let frames = zip(packets, early).filter { $1 == Self.drop }.map(\.0.frame)
            dropped += frames.count

            // The same packets once more, at XDP and then at tc.
            let before = try host.counts()
            #expect(try host.early(frames).allSatisfy { $0 == Self.drop })
            let between = try host.counts()
            #expect(try host.late(frames).allSatisfy { $0 == Self.shot })
            let after = try host.counts()
            for (place, counter) in after {
                let early = RuleCounter(difference: between[place], before[place])
                let late = RuleCounter(difference: counter, between[place])
                #expect(early == late, "\(place)")
            }
        }
        #expect(dropped > 0 || round != 0)
        try host.namespace.run { try host.datapath.remove() }
    }

    /// Frames that are not what they seem: whatever XDP drops, tc denies, and XDP drops none of those tc lets through.
    @Test func oddFramesAreNeverDroppedWhereTCLetsThemPass() throws {
        let bad = AddressMatch([.prefix(try #require(CIDR("198.51.100.0/24"))), .prefix(try #require(CIDR("2001:db8:bad::/48")))])
        let host = try LoneHost()
        var numbers = RuleNumbers()
        try host.datapath.install(
            [HostPolicy(name: "bad", ingress: [Rule(name: "all", action: .deny, remote: bad)])], revision: 1, &numbers)
        let whole = [
            BPFTesting.Packet.ethernet().ipv4("198.51.100.7", "192.0.2.1", options: [7, 3, 4]).tcp(1, 2).payload("hello"),
            BPFTesting.Packet.ethernet(vlans: [7]).ipv4("198.51.100.7", "192.0.2.1").udp(1, 2).payload("hello"),
            BPFTesting.Packet.ethernet(vlans: [7, 8]).ipv6("2001:db8:bad::7", "2001:db8::1").udp(1, 2),
            BPFTesting.Packet.ethernet().ipv6("2001:db8:bad::7", "2001:db8::1", extensions: [.hopByHop(), .authentication()]).tcp(1, 2),
            BPFTesting.Packet.ethernet().ipv4("198.51.100.7", "192.0.2.1").icmp(type: 8),
        ]
        #expect(try host.early(whole.map(\.bytes)).allSatisfy { $0 == Self.drop })
        // Cut at every byte, and with every byte of the headers turned over.
        var frames: [[UInt8]] = []
        for packet in whole {
            let bytes = packet.bytes
            frames += (15..<bytes.count).map { Array(bytes[..<$0]) }
            for place in bytes.indices {
                var changed = bytes
                changed[place] = ~changed[place]
                frames.append(changed)
            }
        }
        let early = try host.early(frames)
        let dropped = zip(frames, early).filter { $1 == Self.drop }.map(\.0)
        #expect(!dropped.isEmpty && dropped.count < frames.count / 2)
        #expect(try host.late(dropped).allSatisfy { $0 == Self.shot })
        // What tc judges by more than its rules.
        let others = [
            BPFTesting.Packet.ethernet().ipv4("198.51.100.7", "192.0.2.1", fragment: Fragment(offset: 0, more: true)).udp(1, 2).payload(
                "12345678"),
            BPFTesting.Packet.ethernet().ipv4("198.51.100.7", "192.0.2.1", fragment: Fragment(offset: 8, more: false)).payload("12345678"),
            BPFTesting.Packet.ethernet().ipv6("2001:db8:bad::7", "2001:db8::1", extensions: [.fragment(Fragment(offset: 0, more: true))])
                .udp(1, 2),
            BPFTesting.Packet.ethernet().ipv4("198.51.100.7", "192.0.2.1").tcp(1, 2, flags: .rst),
            BPFTesting.Packet.ethernet().ipv4("198.51.100.7", "192.0.2.1").icmp(type: 3, code: 13)
                .quoting(.ethernet().ipv4("192.0.2.1", "198.51.100.7").tcp(1, 2)),
            BPFTesting.Packet.ethernet(etherType: 0x0806).payload([UInt8](repeating: 0, count: 28)),
        ]
        #expect(try host.early(others.map(\.bytes)).allSatisfy { $0 == Self.pass })
        try host.namespace.run { try host.datapath.remove() }
    }
}

extension RuleCounter {
    init(difference now: RuleCounter?, _ before: RuleCounter?) {
        self.init(
            packets: (now?.packets ?? 0) - (before?.packets ?? 0), bytes: (now?.bytes ?? 0) - (before?.bytes ?? 0),
            lostEvents: (now?.lostEvents ?? 0) - (before?.lostEvents ?? 0))
    }
}

extension PolicyModel.Packet {
    /// Whether it speaks of another packet.
    var isICMPError: Bool {
        switch `protocol` {
        case 1 where family == .v4: [3, 4, 5, 11, 12].contains(icmpType)
        case 58 where family == .v6: (1...4).contains(icmpType)
        default: false
        }
    }
}
