import PolicyCompiler
import PolicyModel
import PolicyTesting
import Testing

@Suite struct CompilerTests {
    static func compile(_ policySet: PolicySet, limits: CompileLimits = CompileLimits()) throws -> CompiledPolicy {
        var numbers = RuleNumbers()
        numbers.assign(for: policySet)
        return try CompiledPolicy.compile(policySet, revision: 1, numbers: numbers, interfaces: ["eth0"], limits: limits)
    }

    @Test(arguments: 0..<150)
    func tablesAgreeWithTheReference(round: Int) throws {
        var generator = PolicyGenerator(seed: 77_000 + UInt64(round))
        let policySet = generator.policySet()
        let policy = try Self.compile(policySet)
        let reference = ReferenceEvaluator(policySet)
        for _ in 0..<100 {
            let packet = generator.packet(for: policySet)
            var expected = reference.verdict(for: packet, at: PolicyGenerator.time)
            expected.audited = Array(expected.audited.prefix(4))
            let compiled = policy.verdict(for: packet, at: PolicyGenerator.time)
            #expect(compiled == expected, "\(packet) by \(policySet)")
        }
    }

    /// Many prefixes make the wide root, where the first two bytes are one step; edges of the address space are in it.
    @Test func findsEachOfManyPrefixes() throws {
        var random = SplitMix64(seed: 5)
        var prefixes: Set<CIDR> = [
            CIDR(IPAddress(v4: 0), length: 32), CIDR(IPAddress(v4: .max), length: 32), CIDR(IPAddress(v4: 0x8000_0000), length: 9),
        ]
        while prefixes.count < 3000 {
            prefixes.insert(CIDR(IPAddress(v4: .random(in: 0 ... .max, using: &random)), length: .random(in: 10...32, using: &random)))
            prefixes.insert(
                CIDR(
                    IPAddress(v6: .random(in: 0 ... .max, using: &random), low: .random(in: 0 ... .max, using: &random)),
                    length: .random(in: 16...128, using: &random)))
        }
        let set = AddressSet(name: "many", addresses: Array(prefixes))
        let policySet = try PolicySet(
            policies: [HostPolicy(name: "p", ingress: [Rule(name: "in", action: .deny, remote: AddressMatch([.set("many")]))])], sets: [set]
        )
        let policy = try Self.compile(policySet)
        for prefix in prefixes.prefix(800) {
            let outside = [Self.neighbour(prefix.lower, -1), Self.neighbour(prefix.upper, 1)].compactMap { $0 }
            for address in [prefix.lower, prefix.upper] + outside {
                let packet = Packet(
                    direction: .ingress, interface: "eth0", protocol: 47, source: address,
                    destination: address.family == .v4 ? IPAddress(v4: 1) : IPAddress(v6: 0, low: 1))
                #expect((policy.verdict(for: packet).action == .deny) == set.contains(address), "\(address)")
            }
        }
    }

    private static func neighbour(_ address: IPAddress, _ step: Int) -> IPAddress? {
        let value = step < 0 ? address.value &- 1 : address.value &+ 1
        let largest: UInt128 = address.family == .v4 ? UInt128(UInt32.max) : .max
        return value > largest ? nil : IPAddress(family: address.family, value: value)
    }

    @Test func rulesBeyondOneChunkAreFoundInOrder() throws {
        let rules = (0..<9000).map {
            Rule(name: "r\($0)", action: $0 % 2 == 0 ? .allow : .deny, protocols: [.tcp], ports: [PortRange(UInt16($0 + 1))])
        }
        let policySet = try PolicySet(policies: [HostPolicy(name: "large", ingress: rules + [Rule(name: "rest", action: .deny)])])
        let policy = try Self.compile(policySet)
        for port in [0, 1, 2, 64, 65, 4096, 4097, 8192, 8193, 9000, 9001] as [UInt16] {
            let packet = Packet(
                direction: .ingress, interface: "eth0", protocol: 6, source: IPAddress(v4: 1), destination: IPAddress(v4: 2),
                sourcePort: 1, destinationPort: port)
            #expect(policy.verdict(for: packet).rule == ((1...9000).contains(port) ? "r\(port - 1)" : "rest"))
        }
    }

    @Test func refusesWhatIsTooLargeWithFigures() throws {
        let rules = (0..<40).map { Rule(name: "r\($0)", action: .deny) }
        let policySet = try PolicySet(policies: [HostPolicy(name: "p", ingress: rules)])
        var limits = CompileLimits()
        limits.rules = 39
        let error = #expect(throws: CompileError.self) { try Self.compile(policySet, limits: limits) }
        #expect(error?.description.contains("40 rules") == true)
        #expect(error?.description.contains("39") == true)
        limits = CompileLimits()
        limits.tableBytes = 1000
        #expect(throws: CompileError.self) { try Self.compile(policySet, limits: limits) }
    }
}
