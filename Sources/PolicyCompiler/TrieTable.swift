internal import CDatapath

/// The tries of a revision: rows, which are chosen by bits, and lists, which are searched for a key. `tables.h` has the layout.
///
/// A set of random addresses has few of them under each prefix: lists hold them in some 20 bytes each, where rows alone took hundreds.
/// Where values are many, a row has about two places for each, so that after it few are left.
struct TrieTable {
    private static let listKeys = Int(PD_LIST_KEYS)
    /// Words of a line of the cache.
    private static let line = 2 * Int(PD_ROW_CELLS)
    /// Of a table of fewer words rows may have this many bits more than they need, up to this many.
    private static let smallWords = 1 << 17
    private static let smallExtra = 3
    private static let smallStride = 12

    /// Cell after cell, two words each.
    private(set) var words: [UInt32] = []
    /// Where the first of the words lies, at the beginning of a line of the cache: behind tables that are there already.
    let origin: Int
    /// The entry of each small trie: those of ports are often the same for several protocols.
    private var known: [[UInt32]: UInt32] = [:]

    init(behind origin: Int = 0) {
        self.origin = (origin + Self.line - 1) / Self.line * Self.line
    }

    /// The entry that leads from a value's bits to its class, for intervals that cover all values.
    mutating func root<Value>(_ intervals: [Field<Value>.Interval]) -> UInt32 {
        guard let first = intervals.first else { return PD_LEAF | UInt32(PD_CLASS_NONE) }
        guard intervals.count > 1 else { return PD_LEAF | first.classNumber }
        // Those of addresses each stand alone: patches write into them.
        guard intervals.count <= 256, Value.bitWidth == 16 else {
            return node(intervals, 1..<intervals.count, before: first.classNumber, depth: 0)
        }
        let key = [UInt32(Value.bitWidth)] + intervals.flatMap { [UInt32(truncatingIfNeeded: $0.start), $0.classNumber] }
        if let same = known[key] { return same }
        let made = node(intervals, 1..<intervals.count, before: first.classNumber, depth: 0)
        known[key] = made
        return made
    }

    /// A row over a value of one byte: the entries for each, which lead on to what follows the byte.
    mutating func row(_ entries: [UInt32]) -> UInt32 {
        if let same = entries.first, same & PD_LEAF != 0, entries.allSatisfy({ $0 == same }) { return same }
        let start = reserveRow(stride: 8)
        for (slot, entry) in entries.prefix(256).enumerated() { words[start + slot] = entry }
        return rowEntry(start, stride: 8)
    }

    /// Fills up the last line.
    mutating func finish() { align() }

    // MARK: Nodes

    /// The entry for the values of which `depth` bits are known. The intervals of `cuts` begin among them, behind the first value.
    mutating func node<Value>(_ all: [Field<Value>.Interval], _ cuts: Range<Int>, before: UInt32, depth: Int) -> UInt32 {
        if cuts.isEmpty { return PD_LEAF | before }
        // Ports, and ICMP types and codes: a byte at a time, as they are few and every packet has them.
        if Value.bitWidth == 16 { return row(all, cuts, before: before, depth: depth, stride: 8) }
        if Self.keys(all, cuts, depth) <= Self.listKeys { return list(all, cuts, before: before, depth: depth) }
        let first = all[cuts.lowerBound].start &<< Value(depth)
        let last = all[cuts.upperBound - 1].start &<< Value(depth)
        let common = (first ^ last).leadingZeroBitCount
        let filled = Int.bitWidth - cuts.count.leadingZeroBitCount + common
        // As long as the table is small, a larger row is the shorter way.
        let isSmall = origin + words.count < Self.smallWords
        if common >= Int(PD_STRIDE_MIN), !isSmall || filled > Self.smallStride {
            return skip(all, cuts, before: before, depth: depth, bits: min(common, 32))
        }
        let wanted = isSmall ? max(filled, min(filled + Self.smallExtra, Self.smallStride)) : filled
        let stride = min(max(wanted, Int(PD_STRIDE_MIN)), Int(PD_STRIDE_MAX), Value.bitWidth - depth)
        return row(all, cuts, before: before, depth: depth, stride: stride)
    }

    /// The 32 bits behind the first `depth`.
    private static func key<Value: FixedWidthInteger & UnsignedInteger>(_ start: Value, _ depth: Int) -> UInt32 {
        let rest = start &<< Value(depth)
        if Value.bitWidth <= 32 { return UInt32(truncatingIfNeeded: rest) << UInt32(32 - Value.bitWidth) }
        return UInt32(truncatingIfNeeded: rest >> Value(max(Value.bitWidth - 32, 0)))
    }

    /// Whether a value's bits behind `depth` are all 0.
    private static func isClear<Value: FixedWidthInteger & UnsignedInteger>(_ start: Value, _ depth: Int) -> Bool {
        depth >= Value.bitWidth || start &<< Value(depth) == 0
    }

    /// How many keys a list of the cuts would have; where that is too many for a list, any number that is.
    private static func keys<Value>(_ all: [Field<Value>.Interval], _ cuts: Range<Int>, _ depth: Int) -> Int {
        var count = 0
        var at = cuts.lowerBound
        while at < cuts.upperBound, count <= listKeys {
            let key = key(all[at].start, depth)
            let isWhole = isClear(all[at].start, depth + 32)
            var end = at + 1
            while end < cuts.upperBound, Self.key(all[end].start, depth) == key { end += 1 }
            // Where cuts lie below a key, the next key ends it.
            count += isWhole && end == at + 1 ? 1 : 2
            at = end
        }
        return count
    }

    private mutating func list<Value>(_ all: [Field<Value>.Interval], _ cuts: Range<Int>, before: UInt32, depth: Int) -> UInt32 {
        var keys: [(key: UInt32, entry: UInt32)] = []
        keys.reserveCapacity(Self.listKeys)
        var at = cuts.lowerBound
        var current = before
        while at < cuts.upperBound {
            let key = Self.key(all[at].start, depth)
            if Self.isClear(all[at].start, depth + 32) {
                current = all[at].classNumber
                at += 1
            }
            var end = at
            while end < cuts.upperBound, Self.key(all[end].start, depth) == key { end += 1 }
            keys.append((key, node(all, at..<end, before: current, depth: depth + 32)))
            guard end > at else { continue }
            current = all[end - 1].classNumber
            at = end
            // A key of its own ends this one, unless the next value has one anyway.
            let isNext = end < cuts.upperBound && key < .max && Self.key(all[end].start, depth) == key + 1
            if key < .max, !isNext { keys.append((key + 1, PD_LEAF | current)) }
        }
        return list(keys, before: before, bits: 32)
    }

    /// Goes past bits that all cuts share.
    private mutating func skip<Value>(
        _ all: [Field<Value>.Interval], _ cuts: Range<Int>, before: UInt32, depth: Int, bits: Int
    ) -> UInt32 {
        let key = Self.key(all[cuts.lowerBound].start, depth) & ~(UInt32.max >> UInt32(bits))
        var inner = cuts
        var current = before
        if Self.isClear(all[cuts.lowerBound].start, depth + bits) {
            current = all[cuts.lowerBound].classNumber
            inner = cuts.lowerBound + 1..<cuts.upperBound
        }
        var keys = [(key: key, entry: node(all, inner, before: current, depth: depth + bits))]
        let next = key.addingReportingOverflow(1 << UInt32(32 - bits))
        if !next.overflow { keys.append((next.partialValue, PD_LEAF | all[cuts.upperBound - 1].classNumber)) }
        return list(keys, before: before, bits: bits)
    }

    private mutating func list(_ keys: [(key: UInt32, entry: UInt32)], before: UInt32, bits: Int) -> UInt32 {
        // A list that fits into one line of the cache lies in one.
        let size = 2 * (keys.count + 1)
        if size <= Self.line, words.count % Self.line + size > Self.line { align() }
        let start = (origin + words.count) / 2
        words.append(UInt32(keys.count) | UInt32(bits) << UInt32(PD_LIST_BITS_SHIFT))
        words.append(PD_LEAF | before)
        for (key, entry) in keys {
            words.append(key)
            words.append(entry)
        }
        // Tables so large that a place is cut off are refused by their size.
        return UInt32(keys.count) << UInt32(PD_LIST_KEYS_SHIFT) | UInt32(truncatingIfNeeded: start) & PD_LIST_PLACE
    }

    private mutating func row<Value>(
        _ all: [Field<Value>.Interval], _ cuts: Range<Int>, before: UInt32, depth: Int, stride: Int
    ) -> UInt32 {
        let start = reserveRow(stride: stride)
        let shift = Value(Value.bitWidth - stride)
        var at = cuts.lowerBound
        var current = before
        for slot in 0..<1 << stride {
            let begin = at
            while at < cuts.upperBound, Int(truncatingIfNeeded: (all[at].start &<< Value(depth)) &>> shift) == slot { at += 1 }
            guard at > begin else {
                words[start + slot] = PD_LEAF | current
                continue
            }
            var inner = begin..<at
            if Self.isClear(all[begin].start, depth + stride) {
                current = all[begin].classNumber
                inner = begin + 1..<at
            }
            let entry = node(all, inner, before: current, depth: depth + stride)
            words[start + slot] = entry
            current = all[at - 1].classNumber
        }
        return rowEntry(start, stride: stride)
    }

    private mutating func align() {
        words.append(contentsOf: repeatElement(0, count: (Self.line - words.count % Self.line) % Self.line))
    }

    private mutating func reserveRow(stride: Int) -> Int {
        align()
        let start = words.count
        words.append(contentsOf: repeatElement(0, count: 1 << stride))
        return start
    }

    private func rowEntry(_ start: Int, stride: Int) -> UInt32 {
        PD_ROW | UInt32(stride) << UInt32(PD_ROW_STRIDE_SHIFT)
            | UInt32(truncatingIfNeeded: (origin + start) / Self.line) & PD_ROW_PLACE
    }
}

// MARK: - Reading

extension TrieTable {
    /// A row as an entry names it.
    struct Row {
        /// Where its words begin.
        let start: Int
        /// The bits it is chosen by.
        let stride: Int

        /// Nil for an entry that is no row.
        init?(_ entry: UInt32) {
            guard entry & PD_LEAF == 0, entry & PD_ROW != 0 else { return nil }
            start = Int(entry & PD_ROW_PLACE) * TrieTable.line
            stride = Int(entry >> UInt32(PD_ROW_STRIDE_SHIFT)) & 31
        }
    }

    /// A list as an entry names it.
    struct List {
        /// Where its first cell lies, counted in words; the keys' cells follow.
        let start: Int
        let keys: Int
        /// The bits that those below it have behind them.
        let bits: Int

        /// Nil for an entry that is no list.
        init?(_ entry: UInt32, _ word: (_ place: Int) -> UInt32) {
            guard entry & (PD_LEAF | PD_ROW) == 0 else { return nil }
            start = 2 * Int(entry & PD_LIST_PLACE)
            keys = Int(entry >> UInt32(PD_LIST_KEYS_SHIFT))
            bits = Int(word(start) >> UInt32(PD_LIST_BITS_SHIFT)) & 63
        }
    }
}
