/// What a program costs a packet above another.
struct Cost {
    /// Nanoseconds above the base, each packet timed for itself, what it needs being in the caches as far as that is so when the whole
    /// trace goes round: of each packet the median of all rounds, and of these the mean and the quantiles.
    var mean = 0.0
    var p50 = 0.0
    var p99 = 0.0
    /// Nanoseconds a packet where packets follow each other without a pause, the processor working on several at once.
    var stream = 0.0
    /// Each packet timed for itself with the core's caches full of other things.
    var coldMean = 0.0
    var coldP50 = 0.0
    var coldP99 = 0.0

    /// By name, as details of a measurement.
    func details(_ prefix: String = "") -> [String: Double] {
        let values = [
            "mean": mean, "p50": p50, "p99": p99, "stream": stream, "cold mean": coldMean, "cold p50": coldP50, "cold p99": coldP99,
        ]
        return Dictionary(uniqueKeysWithValues: values.map { (prefix + $0, $1) })
    }

    /// Measures programs over a trace, turn by turn, each against its base.
    ///
    /// - Returns: what each subject costs, and last what one LRU look-up by the packet's flow costs above the empty program.
    static func measure(_ trace: Trace, _ subjects: [(subject: Trace.Target, base: Trace.Target)], _ effort: Effort) throws -> [Cost] {
        let pairs = subjects + [(trace.lookup, trace.emptyProgram)]
        var sides = pairs.map { [Side($0.subject, trace.count), Side($0.base, trace.count)] }
        // Turn by turn, so that a slower second of the machine hits all alike.
        for _ in 0..<effort.rounds {
            for pair in sides.indices { for side in 0...1 { try sides[pair][side].round(trace, effort) } }
        }
        for pair in sides.indices {
            for side in 0...1 { try sides[pair][side].cold = Sample(trace.cold(sides[pair][side].target, samples: effort.samples)) }
        }
        return sides.map { sides in
            let (subject, base) = (sides[0], sides[1])
            let (each, rest) = (Sample(subject.medians), Sample(base.medians))
            return Cost(
                mean: each.mean - rest.mean, p50: each.median - rest.median, p99: each.quantile(0.99) - rest.median,
                stream: Sample(subject.streams).median - Sample(base.streams).median,
                coldMean: subject.cold.calmMean - base.cold.calmMean, coldP50: subject.cold.median - base.cold.median,
                coldP99: subject.cold.quantile(0.99) - base.cold.median)
        }
    }

    /// What is gathered of one program.
    private struct Side {
        let target: Trace.Target
        var streams: [Double] = []
        var taken: [[Double]]
        var cold = Sample([])

        init(_ target: Trace.Target, _ count: Int) {
            self.target = target
            taken = Array(repeating: [], count: count)
        }

        mutating func round(_ trace: Trace, _ effort: Effort) throws {
            streams.append(try trace.whole(target, milliseconds: effort.milliseconds))
            for (index, value) in try trace.each(target).enumerated() { taken[index].append(value) }
        }

        var medians: [Double] { taken.map { Sample($0).median } }
    }
}

/// How long to measure.
struct Effort {
    var isQuick: Bool
    /// Times that everything is measured; medians count.
    var rounds: Int { isQuick ? 7 : 21 }
    var milliseconds: Double { isQuick ? 10 : 20 }
    /// Packets with cold caches.
    var samples: Int { isQuick ? 150 : 1_000 }
}
