internal import CDatapath
public import PolicyModel

/// One of a packet's two addresses, as the rules of a classifier ask for it.
struct AddressField: Sendable {
    enum Side: Sendable { case remote, local }

    var direction: Direction
    var family: IPAddress.Family
    var side: Side
    var plan: AddressPlan
    /// Where its classes are slates.
    var slates: SlateField?

    /// The entry of the field's trie.
    func root(_ header: pd_header) -> UInt32 {
        let classifier = header.classifier(direction, family)
        return side == .remote ? classifier.remote : classifier.local
    }

    func setRoot(_ entry: UInt32, _ header: inout pd_header) {
        var classifier = header.classifier(direction, family)
        if side == .remote { classifier.remote = entry } else { classifier.local = entry }
        header.setClassifier(classifier, direction, family)
    }
}

extension CompiledPolicy {
    /// The policy after some entries were added to a set, or taken from it, at run time: for the cost of the parts of the tables that
    /// these addresses are in.
    ///
    /// - Parameters:
    ///   - prefixes: what was added or taken out.
    ///   - policySet: the policies and sets as they are now, which differ from those that were compiled in run-time entries alone.
    /// - Returns: nil where the policy has to be compiled whole: after very many changes, for many prefixes at once and for very wide
    ///   ones, and where rules come to matter for a family of addresses, or no longer do.
    public func changed(
        _ prefixes: [CIDR], of set: String, in policySet: PolicySet, revision: UInt32, limits: CompileLimits = CompileLimits()
    ) -> CompiledPolicy? {
        guard prefixes.count <= TablePatcher.Limit.prefixes else { return nil }
        let affected = Set(policySet.sets.keys.filter { sets.isUsed($0) && policySet.members(of: $0).contains { $0.name == set } })
        for family in Set(prefixes.map(\.family)) {
            for name in affected where families.hasEntries(name, family) != sets.hasEntries(name, family, policySet) { return nil }
        }
        var result = self
        result.revision = revision
        result.header.revision = revision
        result.statistics.entries = policySet.sets.values.reduce(0) { $0 + $1.count }
        guard result.statistics.entries <= limits.setEntries else { return nil }

        var patcher = TablePatcher(self, policySet)
        for field in addressFields where field.plan.sets.contains(where: affected.contains) {
            for prefix in prefixes where prefix.family == field.family {
                let isDone =
                    switch field.family {
                    case .v4: patcher.patch(field, UInt32.range(prefix))
                    case .v6: patcher.patch(field, UInt128.range(prefix))
                    }
                guard isDone else { return nil }
            }
        }
        guard patcher.finish(&result), result.tableSizes.total <= limits.tableBytes else { return nil }
        result.statistics.tableBytes = result.tableSizes.total
        return result
    }
}

/// Makes parts of tries anew, behind what is there, and has the entries above lead there.
private struct TablePatcher {
    /// The entry that leads to a part of a trie: the field's own, or words of its rows and lists.
    private enum Place {
        case root
        case words(Int)
    }

    /// What a patch may cost: beyond it compiling everything is as good.
    enum Limit {
        static let prefixes = 256
        static let slots = 4096
        static let intervals = 65_536
        static let patches = 4096
        /// Words that may have become useless, and the smallest number of them worth a look.
        static func garbage(_ words: Int) -> Int { max(words / 4, 1 << 16) }
    }

    private let policy: CompiledPolicy
    private let policySet: PolicySet
    private var header: pd_header
    private var classes: ClassTable
    private var tries: TrieTable
    private var replaced: [TablePatch.Run] = []

    init(_ policy: CompiledPolicy, _ policySet: PolicySet) {
        self.policy = policy
        self.policySet = policySet
        header = policy.header
        classes = policy.classTable
        tries = TrieTable(behind: policy.cellWords)
    }

    /// Puts what was made into a policy; false if the tables have become too large, or too much of them is of no use any more.
    mutating func finish(_ result: inout CompiledPolicy) -> Bool {
        guard classes.excess == nil, !classes.hasLongSlate, policy.patches.count < Limit.patches else { return false }
        var patch = TablePatch()
        patch.replaced = replaced
        if !tries.words.isEmpty {
            tries.finish()
            patch.appended = TablePatch.Run(start: tries.origin, words: tries.words)
        }
        if classes.classes.count > policy.classes.count { result.classTable = classes }
        result.header.classifier = header.classifier
        result.patches.append(patch)
        let words = result.cellWords
        return words - policy.compiledCells.count <= Limit.garbage(policy.compiledCells.count)
            && words / 2 <= Int(PD_CELLS_MAX)
    }

    /// Makes anew the smallest part of a field's trie that has all addresses of a range in it.
    mutating func patch<Value: AddressValue>(_ field: AddressField, _ range: ClosedRange<Value>) -> Bool {
        var place = Place.root
        var entry = field.root(header)
        var depth = 0
        while entry & PD_LEAF == 0 {
            if let row = TrieTable.Row(entry) {
                let slots = [range.lowerBound, range.upperBound].map { (value: Value) -> Int in
                    Int(truncatingIfNeeded: (value << Value(depth)) >> Value(Value.bitWidth - row.stride))
                }
                depth += row.stride
                place = .words(row.start + slots[0])
                if slots[0] < slots[1] { return rebuild(field, place, slots: slots[1] - slots[0] + 1, range, depth) }
                entry = word(at: row.start + slots[0])
            } else {
                guard let list = TrieTable.List(entry, word), let below = below(list, range, depth) else { break }
                place = .words(below)
                entry = word(at: below)
                depth += list.bits
            }
        }
        return rebuild(field, place, slots: 1, range, depth)
    }

    /// Where the entry of a list lies that leads on for all of a range; nil if the range is more than one key's, or nothing is below it.
    private func below<Value: AddressValue>(_ list: TrieTable.List, _ range: ClosedRange<Value>, _ depth: Int) -> Int? {
        guard depth + list.bits < Value.bitWidth else { return nil }
        let mask = list.bits == 32 ? UInt32.max : ~(UInt32.max >> UInt32(list.bits))
        let keys = [range.lowerBound, range.upperBound].map { (value: Value) -> UInt32 in
            UInt32(truncatingIfNeeded: (value << Value(depth)) >> Value(Value.bitWidth - 32)) & mask
        }
        guard keys[0] == keys[1], let cell = (0..<list.keys).first(where: { word(at: list.start + 2 + 2 * $0) == keys[0] }) else {
            return nil
        }
        let place = list.start + 2 + 2 * cell + 1
        return word(at: place) & PD_LEAF == 0 ? place : nil
    }

    /// Makes the parts anew that some entries side by side lead to; `depth` bits are known there.
    private mutating func rebuild<Value: AddressValue>(
        _ field: AddressField, _ place: Place, slots: Int, _ range: ClosedRange<Value>, _ depth: Int
    ) -> Bool {
        guard slots <= Limit.slots else { return false }
        let mask = depth >= Value.bitWidth ? 0 : Value.max >> Value(depth)
        var part = (range.lowerBound & ~mask)...(range.lowerBound | mask)
        let whole = part.lowerBound...(range.upperBound | mask)
        let all: Field<Value> = field.plan.field(policy.sets, policySet, in: whole)
        let intervals = all.intervals(&classes, in: whole, slates: field.slates)
        guard intervals.count <= Limit.intervals else { return false }

        var words: [UInt32] = []
        words.reserveCapacity(slots)
        var at = 0
        for slot in 0..<slots {
            if slot > 0 { part = (part.upperBound + 1)...((part.upperBound + 1) | mask) }
            while at < intervals.count, intervals[at].start <= part.lowerBound { at += 1 }
            let before = intervals[at - 1].classNumber
            let first = at
            while at < intervals.count, intervals[at].start <= part.upperBound { at += 1 }
            words.append(tries.node(intervals, first..<at, before: before, depth: depth))
        }
        switch place {
        case .root: field.setRoot(words[0], &header)
        case .words(let start): replaced.append(TablePatch.Run(start: start, words: words))
        }
        return true
    }

    /// The word of the tries at a place, as this patch leaves it.
    private func word(at place: Int) -> UInt32 {
        for run in replaced.reversed() where run.range.contains(place) { return run.words[place - run.start] }
        return place >= tries.origin ? tries.words[place - tries.origin] : policy.word(at: place)
    }
}
