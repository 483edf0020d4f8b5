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
        // The end of a range is the start of what follows it; nothing follows the last value.
        var cuts: [Cut<Value>] = []
        cuts.reserveCapacity(2 * terms.reduce(0) { $0 + $1.ranges.count })
        for (number, term) in terms.enumerated() where !(term.satisfies.isEmpty && term.excludes.isEmpty) {
            let number = Int32(truncatingIfNeeded: number)
            for range in term.ranges {
                cuts.append(Cut(at: range.lowerBound, term: number))
                if range.upperBound < .max { cuts.append(Cut(at: range.upperBound + 1, term: ~number)) }
            }
        }
        Cut.sort(&cuts)

        var active = ActiveTerms(count: terms.count)
        var result: [Interval] = []
        result.reserveCapacity(cuts.count / 2 + 1)
        var position: Value = 0
        for cut in cuts {
            if cut.at != position {
                close(at: position, &active, &table, &result)
                position = cut.at
            }
            active.note(cut.term)
        }
        close(at: position, &active, &table, &result)
        return result
    }

    private func close(at value: Value, _ active: inout ActiveTerms, _ table: inout ClassTable, _ result: inout [Interval]) {
        let number = active.classNumber { table.intern(vector($0)) }
        if result.last?.classNumber != number { result.append(Interval(start: value, classNumber: number)) }
    }

    private func vector(_ active: BitVector) -> BitVector {
        var vector = unconstrained
        active.forEach { for rule in terms[$0].satisfies { vector.insert(rule) } }
        active.forEach { for rule in terms[$0].excludes { vector.remove(rule) } }
        return vector
    }
}

/// Where a range of a term begins, or with the term's complement, where one has ended.
private struct Cut<Value: FixedWidthInteger & UnsignedInteger> {
    var at: Value
    var term: Int32

    /// Sorts by place: a byte at a time, from the last, where there are many. Files of addresses are often in order already.
    static func sort(_ cuts: inout [Cut]) {
        guard cuts.indices.dropFirst().contains(where: { cuts[$0].at < cuts[$0 - 1].at }) else { return }
        guard cuts.count > 4096 else { return cuts.sort { $0.at < $1.at } }
        // Bytes that are the same in all need no pass.
        let differing = cuts.reduce(Value(0)) { $0 | ($1.at ^ cuts[0].at) }
        var other = cuts
        for shift in Swift.stride(from: 0, to: Value.bitWidth, by: 8) where UInt8(truncatingIfNeeded: differing &>> Value(shift)) != 0 {
            var places = [Int](repeating: 0, count: 257)
            for cut in cuts { places[Int(UInt8(truncatingIfNeeded: cut.at &>> Value(shift))) + 1] += 1 }
            for byte in 1...256 { places[byte] += places[byte - 1] }
            for cut in cuts {
                let byte = Int(UInt8(truncatingIfNeeded: cut.at &>> Value(shift)))
                other[places[byte]] = cut
                places[byte] += 1
            }
            swap(&cuts, &other)
        }
    }
}

/// The terms that hold where a sweep is, and the classes of the sets of terms it has met.
private struct ActiveTerms {
    private var active: BitVector
    /// How many ranges of each term are open: they may overlap.
    private var depth: [Int32]
    /// Sets of terms that are met again have a class already. A 128-bit sum of random numbers stands for the set: two of them agree by
    /// chance once in 10^38.
    private let marks: [UInt128]
    private var sum: UInt128 = 0
    private var known: [UInt128: UInt32] = [:]
    /// The sets met last, by the low bits of their sums: a large set is entered and left a million times.
    private var recent: [(sum: UInt128, number: UInt32)?] = Array(repeating: nil, count: 256)

    init(count: Int) {
        active = BitVector(count: count)
        depth = Array(repeating: 0, count: count)
        var random = SplitMix64(state: 0x9e37_79b9_7f4a_7c15)
        marks = (0..<count).map { _ in UInt128(random.next()) << 64 | UInt128(random.next()) }
    }

    /// A range of the term begins, or with its complement, has ended.
    mutating func note(_ term: Int32) {
        let number = Int(term < 0 ? ~term : term)
        depth[number] += term < 0 ? -1 : 1
        let isOpen = depth[number] > 0
        guard isOpen != active.contains(number) else { return }
        if isOpen { active.insert(number) } else { active.remove(number) }
        sum ^= marks[number]
    }

    mutating func classNumber(_ make: (BitVector) -> UInt32) -> UInt32 {
        let place = Int(truncatingIfNeeded: sum & 255)
        if let recent = recent[place], recent.sum == sum { return recent.number }
        let number = known[sum] ?? make(active)
        known[sum] = number
        recent[place] = (sum, number)
        return number
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
