import CDesigns
import PolicyCompiler
import PolicyModel
import PolicyTesting

/// What the entries of an address set are like.
enum AddressShape: String, CaseIterable {
    case random = "random addresses"
    case nested = "nested prefixes"
    case dense = "dense addresses"
    case sparse = "a few networks"
    case random6 = "IPv6 addresses"
    case networks6 = "IPv6 /64"

    var family: IPAddress.Family { self == .random6 || self == .networks6 ? .v6 : .v4 }

    func entries(_ count: Int, _ random: inout SplitMix64) -> [CIDR] {
        (0..<count).map { index in
            let word = UInt32(truncatingIfNeeded: random.next())
            switch self {
            case .random: return CIDR(IPAddress(v4: word))
            case .nested: return CIDR(IPAddress(v4: word), length: Int(16 + random.next() % 17))
            // Every second address: nothing melts into larger prefixes.
            case .dense: return CIDR(IPAddress(v4: 0x0A00_0000 + 2 * UInt32(index)))
            case .sparse: return CIDR(IPAddress(v4: word), length: Int(16 + random.next() % 9))
            case .random6: return CIDR(IPAddress(v6: 0x2000_0000_0000_0000 | random.next() >> 3, low: random.next()))
            case .networks6: return CIDR(IPAddress(v6: 0x2000_0000_0000_0000 | random.next() >> 3, low: 0), length: 64)
            }
        }
    }
}

/// The designs of the address table on one set.
struct AddressMeasurement {
    private let shape: AddressShape
    private let rounds: Int
    private let entries: [CIDR]
    /// Half of them entries, half of them anything like an entry.
    private let values: [IPAddress]

    static let heading = Designs.line(["address table", "entries", "design"], ["ns", "KiB", "built in ms", "wrong"])

    init(_ shape: AddressShape, _ count: Int, rounds: Int) {
        var random = SplitMix64(seed: 17)
        let entries = shape.entries(count, &random)
        let others = shape.entries(8_192, &random)
        self.shape = shape
        self.rounds = rounds
        self.entries = entries
        values = others.flatMap { other in [other.address, (entries.randomElement(using: &random) ?? other).address] }
    }

    func lines() throws -> [String] {
        let bounds = Self.bounds(entries)
        let expected = values.count { Self.isInside($0.value, bounds) }

        let rule = Rule(name: "in", action: .deny, remote: AddressMatch([.set("s")]))
        let policySet = try PolicySet(
            policies: [HostPolicy(name: "p", ingress: [rule])], sets: [AddressSet(name: "s", addresses: entries)])
        var numbers = RuleNumbers()
        numbers.assign(for: policySet)
        let ours = try Designs.timed { try CompiledPolicy.compile(policySet, revision: 1, numbers: numbers, interfaces: []) }
        let packets = values.map { value in
            Packet(
                direction: .ingress, interface: "eth0", protocol: 47, source: value,
                destination: value.family == .v4 ? IPAddress(v4: 1) : IPAddress(v6: 0, low: 1))
        }
        let lookups = Lookups(ours.result, packets)
        let oursFound = Designs.least(of: rounds) { lookups.addresses() }
        var lines = [
            line(
                "rows and lists (ours)", oursFound.nanoseconds, ours.result.tableSizes.tries, ours.nanoseconds, oursFound.result - expected)
        ]
        lines += shape.family == .v4 ? lines4(bounds, expected) : lines6(bounds, expected)
        return lines
    }

    private func lines4(_ wide: [UInt128], _ expected: Int) -> [String] {
        let bounds = wide.map { UInt32(truncatingIfNeeded: $0) }
        let values = values.map { UInt32(truncatingIfNeeded: $0.value) }
        let sorted = Designs.least(of: rounds) { design_bounds4_count(bounds, bounds.count, values, values.count) }
        let table = Designs.timed { design_dir_make(bounds, bounds.count) }
        defer { design_dir_free(table.result) }
        let direct = Designs.least(of: rounds) { design_dir_count(table.result, values, values.count) }
        return [
            line("sorted bounds", sorted.nanoseconds, bounds.count * 4, 0, sorted.result - expected),
            line("DIR-24-8", direct.nanoseconds, design_dir_bytes(table.result), table.nanoseconds, direct.result - expected),
        ]
    }

    private func lines6(_ wide: [UInt128], _ expected: Int) -> [String] {
        func halves(_ value: UInt128) -> design_value6 {
            design_value6(high: UInt64(truncatingIfNeeded: value >> 64), low: UInt64(truncatingIfNeeded: value))
        }
        let bounds = wide.map(halves)
        let values = values.map { halves($0.value) }
        let sorted = Designs.least(of: rounds) { design_bounds6_count(bounds, bounds.count, values, values.count) }
        return [line("sorted bounds", sorted.nanoseconds, bounds.count * 16, 0, sorted.result - expected)]
    }

    /// Where the entries' values begin and end, in turn.
    private static func bounds(_ entries: [CIDR]) -> [UInt128] {
        var bounds: [UInt128] = []
        for (low, high) in entries.map({ ($0.lower.value, $0.upper.value) }).sorted(by: { $0.0 < $1.0 }) {
            if let end = bounds.last, low <= end {
                bounds[bounds.count - 1] = max(end, high + 1)
            } else {
                bounds += [low, high + 1]
            }
        }
        // Nothing is behind the last IPv4 address.
        if bounds.last == 1 << 32 { bounds.removeLast() }
        return bounds
    }

    private static func isInside(_ value: UInt128, _ bounds: [UInt128]) -> Bool {
        var low = 0
        var high = bounds.count
        while low < high {
            let middle = (low + high) / 2
            if bounds[middle] <= value { low = middle + 1 } else { high = middle }
        }
        return low % 2 == 1
    }

    private func line(_ design: String, _ nanoseconds: Double, _ bytes: Int, _ building: Double, _ wrong: Int) -> String {
        Designs.line(
            [shape.rawValue, "\(entries.count)", design],
            [Designs.tenths(nanoseconds / Double(values.count)), "\(bytes >> 10)", Designs.tenths(building / 1e6), "\(wrong)"])
    }
}
