import Datapath
import PolicyCompiler
import PolicyModel
import PolicyTesting
import Testing

/// Random policies and packets: what the reference reads, the tables find and the kernel does is the same.
@Suite struct EngineAgreementTests {
    /// A packet the engines judge differently.
    struct Disagreement: CustomStringConvertible {
        var packet: Packet
        var reference: Verdict
        var compiled: Verdict
        var kernel: Verdict?

        var description: String {
            "\(packet)\n  reference \(reference)\n  compiled  \(compiled)\n  kernel    \(kernel.map { "\($0)" } ?? "-")"
        }
    }

    /// Asks all engines; nil if they agree.
    ///
    /// The tables keep the first four audited rules and the kernel tells the first one.
    static func disagreement(
        _ packet: Packet, _ reference: ReferenceEvaluator, _ policy: CompiledPolicy, _ kernel: KernelEngine?
    ) throws -> Disagreement? {
        let expected = reference.verdict(for: packet, at: PolicyGenerator.time)
        let compiled = policy.verdict(for: packet, at: PolicyGenerator.time)
        let judged = try kernel?.verdict(for: packet, at: PolicyGenerator.time)
        var kept = expected
        kept.audited = Array(kept.audited.prefix(4))
        var first = expected
        first.audited = Array(first.audited.prefix(1))
        if compiled == kept, judged == nil || judged == first { return nil }
        return Disagreement(packet: packet, reference: expected, compiled: compiled, kernel: judged)
    }

    static func compile(
        _ policySet: PolicySet, _ interfaces: [String], search: CompileLimits.Search = .fitting
    ) throws -> CompiledPolicy {
        var numbers = RuleNumbers()
        numbers.assign(for: policySet)
        var limits = CompileLimits()
        limits.search = search
        return try CompiledPolicy.compile(policySet, revision: 1, numbers: numbers, interfaces: interfaces, limits: limits)
    }

    /// Judges `count` packets by a policy; on a disagreement looks for the smallest policy that still shows it.
    static func check(
        _ policySet: PolicySet, packets: [Packet], interfaces: [String], asksKernel: Bool, search: CompileLimits.Search = .fitting
    ) throws {
        func first(_ policySet: PolicySet) throws -> Disagreement? {
            let policy = try compile(policySet, interfaces, search: search)
            let kernel = asksKernel ? try KernelEngine(policy) : nil
            let reference = ReferenceEvaluator(policySet)
            for packet in packets {
                if let found = try disagreement(packet, reference, policy, kernel) { return found }
            }
            return nil
        }
        guard let found = try first(policySet) else { return }
        let smallest = try PolicyShrinker.minimize(policySet) { try first($0) != nil }
        Issue.record("\(try first(smallest) ?? found)\nby \(smallest)")
    }

    @Test(arguments: 0..<60)
    func allThreeAgree(round: Int) throws {
        var generator = PolicyGenerator(seed: UInt64(round))
        let policySet = generator.policySet()
        let packets = (0..<150).map { _ in generator.packet(for: policySet) }
        try Self.check(policySet, packets: packets, interfaces: generator.limits.interfaces, asksKernel: true)
    }

    /// Small policies, too, searched as large ones are.
    @Test(arguments: 0..<20)
    func allThreeAgreeWhereSlatesAreSearched(round: Int) throws {
        var limits = PolicyGenerator.Limits()
        limits.interfaces = ["eth0"]
        var generator = PolicyGenerator(seed: 5_000 + UInt64(round), limits: limits)
        let policySet = try generator.policySet().withoutInterfaces()
        let packets = (0..<150).map { _ in generator.packet(for: policySet) }
        try Self.check(policySet, packets: packets, interfaces: limits.interfaces, asksKernel: true, search: .slates)
    }

    @Test(arguments: 0..<4)
    func largePoliciesAgree(round: Int) throws {
        var limits = PolicyGenerator.Limits()
        limits.policies = 12
        limits.rules = 400
        limits.sets = 12
        limits.setEntries = 300
        var generator = PolicyGenerator(seed: 1_000 + UInt64(round), limits: limits)
        let policySet = generator.policySet()
        let packets = (0..<300).map { _ in generator.packet(for: policySet) }
        try Self.check(policySet, packets: packets, interfaces: limits.interfaces, asksKernel: true)
    }
}
