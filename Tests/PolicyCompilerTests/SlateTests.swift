import CDatapath
import PolicyModel
import PolicyTesting
import Testing

@testable import PolicyCompiler

/// Rules searched by slates are found as those searched by vectors are, and where slates would be long, vectors serve.
@Suite struct SlateTests {
    private static let slates: CompileLimits = {
        var limits = CompileLimits()
        limits.search = .slates
        return limits
    }()

    private static func hasSlates(_ policy: CompiledPolicy) -> Bool {
        Direction.allCases.contains { direction in IPAddress.Family.allCases.contains { policy.hasSlates(direction, $0) } }
    }

    /// Policies of all that documents can say: tiers, passes, audits, expiry, negations, sets, ICMP.
    @Test func randomPoliciesAgreeWithTheReference() throws {
        var count = 0
        for round in 0..<120 {
            var generator = PolicyGenerator(seed: 51_000 + UInt64(round))
            // Rules that name interfaces are searched by vectors.
            let policySet = try generator.policySet().withoutInterfaces()
            let policy = try CompilerTests.compile(policySet, limits: Self.slates)
            if Self.hasSlates(policy) { count += 1 }
            let reference = ReferenceEvaluator(policySet)
            for _ in 0..<60 {
                let packet = generator.packet(for: policySet)
                var expected = reference.verdict(for: packet, at: PolicyGenerator.time)
                expected.audited = Array(expected.audited.prefix(4))
                let found = policy.verdict(for: packet, at: PolicyGenerator.time)
                #expect(found == expected, "\(packet) by \(policySet)")
                if found != expected { return }
            }
        }
        #expect(count > 60)
    }

    /// Run-time entries come and go: the parts of the tables that are made anew agree with those that were there.
    @Test func changedTablesAgreeWithTheReference() throws {
        var patched = 0
        for round in 0..<30 {
            var generator = PolicyGenerator(seed: 52_000 + UInt64(round))
            var random = SplitMix64(seed: UInt64(round))
            let policySet = try generator.policySet().withoutInterfaces()
            guard !policySet.sets.isEmpty else { continue }
            var sequence = try ChangeTests.Sequence(policySet, limits: Self.slates)
            guard Self.hasSlates(sequence.policy) else { continue }
            for _ in 0..<8 {
                let name = try #require(policySet.sets.keys.sorted().randomElement(using: &random))
                let there = sequence.policySet.sets[name]?.runtimeEntries ?? []
                if let entry = there.randomElement(using: &random), Bool.random(using: &random) {
                    try sequence.remove([entry], from: name)
                } else {
                    let packet = generator.packet(for: sequence.policySet)
                    let address = Bool.random(using: &random) ? packet.source : packet.destination
                    let length = address.family.bitWidth - Int.random(in: 0...12, using: &random)
                    try sequence.add([CIDR(address, length: length)], to: name)
                }
                let reference = ReferenceEvaluator(sequence.policySet)
                let policy = sequence.policy.withoutPatches
                for _ in 0..<40 {
                    let packet = generator.packet(for: sequence.policySet)
                    var expected = reference.verdict(for: packet, at: PolicyGenerator.time)
                    expected.audited = Array(expected.audited.prefix(4))
                    let found = policy.verdict(for: packet, at: PolicyGenerator.time)
                    #expect(found == expected, "\(packet) by \(sequence.policySet)")
                    if found != expected { return }
                }
            }
            patched += sequence.patched
        }
        #expect(patched > 60)
    }

    private static func compile(_ rules: [Rule]) throws -> CompiledPolicy {
        try CompilerTests.compile(PolicySet(policies: [HostPolicy(name: "p", ingress: rules)]))
    }

    private static func packet(_ remote: UInt32, _ local: UInt32, port: UInt16) -> Packet {
        Packet(
            direction: .ingress, interface: "eth0", protocol: 6, source: IPAddress(v4: remote), destination: IPAddress(v4: local),
            sourcePort: 1, destinationPort: port)
    }

    private static func rule(_ number: Int, remote: CIDR? = nil, local: CIDR? = nil, port: Int? = nil) -> Rule {
        Rule(
            name: "r\(number)", action: .deny, protocols: port == nil ? [] : [.tcp], ports: port.map { [PortRange(UInt16($0))] } ?? [],
            remote: AddressMatch(remote.map { [.prefix($0)] } ?? []), local: AddressMatch(local.map { [.prefix($0)] } ?? []))
    }

    /// 500 rules about one network, each with a port of its own: any slate of its addresses would have them all.
    @Test func rulesThatNoAddressTellsApartAreSearchedByVectors() throws {
        let rules = (0..<500).map { Self.rule($0, remote: CIDR("10.0.0.0/8"), port: $0) }
        let policy = try Self.compile(rules)
        #expect(!Self.hasSlates(policy))
        for port in [0, 95, 96, 97, 499, 500] {
            #expect(policy.verdict(for: Self.packet(0x0A01_0203, 1, port: UInt16(port))).rule == (port < 500 ? "r\(port)" : nil))
        }
    }

    /// The same, told apart by the host's own address: it is first.
    @Test func theAddressThatTellsMoreApartIsFirst() throws {
        let rules = (0..<500).map { Self.rule($0, remote: CIDR("10.0.0.0/8"), local: CIDR(IPAddress(v4: UInt32($0) * 7), length: 32)) }
        let policy = try Self.compile(rules)
        #expect(policy.header.classifier(.ingress, .v4).slates == UInt32(PD_SLATES_LOCAL))
        for number in [0, 1, 250, 499] as [UInt32] {
            #expect(policy.verdict(for: Self.packet(0x0A01_0203, number * 7, port: 1)).rule == "r\(number)")
            #expect(policy.verdict(for: Self.packet(0x0B01_0203, number * 7, port: 1)).rule == nil)
            #expect(policy.verdict(for: Self.packet(0x0A01_0203, number * 7 + 1, port: 1)).rule == nil)
        }
    }

    /// Slates of several lines: 90 nested and equal networks, told apart by ports.
    @Test func slatesOfSeveralLinesAreSearchedToTheirEnd() throws {
        let near = (0..<90).map { Self.rule($0, remote: CIDR(IPAddress(v4: 0x0A01_0203), length: 8 + $0 % 25), port: 1_000 + $0) }
        let far = (90..<600).map { Self.rule($0, remote: CIDR(IPAddress(v4: UInt32($0) << 20 | 0x8000_0000), length: 32), port: 5) }
        let policy = try Self.compile(near + far)
        #expect(policy.hasSlates(.ingress, .v4))
        for number in 0..<90 {
            #expect(policy.verdict(for: Self.packet(0x0A01_0203, 9, port: UInt16(1_000 + number))).rule == "r\(number)")
        }
        #expect(policy.verdict(for: Self.packet(0x0A01_0203, 9, port: 1_090)).rule == nil)
    }
}
