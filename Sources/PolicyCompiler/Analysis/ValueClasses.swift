/// The values of one field, put into classes: values of a class are in the same terms, and so satisfy the same rules.
struct ValueClasses {
    /// For each class a value to show, as pleasant as there is one.
    private(set) var representatives: [UInt128] = []
    /// How unpleasant each representative is, from 0.
    private(set) var scores: [Int32] = []
    /// For each term its classes.
    private(set) var terms: [Runs]

    var count: Int { representatives.count }

    private struct Cut {
        var at: UInt128
        var term: Int32
        var enters: Bool
    }

    /// Cuts the values where a term begins or ends.
    ///
    /// - Parameters:
    ///   - ranges: the values of each term, in any order, overlapping or not.
    ///   - domain: the values there are, ascending and apart; others are in no class.
    ///   - pleasant: of the values of a range the one to show, and how unpleasant it is.
    init(
        _ ranges: [[ClosedRange<UInt128>]], domain: [ClosedRange<UInt128>],
        pleasant: (ClosedRange<UInt128>) -> (value: UInt128, score: Int32)
    ) {
        terms = Array(repeating: Runs(), count: ranges.count)
        // The domain is one term more, without which there is no class.
        let outside = Int32(ranges.count)
        var cuts: [Cut] = []
        cuts.reserveCapacity(2 * (domain.count + ranges.reduce(0) { $0 + $1.count }))
        for (term, list) in (ranges + [domain]).enumerated() {
            for range in list {
                cuts.append(Cut(at: range.lowerBound, term: Int32(term), enters: true))
                if range.upperBound < .max { cuts.append(Cut(at: range.upperBound + 1, term: Int32(term), enters: false)) }
            }
        }
        cuts.sort { $0.at < $1.at }

        // How many ranges of each term the value is in: ranges of a term may overlap.
        var depth = Array(repeating: Int32(0), count: ranges.count + 1)
        var active: Set<Int32> = []
        // A sum of random numbers stands for a set of terms: two sets agree by chance once in 10^38.
        var random = Marks()
        let marks = (0...ranges.count).map { _ in random.next() }
        var sum: UInt128 = 0
        var known: [UInt128: Int] = [:]
        var place = 0
        while place < cuts.count {
            let start = cuts[place].at
            while place < cuts.count, cuts[place].at == start {
                let cut = cuts[place]
                let term = Int(cut.term)
                depth[term] += cut.enters ? 1 : -1
                if cut.enters ? depth[term] == 1 : depth[term] == 0 {
                    if cut.enters { active.insert(cut.term) } else { active.remove(cut.term) }
                    sum ^= marks[term]
                }
                place += 1
            }
            guard active.contains(outside) else { continue }
            let end = place < cuts.count ? cuts[place].at - 1 : .max
            if let number = known[sum] {
                guard scores[number] > 0 else { continue }
                let shown = pleasant(start...end)
                if shown.score < scores[number] { (representatives[number], scores[number]) = shown }
            } else {
                let number = representatives.count
                known[sum] = number
                let shown = pleasant(start...end)
                representatives.append(shown.value)
                scores.append(shown.score)
                for term in active where term != outside { terms[Int(term)].append(Int32(number)) }
            }
        }
    }
}

/// Numbers that stand for terms, the same on every run.
private struct Marks {
    private var state: UInt64 = 0x243f_6a88_85a3_08d3

    private mutating func word() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }

    mutating func next() -> UInt128 { UInt128(word()) << 64 | UInt128(word()) }
}
