import CDesigns
import PolicyCompiler
import PolicyModel
import PolicyTesting

/// The designs of the rule table on one set of rules.
struct RuleMeasurement {
    private let what: String
    private let set: ClassBenchSet
    private let headers: [ClassBenchHeader]
    private let rounds: Int

    /// A decision tree that needs more nodes than this keeps large leaves.
    private static let nodeLimit = 2_000_000

    static let heading = Designs.line(["rule table", "rules", "design"], ["ns", "KiB", "built in ms", "wrong"])

    init(_ what: String, _ set: ClassBenchSet, _ headers: [ClassBenchHeader], rounds: Int) {
        self.what = what
        self.set = set
        self.headers = headers
        self.rounds = rounds
    }

    func lines() throws -> [String] {
        let rules = set.rules.map { design_rule($0) }
        let packets = headers.map { design_packet($0) }
        var expected = [UInt32](repeating: 0, count: packets.count)
        let walk = Designs.least(of: 1) { design_walk(rules, rules.count, packets, packets.count, &expected) }
        var lines = [line("one rule after the other", walk.nanoseconds, rules.count * MemoryLayout<design_rule>.stride, 0, 0)]

        var found = expected
        func wrong() -> Int { zip(found, expected).count { $0 != $1 } }

        let policySet = try set.policySet()
        var numbers = RuleNumbers()
        numbers.assign(for: policySet)
        var limits = CompileLimits()
        limits.rules = max(limits.rules, rules.count)
        let ours = try Designs.timed {
            try CompiledPolicy.compile(policySet, revision: 1, numbers: numbers, interfaces: [], limits: limits)
        }
        let queries = Lookups(ours.result, headers.map(\.packet))
        let oursFound = Designs.least(of: rounds) { queries.rules(&found) }
        // Numbers of rules are given in their order.
        let first = numbers.all.first ?? 0
        found = found.map { $0 == DESIGN_NONE ? $0 : $0 - first }
        lines.append(line("classes of bit vectors (ours)", oursFound.nanoseconds, ours.result.tableSizes.total, ours.nanoseconds, wrong()))

        let tuples = Designs.timed { design_tuples_make(rules, rules.count) }
        defer { design_tuples_free(tuples.result) }
        let tuplesFound = Designs.least(of: rounds) { design_tuples_find(tuples.result, packets, packets.count, &found) }
        lines.append(line("tuple space", tuplesFound.nanoseconds, design_tuples_bytes(tuples.result), tuples.nanoseconds, wrong()))

        let tree = Designs.timed { design_tree_make(rules, rules.count, Self.nodeLimit) }
        defer { design_tree_free(tree.result) }
        let treeFound = Designs.least(of: rounds) { design_tree_find(tree.result, packets, packets.count, &found) }
        lines.append(line("decision tree", treeFound.nanoseconds, design_tree_bytes(tree.result), tree.nanoseconds, wrong()))
        return lines
    }

    private func line(_ design: String, _ nanoseconds: Double, _ bytes: Int, _ building: Double, _ wrong: Int) -> String {
        Designs.line(
            [what, "\(set.rules.count)", design],
            [Designs.tenths(nanoseconds / Double(headers.count)), "\(bytes >> 10)", Designs.tenths(building / 1e6), "\(wrong)"])
    }
}

extension design_rule {
    init(_ rule: ClassBenchRule) {
        func ends(_ prefix: CIDR) -> (UInt32, UInt32) {
            (UInt32(truncatingIfNeeded: prefix.lower.low), UInt32(truncatingIfNeeded: prefix.upper.low))
        }
        self.init(
            remote: ends(rule.source), local: ends(rule.destination), source: (rule.sourcePorts.lowerBound, rule.sourcePorts.upperBound),
            destination: (rule.destinationPorts.lowerBound, rule.destinationPorts.upperBound),
            protocol: (rule.protocol ?? 0, rule.protocol ?? 255))
    }
}

extension design_packet {
    init(_ header: ClassBenchHeader) {
        let hasPorts = ProtocolMatch.hasPorts(header.protocol)
        self.init(
            remote: header.source, local: header.destination, source: hasPorts ? header.sourcePort : 0,
            destination: hasPorts ? header.destinationPort : 0, protocol: header.protocol, has_ports: hasPorts ? 1 : 0)
    }
}
