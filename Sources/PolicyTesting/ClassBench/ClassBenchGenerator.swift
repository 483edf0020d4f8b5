internal import PolicyModel

/// Makes filter sets and headers shaped like ClassBench's three families: how many distinct addresses a set of a size has, how often a
/// field is left open, how many port ranges there are (Taylor and Turner, "ClassBench: A Packet Classification Benchmark", 2007).
///
/// The same seed gives the same sets.
public struct ClassBenchGenerator: Sendable {
    /// The family a set is like.
    public enum Family: String, CaseIterable, Sendable {
        /// Access lists: exact sources, few destinations, exact ports.
        case acl
        /// Firewalls: both sides wide as often as exact, ranges of ports.
        case fw
        /// IP chains: between the two.
        case ipc
    }

    private struct Shape {
        /// Distinct prefixes for each thousand rules.
        var sources: Int, destinations: Int
        /// Of a hundred rules, how many leave the side open.
        var openSources: Int, openDestinations: Int
        var sourcePorts: Int, ports: Int
        /// Of a hundred rules, how many name a source port and a port.
        var namesSourcePort: Int, namesPort: Int
    }

    private let shape: Shape
    private var random: SplitMix64

    public init(_ family: Family, seed: UInt64) {
        random = SplitMix64(seed: seed)
        shape =
            switch family {
            case .acl:
                Shape(
                    sources: 430, destinations: 20, openSources: 2, openDestinations: 1, sourcePorts: 1, ports: 100, namesSourcePort: 1,
                    namesPort: 85)
            case .fw:
                Shape(
                    sources: 350, destinations: 660, openSources: 12, openDestinations: 10, sourcePorts: 13, ports: 43,
                    namesSourcePort: 30, namesPort: 70)
            case .ipc:
                Shape(
                    sources: 130, destinations: 95, openSources: 6, openDestinations: 8, sourcePorts: 30, ports: 50, namesSourcePort: 15,
                    namesPort: 60)
            }
    }

    /// A set of `count` rules, those that leave most open last.
    public mutating func set(_ count: Int) -> ClassBenchSet {
        let sources = pool(max(count * shape.sources / 1000, 8))
        let destinations = pool(max(count * shape.destinations / 1000, 8))
        let sourcePorts = (0..<shape.sourcePorts).map { _ in ports() }
        let namedPorts = (0..<shape.ports).map { _ in ports() }
        var rules = (0..<count).map { _ in
            var rule = ClassBenchRule(
                source: percent(shape.openSources) ? .all(.v4) : random.pick(sources, otherwise: .all(.v4)),
                destination: percent(shape.openDestinations) ? .all(.v4) : random.pick(destinations, otherwise: .all(.v4)))
            rule.protocol = random.pick([6, 6, 6, 6, 17, 17, 17, 1, 47, nil], otherwise: nil)
            if rule.protocol == 6 || rule.protocol == 17 {
                if percent(shape.namesSourcePort) { rule.sourcePorts = random.pick(sourcePorts, otherwise: 0...65535) }
                if percent(shape.namesPort) { rule.destinationPorts = random.pick(namedPorts, otherwise: 0...65535) }
            }
            return rule
        }
        rules.sort { $0.source.length + $0.destination.length > $1.source.length + $1.destination.length }
        return ClassBenchSet(rules)
    }

    /// Headers of which most match some rule, at its edges as often as inside, and some are anything.
    public mutating func headers(_ count: Int, for set: ClassBenchSet) -> [ClassBenchHeader] {
        (0..<count).map { _ in
            guard !percent(10), let rule = set.rules.randomElement(using: &random) else {
                return ClassBenchHeader(
                    source: .random(in: 0 ... .max, using: &random), destination: .random(in: 0 ... .max, using: &random),
                    sourcePort: .random(in: 0 ... .max, using: &random), destinationPort: .random(in: 0 ... .max, using: &random),
                    protocol: random.pick([6, 17, 1, 47, 132, 255], otherwise: 6))
            }
            return ClassBenchHeader(
                source: address(rule.source), destination: address(rule.destination), sourcePort: port(rule.sourcePorts),
                destinationPort: port(rule.destinationPorts), protocol: rule.protocol ?? random.pick([6, 17, 1, 50], otherwise: 6))
        }
    }

    /// Prefixes in a few networks, so that they nest: mostly single addresses, then networks of common lengths.
    private mutating func pool(_ count: Int) -> [CIDR] {
        let networks = (0..<max(count / 40, 4)).map { _ in UInt32.random(in: 0 ... .max, using: &random) }
        return (0..<count).map { _ in
            let length = random.pick([32, 32, 32, 32, 32, 31, 30, 29, 28, 27, 26, 24, 24, 22, 20, 16], otherwise: 32)
            let host = UInt32.random(in: 0...0xFFFF, using: &random)
            return CIDR(IPAddress(v4: random.pick(networks, otherwise: 0) & 0xFFFF_0000 | host), length: length)
        }
    }

    private mutating func ports() -> ClosedRange<UInt16> {
        switch Int.random(in: 0..<10, using: &random) {
        case 0: return 1024...65535
        case 1: return 0...1023
        case 2:
            let low = UInt16.random(in: 0...60000, using: &random)
            return low...low + .random(in: 1...5000, using: &random)
        default:
            let port = UInt16.random(in: 0...9999, using: &random)
            return port...port
        }
    }

    private mutating func address(_ prefix: CIDR) -> UInt32 {
        let low = UInt32(truncatingIfNeeded: prefix.lower.low)
        let high = UInt32(truncatingIfNeeded: prefix.upper.low)
        return random.pick([low, high, .random(in: low...high, using: &random)], otherwise: low)
    }

    private mutating func port(_ ports: ClosedRange<UInt16>) -> UInt16 {
        random.pick([ports.lowerBound, ports.upperBound, .random(in: ports, using: &random)], otherwise: ports.lowerBound)
    }

    private mutating func percent(_ chance: Int) -> Bool {
        Int.random(in: 0..<100, using: &random) < chance
    }
}
