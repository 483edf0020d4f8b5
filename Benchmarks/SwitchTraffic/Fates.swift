/// What became of a sender's datagrams, and by which side each was judged: its kind and whether it passed say so.
struct Fates {
    /// A bit for each number that came to the programs under test, and for each that came out behind them.
    let arrived: [UInt64]
    let passed: [UInt64]
    private let straight = Kind.allowed(by: .straight)

    /// A change of side that somebody made: when it began, numbers below `begin` had come already; when it was done, numbers from `end` on
    /// had not come yet. From `end` on the side is `side`.
    struct Change {
        var begin: Int
        var end: Int
        var side: Side
    }

    /// Which datagrams were judged as neither the policy before nor the one after says.
    struct Misjudged {
        /// Outside of every change, by the wrong side.
        var outside = 0
        /// Within a change, by the old side after one that was judged by the new.
        var within = 0
        /// The first of them.
        var first: Int?

        var count: Int { outside + within }
    }

    /// How many came to the programs, and how many of them passed.
    var counts: (arrived: Int, passed: Int) {
        (arrived.reduce(0) { $0 + $1.nonzeroBitCount }, passed.reduce(0) { $0 + $1.nonzeroBitCount })
    }

    /// Whether a number came to the programs, and by which side it was judged then.
    func side(of number: Int) -> Side? {
        let (word, bit) = (number / 64, UInt64(1) << UInt64(number % 64))
        guard word < arrived.count, arrived[word] & bit != 0 else { return nil }
        return (passed[word] & bit != 0) == (straight & bit != 0) ? .straight : .crossed
    }

    /// Compares every datagram's side with the one it has to be of.
    ///
    /// - Parameters:
    ///   - side: the side in force at first.
    ///   - changes: what was changed, in order; they may begin where the one before ended.
    func misjudged(from side: Side, _ changes: [Change]) -> Misjudged {
        var found = Misjudged()
        var side = side
        var next = 0
        for change in changes {
            expect(side, next..<max(next, change.begin), &found)
            var isOver = side == change.side
            for number in max(next, change.begin)..<max(next, change.end) {
                guard let seen = self.side(of: number) else { continue }
                if seen == change.side {
                    isOver = true
                } else if isOver {
                    found.within += 1
                    if found.first == nil { found.first = number }
                }
            }
            next = max(next, change.end)
            side = change.side
        }
        expect(side, next..<(arrived.count * 64), &found)
        return found
    }

    /// All of a range are to be of a side: whole words are compared at once.
    private func expect(_ side: Side, _ range: Range<Int>, _ found: inout Misjudged) {
        var number = range.lowerBound
        while number < range.upperBound, number / 64 < arrived.count {
            let (word, from) = (number / 64, number % 64)
            let upTo = min(64, range.upperBound - word * 64)
            var mask = UInt64.max << UInt64(from)
            if upTo < 64 { mask &= (1 << UInt64(upTo)) - 1 }
            // What passed and should not, or should and did not.
            let wrong = (passed[word] ^ (side == .straight ? straight : ~straight)) & arrived[word] & mask
            if wrong != 0 {
                found.outside += wrong.nonzeroBitCount
                if found.first == nil { found.first = word * 64 + wrong.trailingZeroBitCount }
            }
            number = word * 64 + upTo
        }
    }
}
