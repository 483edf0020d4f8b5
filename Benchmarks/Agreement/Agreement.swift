import ArgumentParser
import Datapath
import Foundation
import PolicyCompiler
import PolicyModel
import PolicyTesting
import Synchronization

/// Compares the three engines on random policies and packets, by the million, and ends with the smallest policy that shows a
/// disagreement, if there is one. Rule sets in ClassBench's format are compared with a plain walk over their rules as well.
@main
struct Agreement: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "agreement", abstract: "Compare reference, compiled tables and kernel on random policies and packets.")

    @Option(help: "Packets to judge in all.") var packets = 10_000_000
    @Option(help: "Packets for each policy.") var each = 20_000
    @Option(help: "Where the random numbers start.") var seed: UInt64 = 1
    @Option(help: "How many policies to compare at a time; the number of processors if not given.") var jobs: Int?
    @Flag(help: "Leave the kernel out: needs no privileges.") var withoutKernel = false
    @Option(
        parsing: .upToNextOption,
        help: "Files of ClassBench's format to compare instead, each rule file followed by its trace.") var classbench: [String] = []
    @Option(help: "Compare sets of so many rules made in ClassBench's style instead.") var generated: Int?

    func validate() throws {
        guard classbench.count % 2 == 0 else { throw ValidationError("each file of rules needs its trace") }
        guard each > 0, jobs ?? 1 > 0 else { throw ValidationError("--each and --jobs must be above 0") }
    }

    func run() throws {
        let comparison = Comparison(asksKernel: !withoutKernel)
        if !classbench.isEmpty || generated != nil {
            try compareRuleSets(comparison)
        } else {
            try compareRandom(comparison)
        }
    }

    private var engines: String { withoutKernel ? "two engines" : "three engines" }

    // MARK: Random policies

    private func compareRandom(_ comparison: Comparison) throws {
        let start = ContinuousClock.now
        let rounds = (packets + each - 1) / each
        let next = Atomic(0)
        let outcome = Mutex<Result<Void, any Error>>(.success(()))
        DispatchQueue.concurrentPerform(iterations: min(jobs ?? ProcessInfo.processInfo.activeProcessorCount, max(rounds, 1))) { _ in
            while case .success = outcome.withLock({ $0 }) {
                let round = next.wrappingAdd(1, ordering: .relaxed).oldValue
                guard round < rounds else { return }
                do {
                    try self.round(seed &+ UInt64(round), min(each, packets - round * each), comparison)
                } catch {
                    outcome.withLock { if case .success = $0 { $0 = .failure(error) } }
                }
            }
        }
        try outcome.withLock { $0 }.get()
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        let rate = Int(Double(packets) / max(seconds, 0.001))
        print(
            "\(packets) packets by \(rounds) policies: \(engines) agree on each (\(String(format: "%.1f", seconds)) s, \(rate) a second, seeds from \(seed))"
        )
    }

    private func round(_ seed: UInt64, _ count: Int, _ comparison: Comparison) throws {
        var generator = PolicyGenerator(seed: seed, limits: limits(seed))
        let policySet = generator.policySet()
        let packets = (0..<count).map { _ in generator.packet(for: policySet) }
        let interfaces = generator.limits.interfaces + ["other9"]
        guard let found = try comparison.disagreement(policySet, packets, interfaces) else { return }
        let smallest = try PolicyShrinker.minimize(policySet) { try comparison.disagreement($0, packets, interfaces) != nil }
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

    // MARK: Rule sets

    private func compareRuleSets(_ comparison: Comparison) throws {
        for pair in stride(from: 0, to: classbench.count, by: 2) {
            let set = try ClassBenchSet(text: Self.text(classbench[pair]))
            let headers = try ClassBenchSet.headers(text: Self.text(classbench[pair + 1]))
            try compare(URL(fileURLWithPath: classbench[pair]).lastPathComponent, set, headers, comparison)
        }
        guard let generated else { return }
        for family in ClassBenchGenerator.Family.allCases {
            var generator = ClassBenchGenerator(family, seed: seed)
            let set = generator.set(generated)
            try compare("\(family.rawValue)-like", set, generator.headers(10_000, for: set), comparison)
        }
    }

    private func compare(_ name: String, _ set: ClassBenchSet, _ headers: [ClassBenchHeader], _ comparison: Comparison) throws {
        let start = ContinuousClock.now
        if let found = try comparison.disagreement(set, headers) {
            print("\(name): \(found)")
            throw ExitCode(1)
        }
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        let words = "\(set.rules.count) rules, \(headers.count) headers: \(engines) find the rule a linear walk finds"
        print("\(name): \(words) (\(String(format: "%.1f", seconds)) s)")
    }

    private static func text(_ path: String) throws -> String {
        String(decoding: try Data(contentsOf: URL(fileURLWithPath: path)), as: UTF8.self)
    }
}
