import Datapath
import PolicyCompiler
import PolicyModel
import PolicyTesting

/// Asks all engines the same.
struct Comparison: Sendable {
    var asksKernel: Bool

    /// The first packet they judge differently, in words; nil if there is none.
    func disagreement(_ policySet: PolicySet, _ packets: [Packet], _ interfaces: [String]) throws -> String? {
        let engines = try Engines(policySet, interfaces, asksKernel: asksKernel)
        for packet in packets {
            let expected = engines.reference.verdict(for: packet)
            let compiled = engines.compiled.verdict(for: packet)
            guard Self.same(expected, compiled, audits: 4) else { return "\(packet)\n  reference \(expected)\n  compiled  \(compiled)" }
            guard let judged = try engines.kernel?.verdict(for: packet) else { continue }
            guard Self.same(expected, judged, audits: 1) else { return "\(packet)\n  reference \(expected)\n  kernel    \(judged)" }
        }
        return nil
    }

    /// The first header for which an engine finds another rule than a walk over the rules, one after the other, does.
    func disagreement(_ set: ClassBenchSet, _ headers: [ClassBenchHeader]) throws -> String? {
        let engines = try Engines(try set.policySet(), ["eth0"], asksKernel: asksKernel)
        for header in headers {
            let expected = set.firstMatch(header).map { "\($0 + 1)" }
            let packet = header.packet
            var found = [
                ("reference", engines.reference.verdict(for: packet).rule), ("compiled", engines.compiled.verdict(for: packet).rule),
            ]
            if let kernel = engines.kernel { found.append(("kernel", try kernel.verdict(for: packet).rule)) }
            for (engine, rule) in found where rule != expected {
                return "\(header)\n  linear \(expected ?? "none")\n  \(engine) \(rule ?? "none")"
            }
        }
        return nil
    }

    /// A policy, ready to be asked.
    private struct Engines {
        let reference: ReferenceEvaluator
        let compiled: CompiledPolicy
        let kernel: KernelEngine?

        init(_ policySet: PolicySet, _ interfaces: [String], asksKernel: Bool) throws {
            var numbers = RuleNumbers()
            numbers.assign(for: policySet)
            reference = ReferenceEvaluator(policySet)
            compiled = try CompiledPolicy.compile(policySet, revision: 1, numbers: numbers, interfaces: interfaces)
            kernel = asksKernel ? try KernelEngine(compiled) : nil
        }
    }

    /// The tables keep the first four audited rules, the kernel's answer the first one.
    private static func same(_ expected: Verdict, _ other: Verdict, audits: Int) -> Bool {
        var kept = expected
        kept.audited = Array(kept.audited.prefix(audits))
        return kept == other
    }
}
