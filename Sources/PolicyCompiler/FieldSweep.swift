/// One field of all rules of a classifier: which rules a value of the field satisfies.
///
/// A term is a set of values that rules refer to: a prefix, an address set, a range of ports. A rule is satisfied by the values of
/// its terms, or by every value if it has none; negated terms take values away again.
struct Field<Value: FixedWidthInteger & UnsignedInteger & Sendable> {
    /// The rules that every value satisfies, before negations.
    var unconstrained: BitVector
    private var terms: [Term] = []

    private struct Term {
        /// In any order, and some within others.
        var ranges: [ClosedRange<Value>]
        var satisfies: [Int] = []
        var excludes: [Int] = []

        /// Whether each range begins behind the one before.
        var isInOrder: Bool { ranges.indices.dropFirst().allSatisfy { ranges[$0 - 1].upperBound < ranges[$0].lowerBound } }
    }

    /// A field that no rule speaks of yet.
    init(rules: Int) {
        unconstrained = BitVector(count: rules)
    }

    /// Adds a set of values and returns its number. The ranges may overlap and come in any order.
    mutating func addTerm(_ ranges: [ClosedRange<Value>]) -> Int {
        terms.append(Term(ranges: ranges))
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
        let cuts = cuts()

        var active = ActiveTerms(count: terms.count)
        var satisfied = SatisfiedRules(unconstrained, terms)
        var result: [Interval] = []
        result.reserveCapacity(cuts.count / 2 + 1)
        var position: Value = 0
        func close() {
            let number = active.classNumber { satisfied.classNumber($0, &table) }
            if result.last?.classNumber != number { result.append(Interval(start: position, classNumber: number)) }
        }
        for cut in cuts {
            if cut.at != position {
                close()
                position = cut.at
            }
            active.note(cut.term)
        }
        close()
        return result
    }

    /// Where ranges begin and end, in order.
    private func cuts() -> [Cut<Value>] {
        // The ranges of a set are in order already, and those of the largest are nearly all there are.
        let largest = terms.indices.max { terms[$0].ranges.count < terms[$1].ranges.count }
        var ordered: [Cut<Value>] = []
        var others: [Cut<Value>] = []
        for (number, term) in terms.enumerated() where !(term.satisfies.isEmpty && term.excludes.isEmpty) {
            if number == largest, term.isInOrder { append(number, to: &ordered) } else { append(number, to: &others) }
        }
        return Cut.merged(ordered, others)
    }

    private func append(_ number: Int, to cuts: inout [Cut<Value>]) {
        let term = Int32(truncatingIfNeeded: number)
        let ranges = terms[number].ranges
        if cuts.isEmpty { cuts.reserveCapacity(2 * ranges.count) }
        for range in ranges {
            cuts.append(Cut(at: range.lowerBound, term: term))
            // The end of a range is the start of what follows it; nothing follows the last value.
            if range.upperBound < .max { cuts.append(Cut(at: range.upperBound + 1, term: ~term)) }
        }
    }

    /// The rules that the terms which hold satisfy.
    private struct SatisfiedRules {
        private let terms: [Term]
        private var vector: MovingVector
        /// By rule, how many of its terms hold, one more where it is open, and how many of those that exclude it.
        private var positive: [Int32]
        private var negative: [Int32]

        init(_ unconstrained: BitVector, _ terms: [Term]) {
            self.terms = terms
            vector = MovingVector(unconstrained)
            positive = Array(repeating: 0, count: unconstrained.count)
            negative = positive
            unconstrained.forEach { positive[$0] = 1 }
        }

        /// The class of the rules, once the terms hold that did not, and no longer those that did.
        mutating func classNumber(_ changed: ActiveTerms.Changed, _ table: inout ClassTable) -> UInt32 {
            for (term, holds) in changed {
                let change: Int32 = holds ? 1 : -1
                for rule in terms[term].satisfies {
                    positive[rule] += change
                    settle(rule)
                }
                for rule in terms[term].excludes {
                    negative[rule] += change
                    settle(rule)
                }
            }
            return vector.classNumber(&table)
        }

        private mutating func settle(_ rule: Int) {
            if (positive[rule] > 0 && negative[rule] == 0) != vector.contains(rule) { vector.flip(rule) }
        }
    }
}

/// Where a range of a term begins, or with the term's complement, where one has ended.
private struct Cut<Value: FixedWidthInteger & UnsignedInteger> {
    var at: Value
    var term: Int32

    /// Sorts by place.
    static func sort(_ cuts: inout [Cut]) {
        guard cuts.indices.dropFirst().contains(where: { cuts[$0].at < cuts[$0 - 1].at }) else { return }
        PlaceSort.sort(&cuts) { $0.at }
    }

    /// Cuts in order, some of which are already.
    static func merged(_ ordered: [Cut], _ others: [Cut]) -> [Cut] {
        var others = others
        sort(&others)
        guard !ordered.isEmpty, !others.isEmpty else { return ordered.isEmpty ? others : ordered }
        var result: [Cut] = []
        result.reserveCapacity(ordered.count + others.count)
        var next = 0
        for cut in ordered {
            while next < others.count, others[next].at < cut.at {
                result.append(others[next])
                next += 1
            }
            result.append(cut)
        }
        result += others[next...]
        return result
    }
}

/// The terms that hold where a sweep is, and the classes of the sets of terms it has met.
private struct ActiveTerms {
    /// How many ranges of each term are open: they may overlap.
    private var depth: [Int32]
    /// The terms that hold now and did not when a class was made last, or the other way round, and where each of them is.
    private var changed: [Int32] = []
    private var places: [Int32]
    /// Stands for the terms that hold: sets of terms that are met again have a class already.
    private var sum: UInt128 = 0
    private var known = SumTable()
    /// The sets met last, by the low bits of their sums: a large set is entered and left a million times.
    private var recent: [(sum: UInt128, number: UInt32)?] = Array(repeating: nil, count: 256)

    typealias Changed = [(term: Int, holds: Bool)]

    init(count: Int) {
        depth = Array(repeating: 0, count: count)
        places = Array(repeating: -1, count: count)
    }

    /// A range of the term begins, or with its complement, has ended.
    mutating func note(_ term: Int32) {
        let number = Int(term < 0 ? ~term : term)
        let before = depth[number]
        depth[number] = before + (term < 0 ? -1 : 1)
        guard (before > 0) != (depth[number] > 0) else { return }
        sum ^= mark(number)
        let place = Int(places[number])
        guard place >= 0 else {
            places[number] = Int32(changed.count)
            changed.append(Int32(number))
            return
        }
        // It is again what it was.
        places[number] = -1
        let moved = changed.removeLast()
        guard place < changed.count else { return }
        changed[place] = moved
        places[Int(moved)] = Int32(place)
    }

    mutating func classNumber(_ make: (Changed) -> UInt32) -> UInt32 {
        let place = Int(truncatingIfNeeded: sum & 255)
        if let recent = recent[place], recent.sum == sum { return recent.number }
        let number = known[sum] ?? made(make)
        recent[place] = (sum, number)
        return number
    }

    private mutating func made(_ make: (Changed) -> UInt32) -> UInt32 {
        let number = make(changed.map { (Int($0), depth[Int($0)] > 0) })
        for term in changed { places[Int(term)] = -1 }
        changed.removeAll(keepingCapacity: true)
        known[sum] = number
        return number
    }
}
