import BPF
import Datapath
import PolicyCompiler
import PolicyModel
import PolicyTesting

/// A policy ready to be measured in the kernel, and what it took to make it so.
struct Compiled {
    let engine: KernelEngine
    /// Seconds the compiler took.
    let compiling: Double
    let tableBytes: Int

    init(_ policySet: PolicySet) throws {
        var numbers = RuleNumbers()
        numbers.assign(for: policySet)
        let start = ContinuousClock.now
        // The daemon's limit of rules is a setting: policies beyond it are measured as if it had been raised.
        var limits = CompileLimits()
        limits.rules = max(limits.rules, policySet.ruleCount)
        let policy = try CompiledPolicy.compile(policySet, revision: 1, numbers: numbers, interfaces: ["lo"], limits: limits)
        compiling = (ContinuousClock.now - start) / .seconds(1)
        tableBytes = policy.tableSizes.total
        engine = try KernelEngine(policy)
    }

    /// From documents, as an operator writes them.
    init(text: String, lists: [String: String] = [:]) throws {
        let bundle = SourceBundle(files: [SourceFile(path: "bench.yaml", text: text)], lists: lists.mapValues { Array($0.utf8) })
        try self.init(DocumentLoader.load(bundles: [bundle]).policySet())
    }

    var target: Trace.Target {
        Trace.Target { [engine] targets in try engine.withProgram { try targets.set($0, at: 0) } }
    }

    /// The program with no rule at all.
    static func nothing() throws -> Compiled { try Compiled(PolicySet.empty) }
}
