import PolicyCompiler
import PolicyModel
import PolicyTesting
import Testing

/// Address sets of every shape: each address is found, its neighbours are not, and the tries stay small.
@Suite struct TrieTests {
    enum Shape: CaseIterable {
        case random4, dense4, nested4, clustered4, random6, networks6, sequential6, clustered6

        func entries(_ count: Int) -> [CIDR] {
            var random = SplitMix64(seed: 11)
            return (0..<UInt64(count)).map { index in
                switch self {
                case .random4: return CIDR(IPAddress(v4: UInt32(truncatingIfNeeded: random.next())))
                case .dense4: return CIDR(IPAddress(v4: 0x0A00_0001 + 2 * UInt32(index)))
                case .nested4: return CIDR(IPAddress(v4: UInt32(truncatingIfNeeded: random.next())), length: Int(12 + random.next() % 21))
                case .clustered4: return CIDR(IPAddress(v4: UInt32(index / 12) * 2_654_435 + UInt32(index % 12) * 3))
                case .random6: return CIDR(IPAddress(v6: random.next(), low: random.next()))
                case .networks6: return CIDR(IPAddress(v6: 0x2001_0db8_0000_0000 | random.next() >> 32, low: 0), length: 64)
                case .sequential6: return CIDR(IPAddress(v6: 0x2001_0db8_0000_0000, low: index * 2))
                case .clustered6: return CIDR(IPAddress(v6: (index / 12) &* 0x9E37_79B9_7F4A_7C15, low: (index % 12) << 3 | 0xFFFF << 48))
                }
            }
        }
    }

    private static func policy(_ set: AddressSet) throws -> CompiledPolicy {
        let rules = [Rule(name: "in", action: .deny, remote: AddressMatch([.set("s")]))]
        return try CompilerTests.compile(try PolicySet(policies: [HostPolicy(name: "p", ingress: rules)], sets: [set]))
    }

    private static func isDenied(_ address: IPAddress, _ policy: CompiledPolicy) -> Bool {
        let packet = Packet(
            direction: .ingress, interface: "eth0", protocol: 47, source: address,
            destination: address.family == .v4 ? IPAddress(v4: 1) : IPAddress(v6: 0, low: 1))
        return policy.verdict(for: packet).action == .deny
    }

    @Test(arguments: Shape.allCases)
    func findsEachEntryAndNoneOfItsNeighbours(shape: Shape) throws {
        let entries = shape.entries(3_000)
        let policy = try Self.policy(AddressSet(name: "s", addresses: entries))
        let ranges = entries.map { $0.lower.value...$0.upper.value }
        for entry in Swift.stride(from: 0, to: entries.count, by: 23).map({ entries[$0] }) {
            let edges = [entry.lower.value, entry.upper.value, entry.lower.value &- 1, entry.upper.value &+ 1, entry.lower.value ^ 1 << 17]
            for value in edges {
                let address = IPAddress(family: entry.family, value: value)
                #expect(Self.isDenied(address, policy) == ranges.contains { $0.contains(address.value) }, "\(address)")
            }
        }
    }

    /// Addresses that share an entry's lower bits and are next to it in those above: what ends a list's key is told from what is below it.
    @Test(arguments: Shape.allCases)
    func tellsAnEntryFromItsNeighbourAtEachBit(shape: Shape) throws {
        let entries = shape.entries(1_000)
        let policy = try Self.policy(AddressSet(name: "s", addresses: entries))
        let ranges = entries.map { $0.lower.value...$0.upper.value }
        for entry in Swift.stride(from: 0, to: entries.count, by: 77).map({ entries[$0] }) {
            for bit in 0..<entry.family.bitWidth {
                let address = IPAddress(family: entry.family, value: entry.lower.value &+ (1 << UInt128(bit)))
                #expect(Self.isDenied(address, policy) == ranges.contains { $0.contains(address.value) }, "\(address)")
            }
        }
    }

    /// Twice the entries take about twice the room, and no more than some 100 bytes each.
    @Test(arguments: Shape.allCases)
    func roomGrowsWithTheEntries(shape: Shape) throws {
        let sizes = try [4_000, 8_000].map { try Self.policy(AddressSet(name: "s", addresses: shape.entries($0))).tableSizes.tries }
        #expect(sizes[0] < 4_000 * 160 && sizes[1] < sizes[0] * 5 / 2 + 4096, "\(sizes)")
    }

    @Test func bothEndsOfEachFamilyAreFound() throws {
        let all = [CIDR.all(.v4), CIDR.all(.v6)]
        let ends = all.flatMap { [CIDR($0.lower), CIDR($0.upper)] }
        let few = try Self.policy(AddressSet(name: "s", addresses: ends))
        let many = try Self.policy(AddressSet(name: "s", addresses: ends + Shape.random4.entries(500) + Shape.random6.entries(500)))
        for policy in [few, many] {
            for end in ends { #expect(Self.isDenied(end.address, policy), "\(end)") }
            for address in ["0.0.0.1", "255.255.255.254", "::1", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe"] {
                #expect(!Self.isDenied(try #require(IPAddress(address)), policy), "\(address)")
            }
        }
        let whole = try Self.policy(AddressSet(name: "s", addresses: all))
        for end in ends { #expect(Self.isDenied(end.address, whole)) }
    }
}
