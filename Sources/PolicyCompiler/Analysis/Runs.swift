/// Numbers of classes: ascending ranges with gaps between them.
///
/// Classes are numbered as a sweep over the values first meets them, so that a prefix or a range of ports is one range of classes
/// wherever terms lie beside or within one another.
struct Runs: Hashable {
    private(set) var runs: [Range<Int32>] = []

    init() {}

    /// All of `count` classes.
    init(all count: Int) {
        if count > 0 { runs = [0..<Int32(count)] }
    }

    var isEmpty: Bool { runs.isEmpty }

    /// The first and the last class; of no use for an empty list.
    var hull: ClosedRange<Int32> { (runs.first?.lowerBound ?? 0)...((runs.last?.upperBound ?? 1) - 1) }

    /// Adds a class above all that are there.
    mutating func append(_ number: Int32) {
        if let last = runs.last, last.upperBound == number {
            runs[runs.count - 1] = last.lowerBound..<number + 1
        } else {
            runs.append(number..<number + 1)
        }
    }

    private mutating func append(_ range: Range<Int32>) {
        guard !range.isEmpty else { return }
        if let last = runs.last, last.upperBound >= range.lowerBound {
            runs[runs.count - 1] = last.lowerBound..<max(last.upperBound, range.upperBound)
        } else {
            runs.append(range)
        }
    }

    func contains(_ number: Int32) -> Bool {
        if runs.count == 1 { return runs[0].contains(number) }
        var (low, high) = (0, runs.count)
        while low < high {
            let middle = (low + high) / 2
            if runs[middle].upperBound <= number { low = middle + 1 } else { high = middle }
        }
        return low < runs.count && runs[low].lowerBound <= number
    }

    func intersects(_ other: Runs) -> Bool {
        var (i, j) = (0, 0)
        while i < runs.count, j < other.runs.count {
            if runs[i].upperBound <= other.runs[j].lowerBound {
                i += 1
            } else if other.runs[j].upperBound <= runs[i].lowerBound {
                j += 1
            } else {
                return true
            }
        }
        return false
    }

    func isSubset(of other: Runs) -> Bool {
        var j = 0
        for run in runs {
            while j < other.runs.count, other.runs[j].upperBound <= run.lowerBound { j += 1 }
            guard j < other.runs.count, other.runs[j].lowerBound <= run.lowerBound, other.runs[j].upperBound >= run.upperBound else {
                return false
            }
        }
        return true
    }

    func intersection(_ other: Runs) -> Runs {
        var result = Runs()
        var (i, j) = (0, 0)
        while i < runs.count, j < other.runs.count {
            let lower = max(runs[i].lowerBound, other.runs[j].lowerBound)
            let upper = min(runs[i].upperBound, other.runs[j].upperBound)
            if lower < upper { result.runs.append(lower..<upper) }
            if runs[i].upperBound < other.runs[j].upperBound { i += 1 } else { j += 1 }
        }
        return result
    }

    func subtracting(_ other: Runs) -> Runs {
        var result = Runs()
        var j = 0
        for run in runs {
            var start = run.lowerBound
            while j < other.runs.count, other.runs[j].upperBound <= start { j += 1 }
            var k = j
            while k < other.runs.count, other.runs[k].lowerBound < run.upperBound {
                if other.runs[k].lowerBound > start { result.runs.append(start..<other.runs[k].lowerBound) }
                start = max(start, other.runs[k].upperBound)
                k += 1
            }
            if start < run.upperBound { result.runs.append(start..<run.upperBound) }
        }
        return result
    }

    /// The classes of any of the lists.
    static func union(_ lists: [Runs]) -> Runs {
        if lists.count == 1 { return lists[0] }
        var result = Runs()
        for run in lists.flatMap(\.runs).sorted(by: { $0.lowerBound < $1.lowerBound }) { result.append(run) }
        return result
    }
}

/// Finds the lightest of some classes, in constant time for each range of them.
struct LightestClass {
    /// Row k holds the lightest of the 2^k classes from each on.
    private var rows: [[Int32]]
    private let weights: [Int32]

    init(weights: [Int32]) {
        self.weights = weights
        rows = [Array(0..<Int32(weights.count))]
        var width = 1
        while 2 * width <= weights.count {
            let last = rows[rows.count - 1]
            rows.append(
                (0...weights.count - 2 * width).map { place in
                    let (one, other) = (last[place], last[place + width])
                    return weights[Int(other)] < weights[Int(one)] ? other : one
                })
            width *= 2
        }
    }

    /// The lightest class of a list that is not empty; of equals the first.
    func lightest(of list: Runs) -> Int32 {
        var best = list.runs[0].lowerBound
        for run in list.runs {
            let row = (run.count).bitWidth - run.count.leadingZeroBitCount - 1
            let one = rows[row][Int(run.lowerBound)]
            let other = rows[row][Int(run.upperBound) - 1 << row]
            if weights[Int(one)] < weights[Int(best)] { best = one }
            if weights[Int(other)] < weights[Int(best)] { best = other }
        }
        return best
    }

    func weight(of number: Int32) -> Int32 { weights[Int(number)] }
}
