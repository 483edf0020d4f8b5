/// A set of rules: bit i stands for rule i in the order of evaluation.
struct BitVector: Hashable {
    private(set) var words: [UInt64]
    let count: Int

    /// The empty set, or all of `count` rules.
    init(count: Int, filled: Bool = false) {
        self.count = count
        words = Array(repeating: filled ? .max : 0, count: (count + 63) / 64)
        if filled, count % 64 != 0, !words.isEmpty { words[words.count - 1] = (1 << UInt64(count % 64)) - 1 }
    }

    /// The set of the given rules.
    init(count: Int, _ rules: some Sequence<Int>) {
        self.init(count: count)
        for rule in rules { insert(rule) }
    }

    mutating func insert(_ rule: Int) { words[rule >> 6] |= 1 << UInt64(rule & 63) }
    mutating func remove(_ rule: Int) { words[rule >> 6] &= ~(1 << UInt64(rule & 63)) }
    func contains(_ rule: Int) -> Bool { words[rule >> 6] >> UInt64(rule & 63) & 1 == 1 }

    var isEmpty: Bool { words.allSatisfy { $0 == 0 } }

    /// Whether all `count` rules are in it.
    var isFull: Bool {
        guard let last = words.last else { return true }
        return words.dropLast().allSatisfy { $0 == .max } && last == (count % 64 == 0 ? .max : (1 << UInt64(count % 64)) - 1)
    }

    /// Calls `body` with each member, the lowest first.
    func forEach(_ body: (Int) -> Void) {
        for (index, word) in words.enumerated() {
            var rest = word
            while rest != 0 {
                body((index << 6) + rest.trailingZeroBitCount)
                rest &= rest - 1
            }
        }
    }
}
