import ArgumentParser
import Datapath
import Foundation
import PolicyCompiler
import PolicyModel
import PolicyTesting

/// Compares the three engines on random policies and packets, by the million, and ends with the smallest policy that shows a
/// disagreement, if there is one.
@main
struct Agreement: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "agreement", abstract: "Compare reference, compiled tables and kernel on random policies and packets.")

    @Option(help: "Packets to judge in all.") var packets = 3_000_000
    @Option(help: "Packets for each policy.") var each = 5_000
    @Option(help: "Where the random numbers start.") var seed: UInt64 = 1
    @Flag(help: "Leave the kernel out: needs no privileges.") var withoutKernel = false

    func run() throws {
        let start = ContinuousClock.now
        var judged = 0
        var policies: UInt64 = 0
        while judged < packets {
            let count = min(each, packets - judged)
            try round(seed &+ policies, count)
            judged += count
            policies += 1
        }
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        let engines = withoutKernel ? "two engines" : "three engines"
        print(
            "\(judged) packets by \(policies) policies: \(engines) agree on each (\(String(format: "%.1f", seconds)) s, seeds from \(seed))"
        )
    }

    private func round(_ seed: UInt64, _ count: Int) throws {
        var generator = PolicyGenerator(seed: seed, limits: limits(seed))
        let policySet = generator.policySet()
        let packets = (0..<count).map { _ in generator.packet(for: policySet) }
        guard let found = try disagreement(policySet, packets, generator.limits.interfaces) else { return }
        let smallest = try PolicyShrinker.minimize(policySet) { try disagreement($0, packets, generator.limits.interfaces) != nil }
        print("seed \(seed): \(found)\nsmallest policy that shows it: \(smallest)")
        throw ExitCode(1)
    }

    /// One policy in eight is large.
    private func limits(_ seed: UInt64) -> PolicyGenerator.Limits {
        var limits = PolicyGenerator.Limits()
        if seed % 8 == 0 {
            limits.policies = 8
            limits.rules = 150
            limits.setEntries = 100
        }
        return limits
    }

    private func disagreement(_ policySet: PolicySet, _ packets: [Packet], _ interfaces: [String]) throws -> String? {
        var numbers = RuleNumbers()
        numbers.assign(for: policySet)
        let policy = try CompiledPolicy.compile(policySet, revision: 1, numbers: numbers, interfaces: interfaces + ["other9"])
        let reference = ReferenceEvaluator(policySet)
        let kernel = withoutKernel ? nil : try KernelEngine(policy)
        for packet in packets {
            let expected = reference.verdict(for: packet, at: PolicyGenerator.time)
            let compiled = policy.verdict(for: packet, at: PolicyGenerator.time)
            guard Self.same(expected, compiled, audits: 4) else { return "\(packet)\n  reference \(expected)\n  compiled  \(compiled)" }
            guard let kernel else { continue }
            let judged = try kernel.verdict(for: packet, at: PolicyGenerator.time)
            guard Self.same(expected, judged, audits: 1) else { return "\(packet)\n  reference \(expected)\n  kernel    \(judged)" }
        }
        return nil
    }

    /// The tables keep the first four audited rules, the kernel's answer the first one.
    private static func same(_ expected: Verdict, _ other: Verdict, audits: Int) -> Bool {
        var kept = expected
        kept.audited = Array(kept.audited.prefix(audits))
        return kept == other
    }
}
