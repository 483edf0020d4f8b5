import BPF
import BPFTesting
import Datapath
import FoundationEssentials
import Logging
import PolicyCompiler
import PolicyModel
import PolicyTesting
import Testing

/// The kernel's own packet filter as a witness: the same policies in nftables' words, the same frames, the same ones arriving.
///
/// Each frame begins a flow of its own, so that connections, which only one side keeps, matter to none.
@Suite(.serialized) struct NftablesWitnessTests {
    @Test func `nftables and policyd let the same packets through`() throws {
        let ours = try Wire()
        let theirs = try Wire()
        let guardian = try Guardian(ours)
        defer { guardian.remove() }
        // Other policies each time; a failure tells its seed.
        let start = UInt64.random(in: 0..<1 << 40)
        var judged = 0
        var allowed = 0
        for seed in start..<start + 40 {
            var generator = PolicyGenerator(seed: seed)
            generator.limits.interfaces = ["eth0"]
            let policySet = try Self.common(generator.policySet())
            let packets = Self.packets(&generator, policySet, count: 250)
            func difference(_ policySet: PolicySet) throws -> String? {
                try guardian.install(policySet)
                try theirs.load(NftablesSyntax(policySet: policySet, interface: "eth0").text)
                let expected = ReferenceEvaluator(policySet)
                let passing = Set(packets.indices.filter { expected.verdict(for: packets[$0]).action == .allow })
                let (mine, witnessed) = (try ours.arriving(packets, expected: passing), try theirs.arriving(packets, expected: passing))
                (judged, allowed) = (judged + packets.count, allowed + witnessed.count)
                guard let first = packets.indices.first(where: { mine.contains($0) != witnessed.contains($0) }) else {
                    // Both agree; then the reference has to as well.
                    return passing == witnessed ? nil : "both differ from the reference on \(passing.symmetricDifference(witnessed).count)"
                }
                let words =
                    mine.contains(first) ? "policyd lets it through, nftables does not" : "nftables lets it through, policyd does not"
                return "\(words): \(packets[first].jsonLine)"
            }
            // A frame that a busy machine has lost does not get lost again.
            guard try difference(policySet) != nil, try difference(policySet) != nil else { continue }
            let smallest = try PolicyShrinker.minimize(policySet) { try difference($0) != nil }
            let words = try difference(smallest) ?? "it went away"
            Issue.record("seed \(seed): \(words)\n\(smallest.policies)\n\(NftablesSyntax(policySet: smallest, interface: "eth0").text)")
            return
        }
        #expect(judged >= 30 * 200 && allowed > judged / 10 && allowed < judged * 9 / 10, "\(allowed) of \(judged)")
    }

    /// The test above fails where the two do not say the same.
    @Test func `a port that nftables was not told of is noticed`() throws {
        let theirs = try Wire()
        let told = HostPolicy(name: "a", ingress: [Rule(name: "a", action: .deny, protocols: [.udp], ports: [PortRange(53)])])
        let policySet = try PolicySet(policies: [told])
        try theirs.load(NftablesSyntax(policySet: policySet, interface: "eth0").text)
        let packets = try [52, 53].map { port in
            PolicyModel.Packet(
                direction: .ingress, interface: "eth0", protocol: 17, source: try #require(IPAddress("192.0.2.7")),
                destination: try #require(IPAddress("192.0.2.1")), sourcePort: 4_000, destinationPort: port)
        }
        #expect(try theirs.arriving(packets, expected: [0]) == [0])
        #expect(try theirs.arriving(packets, expected: [0, 1]) == [0])
    }

    /// The policies without what nftables cannot say here: tiers to pass to, audit, expiry, interfaces.
    static func common(_ policySet: PolicySet) throws -> PolicySet {
        func rules(_ rules: [Rule]) -> [Rule] {
            rules.map { rule in
                var rule = rule
                if rule.action != .allow { rule.action = .deny }
                (rule.interfaces, rule.mode, rule.expires, rule.established) = (nil, nil, nil, .judge)
                return rule
            }
        }
        let policies = policySet.policies.map { policy in
            var policy = policy
            (policy.interfaces, policy.mode) = (nil, .enforce)
            (policy.ingress, policy.egress) = (rules(policy.ingress), rules(policy.egress))
            return policy
        }
        return try PolicySet(
            policies: policies, sets: policySet.sets.values.map { AddressSet(name: $0.name, addresses: policySet.entries(of: $0.name)) })
    }

    /// Packets of which no two are of one flow.
    static func packets(_ generator: inout PolicyGenerator, _ policySet: PolicySet, count: Int) -> [PolicyModel.Packet] {
        var flows: Set<[[UInt8]]> = []
        var packets: [PolicyModel.Packet] = []
        while packets.count < count {
            let packet = generator.packet(for: policySet)
            // The chain of extension headers goes on behind these (RFC 8200; mobility, HIP and shim6 for us alone).
            if packet.family == .v6, packet.isExtensionHeader || [59, 135, 139, 140].contains(packet.protocol) { continue }
            // Messages belong to a flow whatever they say; between the same two hosts one is enough.
            let ends = [(packet.source, packet.sourcePort), (packet.destination, packet.destinationPort)].map {
                $0.0.bytes + [UInt8($0.1 >> 8), UInt8($0.1 & 255)]
            }
            let flow = ends.sorted { $0.lexicographicallyPrecedes($1) } + [[packet.protocol]]
            if flows.insert(flow).inserted { packets.append(packet) }
        }
        return packets
    }
}

/// Two namespaces and a bridge between them, whose one port is the guarded `eth0`: a frame that gets past its filter comes out at the
/// other end, whatever its addresses are.
final class Wire: Sendable {
    let host: NetworkNamespace
    private let outside: PacketSocket
    private let inside: PacketSocket
    private let namespaces: [NetworkNamespace]

    /// What the frames of this test end with, before the packet's number.
    private static let mark = Array("policyd witness ".utf8)

    init() throws {
        host = try NetworkNamespace()
        let peer = try NetworkNamespace()
        let sink = try NetworkNamespace()
        namespaces = [peer, sink]
        try host.connect("eth0", to: peer, "eth0")
        try host.connect("eth1", to: sink, "eth0")
        try host.ip("link", "add", "bridge", "type", "bridge", "stp_state", "0", "forward_delay", "0", "mcast_snooping", "0")
        for port in ["eth0", "eth1"] { try host.ip("link", "set", port, "master", "bridge") }
        try host.ip("link", "set", "bridge", "up")
        outside = try peer.run { () throws(TestingError) in try PacketSocket(interface: "eth0") }
        inside = try sink.run { () throws(TestingError) in try PacketSocket(interface: "eth0") }
    }

    /// Gives the guarded namespace a ruleset of nftables.
    func load(_ text: String) throws {
        let path = "/tmp/\(host.name).nft"
        try text.write(toFile: path, atomically: false, encoding: .utf8)
        defer { try? FileManager.default.removeItem(atPath: path) }
        let result = try host.run(command: "nft", "-f", path)
        try #require(result.status == 0, "\(result.output)\n\(text)")
    }

    /// Sends the packets, and says which of them came out. It waits for those that are expected, but not for long.
    func arriving(_ packets: [PolicyModel.Packet], expected: Set<Int>) throws -> Set<Int> {
        while outside.receive() != nil || inside.receive() != nil {}
        for (index, packet) in packets.enumerated() {
            try (packet.direction == .ingress ? outside : inside).send(Self.frame(packet, index))
        }
        var arrived: Set<Int> = []
        for (socket, direction) in [(inside, Direction.ingress), (outside, .egress)] {
            let mine = expected.filter { packets[$0].direction == direction }
            while let frame = socket.receive(milliseconds: mine.isSubset(of: arrived) ? 5 : 500) {
                if let index = Self.number(frame), packets.indices.contains(index) { arrived.insert(index) }
            }
        }
        return arrived
    }

    static func frame(_ packet: PolicyModel.Packet, _ number: Int) -> [UInt8] {
        let side: UInt8 = packet.direction == .ingress ? 1 : 3
        var frame = BPFTesting.Packet.ethernet(from: [2, 0, 0, 0, 0, side], to: [2, 0, 0, 0, 0, side + 1])
        let claimed: UInt8? = packet.hasPorts || packet.isICMP ? nil : packet.protocol
        frame =
            switch packet.family {
            case .v4: frame.ipv4("\(packet.source)", "\(packet.destination)", protocolNumber: claimed)
            case .v6: frame.ipv6("\(packet.source)", "\(packet.destination)", nextHeader: claimed)
            }
        switch packet.protocol {
        case 6: frame = frame.tcp(packet.sourcePort, packet.destinationPort)
        case 17: frame = frame.udp(packet.sourcePort, packet.destinationPort)
        case 132: frame = frame.sctp(packet.sourcePort, packet.destinationPort)
        case _ where packet.isICMP:
            frame = frame.icmp(type: packet.icmpType, code: packet.icmpCode, rest: UInt32(number + 1) << 16 | 1)
        default: break
        }
        return frame.payload(mark + [UInt8(number >> 8), UInt8(number & 255)]).bytes
    }

    private static func number(_ frame: [UInt8]) -> Int? {
        let end = frame.suffix(mark.count + 2)
        guard end.starts(with: mark) else { return nil }
        return end.suffix(2).reduce(0) { $0 << 8 | Int($1) }
    }
}

/// A datapath that guards `eth0` of a wire.
private final class Guardian {
    private let wire: Wire
    private let bpffs: PrivateBPFFS
    private let datapath: Datapath
    private var numbers = RuleNumbers()
    private var revision: UInt32 = 0

    init(_ wire: Wire) throws {
        self.wire = wire
        let bpffs = try PrivateBPFFS()
        self.bpffs = bpffs
        datapath = try wire.host.run {
            try Datapath(
                DatapathConfiguration(bpffs: bpffs.path("policyd"), attachment: .auto, connectionLimit: 65_536),
                logger: Logger(label: "test", factory: RecordingLog.init))
        }
        _ = try wire.host.run { try datapath.synchronizeInterfaces(InterfaceSelector(["eth0"])) }
    }

    func install(_ policySet: PolicySet) throws {
        revision += 1
        let given = numbers.assign(for: policySet)
        let policy = try CompiledPolicy.compile(policySet, revision: revision, numbers: numbers, interfaces: ["eth0"])
        try datapath.install(policy, newNumbers: given)
    }

    func remove() {
        try? wire.host.run { try datapath.remove() }
    }
}
