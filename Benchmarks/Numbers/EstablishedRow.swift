import BPF
import BPFTesting
import Datapath
import Foundation
import Logging
import PolicyCompiler
import PolicyModel

/// What a packet of a connection costs, all of it: switch, header walk, look-up, record.
struct EstablishedRow {
    let effort: Effort

    /// In from anywhere to one port; nothing goes out, but what belongs to a connection.
    private static let policy = """
        apiVersion: policyd/v1
        kind: HostPolicy
        metadata: { name: host }
        spec:
          ingress:
            - { name: https, action: allow, protocol: tcp, ports: [443] }
            - { name: rest, action: deny, log: none }
          egress:
            - { name: rest, action: deny, log: none }
        """

    func run() throws -> Outcome {
        var outcome = Outcome(row: "established")
        let bpffs = try PrivateBPFFS()
        var configuration = DatapathConfiguration(bpffs: bpffs.path("policyd"))
        configuration.eventBufferBytes = 1 << 16
        let datapath = try Datapath(configuration, logger: Logger(label: "numbers") { _ in SwiftLogNoOpLogHandler() })
        defer { try? datapath.remove() }
        let set = try DocumentLoader.load(bundles: [SourceBundle(files: [SourceFile(path: "bench.yaml", text: Self.policy)])]).policySet()
        var numbers = RuleNumbers()
        let given = numbers.assign(for: set)
        try datapath.install(
            CompiledPolicy.compile(set, revision: 1, numbers: numbers, interfaces: ["lo"]), newNumbers: given)
        let ingress = try Program(pinnedAt: bpffs.path("policyd/entry/policyd_ingress"))
        let egress = try Program(pinnedAt: bpffs.path("policyd/entry/policyd_egress"))
        // Programs are lent by reference: a target puts them where they are asked for.
        let holder = Holder(ingress)
        for family in [Trace.Family.v4, .v6] {
            let bytes: (Flow, UInt8) -> [UInt8] = { family == .v4 ? $0.frame(flags: $1) : $0.frame6(flags: $1) }
            let flows = Self.flows(40_960)
            for flow in flows {
                _ = try holder.program.testRun(data: bytes(flow, Flow.Flags.syn))
                _ = try egress.testRun(data: bytes(flow.reversed, Flow.Flags.syn | Flow.Flags.ack))
                _ = try holder.program.testRun(data: bytes(flow, Flow.Flags.ack))
            }
            let table = try datapath.status().connections(family == .v4 ? .v4 : .v6)
            guard let table, table.used == flows.count else {
                throw BenchmarkError("of \(flows.count) connections \(table?.used ?? 0) are established: nothing to measure")
            }
            for count in family == .v4 ? [32_768, 1_024, 1] : [32_768] {
                // A reply passes only where there is a connection.
                for flow in flows.prefix(min(count, 100)) {
                    guard try egress.testRun(data: bytes(flow.reversed, Flow.Flags.ack)).returnValue != 2 else {
                        throw BenchmarkError("the connection of \(flow) is not known: nothing to measure")
                    }
                }
                let trace = try Trace(flows.prefix(count).map { bytes($0, Flow.Flags.ack | Flow.Flags.push) }, family: family)
                let target = Trace.Target { [holder] in try $0.set(holder.program, at: 0) }
                let costs = try Cost.measure(trace, [(target, trace.emptyProgram)], effort)
                outcome.measured.append(Self.measured(family, count, costs[0], costs[1]))
            }
        }
        return outcome
    }

    private static func measured(_ family: Trace.Family, _ count: Int, _ cost: Cost, _ lookup: Cost) -> Measured {
        let details = cost.details().merging(lookup.details("LRU look-up ")) { $1 }
        let size = Format.thousands(count)
        if family == .v4, count < 32_768 {
            // One connection alone has everything in the nearest cache, and each packet waits for the counters of the one before.
            var measured = Measured.figure(
                "packet of an established connection, \(size == "1" ? "one" : size) of them alone", cost.mean, "ns")
            (measured.ratio, measured.ratioOf, measured.details) = (cost.mean / lookup.mean, "one LRU look-up", details)
            return measured
        }
        return .multiple(
            "packet of an established connection, above an empty program\(family == .v6 ? ", IPv6" : "")", cost.mean, "ns",
            of: lookup.mean, "one LRU look-up with the same key", atMost: 1.5, details: details)
    }

    private static func flows(_ count: Int) -> [Flow] {
        (0..<count).map { index in
            Flow(0x2000_0000 &+ UInt32(index) &* 2_654_435, UInt16(1_024 + index % 60_000), HostRules.host, 443, protocol: 6)
        }
    }

    private final class Holder {
        let program: Program
        init(_ program: consuming Program) { self.program = program }
    }
}

/// Why something could not be measured.
struct BenchmarkError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
