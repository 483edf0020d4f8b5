import CBenchmark
import PolicyModel

/// What a packet costs where a large address set is looked at first, and 1,000 rules after it.
struct SetRow {
    let effort: Effort

    private static let headers = 32_768

    func run() throws -> Outcome {
        var outcome = Outcome(row: "set")
        let sizes = effort.isQuick ? [1_000, 100_000, 800_000] : [100, 1_000, 10_000, 100_000, 800_000, 1_000_000]
        let rules = HostRules(1_000)
        // From anywhere: hardly a source is in the set.
        let frames = rules.flows(Self.headers).map { $0.frame() }
        let nothing = try Compiled.nothing()
        for count in sizes {
            let addresses = HostRules.list(count)
            let compiled = try Compiled(text: rules.yaml(listed: "list.txt"), lists: ["list.txt": HostRules.text(addresses)])
            let trace = try Trace(frames, prefixes: addresses.map { bench_prefix4(length: 32, address: $0.bigEndian) })
            let costs = try Cost.measure(
                trace, [(compiled.target, nothing.target), (trace.prefixLookup, trace.emptyProgram)], effort)
            let (ours, kernel, lookup) = (costs[0], costs[1], costs[2])
            outcome.point(.set, "policyd, the rule alone (test-run)", Double(count), ours.mean)
            outcome.point(.set, "one LPM map look-up (test-run)", Double(count), kernel.mean)
            outcome.point(.set, "one LRU look-up (test-run)", Double(count), lookup.mean)
            var details = ours.details().merging(lookup.details("LRU look-up ")) { $1 }
            details.merge(kernel.details("LPM map ")) { $1 }
            details["compile ms"] = compiled.compiling * 1e3
            details["tables KiB"] = Double(compiled.tableBytes >> 10)
            let size = Format.thousands(count)
            guard count == 800_000 else {
                outcome.measured.append(.figure("classification, \(size)-entry set plus 1,000 rules", ours.mean, "ns", details: details))
                continue
            }
            outcome.measured.append(
                .multiple(
                    "classification, 800,000-entry set plus 1,000 rules: mean over random sources", ours.mean, "ns", of: lookup.mean,
                    "one LRU look-up", atMost: 2, details: details))
            outcome.measured.append(.figure("one look-up in the kernel's LPM map of these 800,000", kernel.mean, "ns"))
        }
        return outcome
    }
}
