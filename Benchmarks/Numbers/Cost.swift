/// What a program costs a packet above another, beside one LRU look-up in the same run.
struct Cost {
    /// Nanoseconds above the base, the trace's tables being in the caches as far as they fit.
    var mean = 0.0
    var p50 = 0.0
    var p99 = 0.0
    /// The same with cold caches.
    var coldMean = 0.0
    var coldP50 = 0.0
    var coldP99 = 0.0

    var details: [String: Double] {
        ["mean": mean, "p50": p50, "p99": p99, "cold mean": coldMean, "cold p50": coldP50, "cold p99": coldP99]
    }

    /// Measures programs over a trace, turn by turn, each against its base.
    ///
    /// - Returns: what each subject costs, and last what a look-up costs above the empty program.
    static func measure(_ trace: Trace, _ subjects: [(subject: Trace.Target, base: Trace.Target)], _ effort: Effort) throws -> [Cost] {
        let pairs = subjects + [(trace.lookup, trace.emptyProgram)]
        var means = Array(repeating: [Double](), count: pairs.count)
        // Turn by turn, so that a slower second of the machine hits all alike.
        for _ in 0..<effort.rounds {
            for (index, pair) in pairs.enumerated() {
                let base = try trace.whole(pair.base, milliseconds: effort.milliseconds)
                means[index].append(try trace.whole(pair.subject, milliseconds: effort.milliseconds) - base)
            }
        }
        return try pairs.enumerated().map { index, pair in
            var cost = Cost()
            cost.mean = Sample(means[index]).median
            let base = Sample(try trace.each(pair.base, passes: effort.rounds))
            let each = Sample(try trace.each(pair.subject, passes: effort.rounds))
            (cost.p50, cost.p99) = (each.median - base.median, each.quantile(0.99) - base.median)
            let coldBase = Sample(try trace.cold(pair.base, samples: effort.samples))
            let cold = Sample(try trace.cold(pair.subject, samples: effort.samples))
            cost.coldMean = cold.calmMean - coldBase.calmMean
            (cost.coldP50, cost.coldP99) = (cold.median - coldBase.median, cold.quantile(0.99) - coldBase.median)
            return cost
        }
    }
}

/// How long to measure.
struct Effort {
    var isQuick: Bool
    /// Times that everything is measured; medians count.
    var rounds: Int { isQuick ? 5 : 15 }
    var milliseconds: Double { isQuick ? 10 : 25 }
    /// Packets with cold caches.
    var samples: Int { isQuick ? 150 : 1_000 }
}
