/// One field of all rules of a classifier: which rules a value of the field satisfies.
///
/// A term is a set of values that rules refer to: a prefix, an address set, a range of ports. A rule is satisfied by the values of
/// its terms, or by every value if it has none; negated terms take values away again.
struct Field<Value: FixedWidthInteger & UnsignedInteger & Sendable> {
    /// The rules that every value satisfies, before negations.
    var unconstrained: BitVector
    private var terms: [Term] = []

    private struct Term {
        /// Sorted and apart from each other.
        var ranges: [ClosedRange<Value>]
        var satisfies: [Int] = []
        var excludes: [Int] = []
    }

    /// A field that no rule speaks of yet.
    init(rules: Int) {
        unconstrained = BitVector(count: rules)
    }

    /// Adds a set of values and returns its number. The ranges may overlap and come in any order.
    mutating func addTerm(_ ranges: [ClosedRange<Value>]) -> Int {
        terms.append(Term(ranges: Self.merged(ranges)))
        return terms.count - 1
    }

    /// The values of the term satisfy the rule.
    mutating func satisfy(_ rule: Int, byTerm term: Int) { terms[term].satisfies.append(rule) }

    /// The values of the term do not satisfy the rule, whatever else does.
    mutating func exclude(_ rule: Int, byTerm term: Int) { terms[term].excludes.append(rule) }

    /// Every value satisfies the rule.
    mutating func leaveOpen(_ rule: Int) { unconstrained.insert(rule) }

    /// A value and the class of all values from it to the next entry's.
    struct Interval {
        var start: Value
        var classNumber: UInt32
    }

    /// Cuts the field's values where the set of satisfied rules changes, and gives each part its class.
    ///
    /// The cost is that of sorting the ends of all ranges, and of one vector for each distinct set of terms.
    func intervals(_ table: inout ClassTable) -> [Interval] {
        // The end of a range is the start of what follows it; nothing follows the last value.
        var cuts: [(at: Value, term: Int32, enters: Bool)] = []
        cuts.reserveCapacity(2 * terms.reduce(0) { $0 + $1.ranges.count })
        for (number, term) in terms.enumerated() where !(term.satisfies.isEmpty && term.excludes.isEmpty) {
            for range in term.ranges {
                cuts.append((range.lowerBound, Int32(number), true))
                if range.upperBound < .max { cuts.append((range.upperBound + 1, Int32(number), false)) }
            }
        }
        cuts.sort { $0.at < $1.at }

        var active: Set<Int32> = []
        // Sets of terms that are met again have a class already. A 128-bit sum of random numbers stands for the set: two of
        // them agree by chance once in 10^38.
        var random = SplitMix64(state: 0x9e37_79b9_7f4a_7c15)
        let marks = terms.map { _ in UInt128(random.next()) << 64 | UInt128(random.next()) }
        var sum: UInt128 = 0
        var classOfSet: [UInt128: UInt32] = [:]
        var result: [Interval] = []

        func close(at value: Value, _ table: inout ClassTable) {
            let number: UInt32
            if let known = classOfSet[sum] {
                number = known
            } else {
                number = table.intern(vector(active))
                classOfSet[sum] = number
            }
            if result.last?.classNumber != number { result.append(Interval(start: value, classNumber: number)) }
        }

        var position: Value = 0
        for cut in cuts {
            if cut.at != position {
                close(at: position, &table)
                position = cut.at
            }
            if cut.enters { active.insert(cut.term) } else { active.remove(cut.term) }
            sum ^= marks[Int(cut.term)]
        }
        close(at: position, &table)
        return result
    }

    private func vector(_ active: Set<Int32>) -> BitVector {
        var vector = unconstrained
        for term in active { for rule in terms[Int(term)].satisfies { vector.insert(rule) } }
        for term in active { for rule in terms[Int(term)].excludes { vector.remove(rule) } }
        return vector
    }

    private static func merged(_ ranges: [ClosedRange<Value>]) -> [ClosedRange<Value>] {
        var result: [ClosedRange<Value>] = []
        for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            if let last = result.last, last.upperBound == .max || range.lowerBound <= last.upperBound + 1 {
                if range.upperBound > last.upperBound { result[result.count - 1] = last.lowerBound...range.upperBound }
            } else {
                result.append(range)
            }
        }
        return result
    }
}

/// Steele, Lea and Flood's generator: the same numbers on every machine.
private struct SplitMix64 {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}
