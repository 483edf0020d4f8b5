internal import CDatapath

/// The blocks of all tries of a revision: 256 entries each, the layout of `struct pd_block`. Equal blocks stand once.
struct TrieTable {
    static let blockStride = 256

    private(set) var blocks: [UInt32] = []
    /// The number of a block by a hash of its entries; of blocks that share a hash only the first is found again, which costs no more than
    /// a block that stands twice.
    private var known: [UInt64: UInt32] = [:]

    /// The entry that leads from a value's bytes to its class, for intervals that cover all values.
    ///
    /// With `wideRoot` the first two bytes are resolved by 256 blocks in a row, where the first level is well filled.
    mutating func root<Value>(_ intervals: [Field<Value>.Interval], wideRoot: Bool = false) -> UInt32 {
        if intervals.count == 1 { return PD_LEAF | intervals[0].classNumber }
        let levels = Value.bitWidth / 8
        guard wideRoot, levels > 2 else { return entry(intervals[...], Level(prefix: 0, shift: Value.bitWidth - 8)) }
        let shift = Value.bitWidth - 8
        var rows: [[UInt32]] = []
        var rest = intervals[...]
        for byte in 0..<256 {
            let row = Level<Value>(prefix: Value(byte) << Value(shift), shift: shift - 8)
            rows.append(block(part(&rest, from: row.prefix, width: shift), row))
        }
        let first = UInt32(blocks.count / Self.blockStride)
        for row in rows { blocks.append(contentsOf: row) }
        return PD_WIDE | first
    }

    /// The entry for a value that is one byte: the class itself, or a trie below it.
    mutating func block(_ entries: [UInt32]) -> UInt32 {
        if let same = entries.first, same & PD_LEAF != 0, entries.allSatisfy({ $0 == same }) { return same }
        return intern(entries)
    }

    /// A block's place: the bits above it are `prefix`, its byte is at `shift`.
    private struct Level<Value: FixedWidthInteger & UnsignedInteger & Sendable> {
        var prefix: Value
        var shift: Int
    }

    private mutating func entry<Value>(_ intervals: ArraySlice<Field<Value>.Interval>, _ level: Level<Value>) -> UInt32 {
        if intervals.count == 1, let only = intervals.first { return PD_LEAF | only.classNumber }
        return intern(block(intervals, level))
    }

    private mutating func block<Value>(_ intervals: ArraySlice<Field<Value>.Interval>, _ level: Level<Value>) -> [UInt32] {
        var entries: [UInt32] = []
        entries.reserveCapacity(256)
        var rest = intervals
        for byte in 0..<256 {
            let prefix = level.prefix | Value(byte) << Value(level.shift)
            let own = part(&rest, from: prefix, width: level.shift)
            entries.append(entry(own, Level(prefix: prefix, shift: level.shift - 8)))
        }
        return entries
    }

    /// The intervals that touch the 2^width values from `start`, which are dropped from `rest` but for one that goes on.
    private func part<Value>(
        _ rest: inout ArraySlice<Field<Value>.Interval>, from start: Value, width: Int
    ) -> ArraySlice<Field<Value>.Interval> {
        let last = start | (width == 0 ? 0 : ~(.max << Value(width)))
        // `rest` begins with the interval that holds `start`.
        var end = rest.startIndex + 1
        while end < rest.endIndex, rest[end].start <= last { end += 1 }
        let own = rest[rest.startIndex..<end]
        let ends = end < rest.endIndex && last < .max && rest[end].start == last + 1
        rest = rest[(ends ? end : end - 1)...]
        return own
    }

    private mutating func intern(_ entries: [UInt32]) -> UInt32 {
        // Large sets have some 100,000 blocks, most of them unlike each other: Swift's own hash, made to withstand whoever chooses the
        // values, took most of the compiler's time.
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for entry in entries { hash = (hash ^ UInt64(entry)) &* 0x9e37_79b9_7f4a_7c15 ^ (hash >> 29) }
        if let number = known[hash] {
            let start = Int(number) * Self.blockStride
            if blocks[start..<start + Self.blockStride].elementsEqual(entries) { return number }
        }
        let number = UInt32(blocks.count / Self.blockStride)
        blocks.append(contentsOf: entries)
        if known[hash] == nil { known[hash] = number }
        return number
    }
}
