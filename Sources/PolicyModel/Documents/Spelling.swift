/// Finds the word that somebody likely meant.
package enum Spelling {
    /// The nearest of the words, if one is near: of three letters one may differ.
    package static func nearest(to word: String, among words: some Sequence<String>) -> String? {
        let limit = max(1, word.count / 3)
        let folded = Array(word.lowercased().unicodeScalars)
        // Enormous words of a hostile file would cost their square.
        guard folded.count <= 64 else { return nil }
        var nearest: (distance: Int, word: String)?
        for candidate in words {
            // As long in bytes as nothing within the limit can be: a scalar has at most four.
            guard candidate.utf8.count <= 4 * (folded.count + limit) else { continue }
            let limit = min(limit, nearest?.distance ?? limit)
            let distance = distance(folded, Array(candidate.lowercased().unicodeScalars), limit: limit)
            guard distance <= limit else { continue }
            if nearest.map({ (distance, candidate) < $0 }) ?? true { nearest = (distance, candidate) }
        }
        return nearest?.word
    }

    /// Insertions, deletions, replacements and swaps of neighbours that make one word the other; beyond the
    /// limit, some number beyond the limit.
    static func distance(_ one: [Unicode.Scalar], _ other: [Unicode.Scalar], limit: Int) -> Int {
        guard abs(one.count - other.count) <= limit else { return limit + 1 }
        // Three rows of the table, one after the other, used in turn.
        let width = other.count + 1
        return unsafe withUnsafeTemporaryAllocation(of: Int.self, capacity: 3 * width) { rows in
            for j in 0..<width { unsafe rows[j] = j }
            var (previous, current, before) = (0, width, 2 * width)
            for i in 0..<one.count {
                unsafe rows[current] = i + 1
                var least = i + 1
                for j in 0..<other.count {
                    var cost = unsafe min(
                        rows[previous + j + 1] + 1, rows[current + j] + 1, rows[previous + j] + (one[i] == other[j] ? 0 : 1))
                    if i > 0, j > 0, one[i] == other[j - 1], one[i - 1] == other[j] {
                        cost = unsafe min(cost, rows[before + j - 1] + 1)
                    }
                    unsafe rows[current + j + 1] = cost
                    least = min(least, cost)
                }
                // A swap reaches back two rows, and costs one.
                if least > limit + 1 { return limit + 1 }
                (before, previous, current) = (previous, current, before)
            }
            return unsafe rows[previous + other.count]
        }
    }
}
