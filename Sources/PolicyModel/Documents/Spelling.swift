/// Finds the word that somebody likely meant.
package enum Spelling {
    /// The nearest of the words, if one is near: of three letters one may differ.
    package static func nearest(to word: String, among words: some Sequence<String>) -> String? {
        let limit = max(1, word.count / 3)
        let folded = word.lowercased()
        let near = words.map { (word: $0, distance: distance(folded, $0.lowercased(), limit: limit)) }
        return near.filter { $0.distance <= limit }.min { ($0.distance, $0.word) < ($1.distance, $1.word) }?.word
    }

    /// Insertions, deletions, replacements and swaps of neighbours that make one word the other; beyond the
    /// limit, some number beyond the limit.
    static func distance(_ one: String, _ other: String, limit: Int) -> Int {
        let one = Array(one.unicodeScalars)
        let other = Array(other.unicodeScalars)
        // Also keeps enormous words of a hostile file from costing their square.
        guard abs(one.count - other.count) <= limit, one.count <= 64 else { return limit + 1 }
        var before: [Int] = []
        var previous = Array(0...other.count)
        for i in 0..<one.count {
            var current = [i + 1]
            for j in 0..<other.count {
                var cost = min(previous[j + 1] + 1, current[j] + 1, previous[j] + (one[i] == other[j] ? 0 : 1))
                if i > 0, j > 0, one[i] == other[j - 1], one[i - 1] == other[j] { cost = min(cost, before[j - 1] + 1) }
                current.append(cost)
            }
            before = previous
            previous = current
        }
        return previous[other.count]
    }
}
