internal import Synchronization

/// What a small change writes into tables that are there: some words of the tries over others, the rest behind them.
package struct TablePatch: Sendable {
    /// Words that lie one after the other.
    package struct Run: Sendable {
        /// Where the first of them lies, counted in words.
        package var start: Int
        package var words: [UInt32]

        package init(start: Int, words: [UInt32]) {
            self.start = start
            self.words = words
        }

        var range: Range<Int> { start..<start + words.count }
    }

    /// Unlike that of any other patch.
    package let id = newID()
    /// What goes behind the words that are there; to be written first.
    package var appended: Run?
    /// What goes over words that are there, the later over the earlier.
    package var replaced: [Run] = []

    private static let counter = Atomic<UInt64>(0)

    static func newID() -> UInt64 { counter.add(1, ordering: .relaxed).newValue }

    /// The word at a place, if the patch writes it.
    func word(at place: Int) -> UInt32? {
        for run in replaced.reversed() where run.range.contains(place) { return run.words[place - run.start] }
        return appended.flatMap { $0.range.contains(place) ? $0.words[place - $0.start] : nil }
    }
}

/// How far tables somewhere else were brought: up to which patch, and how many classes and chunks.
package struct TablePosition: Sendable, Hashable {
    fileprivate var lineage: UInt64
    fileprivate var patches: Int
    fileprivate var lastPatch: UInt64?
    fileprivate var classes: Int
    fileprivate var chunks: Int
}

/// What has to be written to bring tables from a position to where a policy is.
package struct TableChanges: Sendable {
    /// Words of the tries, in this order.
    package var cells: [TablePatch.Run]
    /// Classes from this one on.
    package var firstClass: Int
    /// Words of chunks from this one on.
    package var firstChunkWord: Int
}

extension CompiledPolicy {
    /// Where tables are that hold this policy.
    package var position: TablePosition {
        TablePosition(
            lineage: lineage, patches: patches.count, lastPatch: patches.last?.id, classes: classes.count, chunks: chunks.count)
    }

    /// What tables lack that hold an earlier state of this policy; nil for tables of another.
    package func changes(since position: TablePosition) -> TableChanges? {
        guard position.lineage == lineage, position.patches <= patches.count else { return nil }
        if position.patches > 0, patches[position.patches - 1].id != position.lastPatch { return nil }
        let runs = patches[position.patches...].flatMap { patch in (patch.appended.map { [$0] } ?? []) + patch.replaced }
        return TableChanges(cells: runs, firstClass: position.classes, firstChunkWord: position.chunks)
    }

    /// How many words the tries have, patches and all.
    package var cellWords: Int { patches.last { $0.appended != nil }?.appended?.range.upperBound ?? compiledCells.count }

    /// The tries with all patches.
    package var cells: [UInt32] {
        // A copy of what may be tens of megabytes only where there is something to write.
        guard patches.contains(where: { $0.appended != nil || !$0.replaced.isEmpty }) else { return compiledCells }
        var words = compiledCells
        words.reserveCapacity(cellWords)
        for patch in patches {
            if let appended = patch.appended {
                words.append(contentsOf: repeatElement(0, count: appended.start - words.count))
                words += appended.words
            }
            for run in patch.replaced { words.replaceSubrange(run.range, with: run.words) }
        }
        return words
    }

    /// The same policy in tables of its own: what is asked of it a thousand times need not put the patches in each time.
    public var withoutPatches: CompiledPolicy {
        guard !patches.isEmpty else { return self }
        var result = self
        result.compiledCells = cells
        result.patches = []
        result.lineage = TablePatch.newID()
        return result
    }

    /// The word of the tries at a place.
    func word(at place: Int) -> UInt32 {
        for patch in patches.reversed() { if let word = patch.word(at: place) { return word } }
        return compiledCells[place]
    }
}
