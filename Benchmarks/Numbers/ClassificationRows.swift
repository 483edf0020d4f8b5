import Foundation
import PolicyModel
import PolicyTesting

/// What finding the rule costs: the program with a policy above the program with none.
struct ClassificationRows {
    let effort: Effort
    /// A folder of NAME.rules with NAME.trace in ClassBench's format, made by others; nil where there is none.
    let classbench: String?

    private static let yardstick = "one LRU look-up"
    private static let headers = 32_768

    private struct Result {
        var cost: Cost
        var lookup: Cost
        var compiling: Double
        var tableBytes: Int

        var details: [String: Double] {
            var details = cost.details().merging(lookup.details("LRU look-up ")) { $1 }
            details["compile ms"] = compiling * 1e3
            details["tables KiB"] = Double(tableBytes >> 10)
            return details
        }
    }

    private func measure(_ compiled: Compiled, _ frames: [[UInt8]]) throws -> Result {
        let trace = try Trace(frames)
        let costs = try Cost.measure(trace, [(compiled.target, try Compiled.nothing().target)], effort)
        return Result(cost: costs[0], lookup: costs[1], compiling: compiled.compiling, tableBytes: compiled.tableBytes)
    }

    // MARK: A host's own policy

    func host() throws -> Outcome {
        var outcome = Outcome(row: "host")
        for count in effort.isQuick ? [10, 100, 1_000, 10_000] : [10, 30, 100, 300, 1_000, 3_000, 10_000, 30_000] {
            let rules = HostRules(count)
            let result = try measure(Compiled(text: rules.yaml()), rules.flows(Self.headers).map { $0.frame() })
            outcome.point(.rules, "policyd, the rule alone (test-run)", Double(count), result.cost.mean)
            outcome.point(.rules, "one LRU look-up (test-run)", Double(count), result.lookup.mean)
            if count == 100 {
                outcome.measured.append(
                    .multiple(
                        "classification, a host's own policy of 100 rules", result.cost.mean, "ns", of: result.lookup.mean, Self.yardstick,
                        atMost: 0.5, details: result.details))
            } else {
                outcome.measured.append(
                    .figure(
                        "classification, a host's own policy of \(Format.thousands(count)) rules", result.cost.mean, "ns",
                        details: result.details))
            }
        }
        return outcome
    }

    // MARK: ClassBench

    func tenThousand() throws -> Outcome {
        var outcome = Outcome(row: "classbench")
        for family in ClassBenchGenerator.Family.allCases {
            var generator = ClassBenchGenerator(family, seed: 1)
            let set = generator.set(10_000)
            let headers = generator.headers(Self.headers, for: set)
            add("10,000 ClassBench-style rules, \(family.rawValue)", family == .acl ? 1 : 2, set, headers, to: &outcome)
        }
        // Sets that others made: small ones, which no promise is about.
        for (name, set, headers) in try files() {
            let result = try measure(Compiled(set.policySet()), headers.map { Flow($0).frame() })
            outcome.measured.append(
                .figure("classification, \(set.rules.count) rules of \(name)", result.cost.mean, "ns", details: result.details))
        }
        return outcome
    }

    private func add(
        _ what: String, _ limit: Double, _ set: ClassBenchSet, _ headers: [ClassBenchHeader], to outcome: inout Outcome
    ) {
        do {
            let result = try measure(Compiled(set.policySet()), headers.map { Flow($0).frame() })
            outcome.measured.append(
                .multiple(
                    "classification, \(what): mean", result.cost.mean, "ns", of: result.lookup.mean, Self.yardstick, atMost: limit,
                    details: result.details))
            outcome.measured.append(
                .multiple(
                    "classification, \(what): p99", result.cost.p99, "ns", of: result.lookup.mean, Self.yardstick, atMost: 5,
                    details: result.details))
        } catch {
            outcome.measured.append(
                .missing(
                    "classification, \(what)", target: "≤ \(Format.short(limit)) × \(Self.yardstick)", because: "\(error)", isFault: true))
        }
    }

    /// Rules and headers that others made.
    private func files() throws -> [(name: String, ClassBenchSet, [ClassBenchHeader])] {
        guard let classbench else { return [] }
        let names = try FileManager.default.contentsOfDirectory(atPath: classbench).filter { $0.hasSuffix(".rules") }.sorted()
        return try names.compactMap { name in
            let trace = "\(classbench)/\(name.dropLast(6)).trace"
            guard FileManager.default.fileExists(atPath: trace) else { return nil }
            return (
                String(name.dropLast(6)), try ClassBenchSet(text: String(contentsOfFile: "\(classbench)/\(name)", encoding: .utf8)),
                try ClassBenchSet.headers(text: String(contentsOfFile: trace, encoding: .utf8))
            )
        }
    }

    func hundredThousand() throws -> Outcome {
        var outcome = Outcome(row: "hundred-thousand")
        for family in ClassBenchGenerator.Family.allCases {
            let what = "100,000 ClassBench-style rules, \(family.rawValue)"
            var generator = ClassBenchGenerator(family, seed: 1)
            let set = generator.set(100_000)
            do {
                let result = try measure(Compiled(set.policySet()), generator.headers(Self.headers, for: set).map { Flow($0).frame() })
                outcome.measured += [
                    .multiple(
                        "classification, \(what): mean", result.cost.mean, "ns", of: result.lookup.mean, Self.yardstick, atMost: 4,
                        details: result.details),
                    .atMost("tables, \(what)", Double(result.tableBytes) / Double(1 << 20), "MiB", 256),
                    .atMost("compiling \(what)", result.compiling, "s", 5),
                ]
            } catch {
                for (name, target) in [
                    ("classification", "≤ 4 × \(Self.yardstick)"), ("tables", "≤ 256 MiB"), ("compiling", "≤ 5 s"),
                ] {
                    outcome.measured.append(.missing("\(name), \(what)", target: target, because: "\(error)", isFault: true))
                }
            }
        }
        return outcome
    }
}
