internal import PolicyModel

/// The width of an address: what tries and sweeps over the addresses of a family count in.
protocol AddressValue: FixedWidthInteger, UnsignedInteger, Sendable {
    static var family: IPAddress.Family { get }
    /// The ranges of this family.
    static func ranges(of all: AddressRanges) -> [ClosedRange<Self>]
    /// The addresses of a prefix of this family.
    static func range(_ prefix: CIDR) -> ClosedRange<Self>
}

extension AddressValue {
    /// The addresses of a prefix of this family.
    static func range(_ prefix: CIDR) -> ClosedRange<Self> {
        Self(truncatingIfNeeded: prefix.lower.value)...Self(truncatingIfNeeded: prefix.upper.value)
    }
}

extension UInt32: AddressValue {
    static var family: IPAddress.Family { .v4 }
    static func ranges(of all: AddressRanges) -> [ClosedRange<UInt32>] { all.v4 }

    // Lists have a million of them, and numbers of 128 bits take four times as long.
    static func range(_ prefix: CIDR) -> ClosedRange<UInt32> {
        let first = UInt32(truncatingIfNeeded: prefix.address.low)
        return first...(first | UInt32.max >> UInt32(prefix.length))
    }
}

extension UInt128: AddressValue {
    static var family: IPAddress.Family { .v6 }
    static func ranges(of all: AddressRanges) -> [ClosedRange<UInt128>] { all.v6 }
}

/// Addresses as ranges in order, none of which touches the next: what a sweep takes without sorting, and what can be asked for a part.
struct AddressRanges: Sendable {
    private(set) var v4: [ClosedRange<UInt32>]
    private(set) var v6: [ClosedRange<UInt128>]

    init(_ lists: [CIDR]...) {
        v4 = Self.merged(lists)
        v6 = Self.merged(lists)
    }

    /// The ranges that hold values of another.
    static func overlapping<Value: AddressValue>(
        _ ranges: [ClosedRange<Value>], _ part: ClosedRange<Value>
    ) -> ArraySlice<ClosedRange<Value>> {
        let first = firstIndex(ranges) { $0.upperBound >= part.lowerBound }
        let end = firstIndex(ranges) { $0.lowerBound > part.upperBound }
        return ranges[first..<max(first, end)]
    }

    /// The first of the ranges from which on a condition holds.
    private static func firstIndex<Value>(_ ranges: [ClosedRange<Value>], where holds: (ClosedRange<Value>) -> Bool) -> Int {
        var (low, high) = (0, ranges.count)
        while low < high {
            let middle = (low + high) / 2
            if holds(ranges[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }

    private static func merged<Value: AddressValue>(_ lists: [[CIDR]]) -> [ClosedRange<Value>] {
        var ranges: [ClosedRange<Value>] = []
        ranges.reserveCapacity(lists.reduce(0) { $0 + $1.reduce(0) { $1.family == Value.family ? $0 + 1 : $0 } })
        // Files of addresses are often in order already.
        var isSorted = true
        for list in lists {
            for prefix in list where prefix.family == Value.family {
                let range = Value.range(prefix)
                if let last = ranges.last, last.lowerBound > range.lowerBound { isSorted = false }
                ranges.append(range)
            }
        }
        if !isSorted { PlaceSort.sort(&ranges) { $0.lowerBound } }
        var kept = 0
        for range in ranges.dropFirst() {
            let last = ranges[kept]
            if range.lowerBound <= last.upperBound || range.lowerBound == last.upperBound + 1 {
                ranges[kept] = last.lowerBound...max(last.upperBound, range.upperBound)
            } else {
                kept += 1
                ranges[kept] = range
            }
        }
        ranges.removeLast(max(0, ranges.count - kept - 1))
        return ranges
    }
}

/// The entries of the sets that rules use, in order: those of documents once for all revisions that have the same, those added at run
/// time as they are.
struct SetIndex: Sendable {
    private struct Entry: Sendable {
        var addresses: [CIDR]
        var fileEntries: [CIDR]
        var ranges: AddressRanges
    }

    private var entries: [String: Entry] = [:]

    /// Puts the sets that rules use in order; those that are as they were in `before` are taken from there.
    init(_ policySet: PolicySet, before: SetIndex? = nil) {
        for name in Self.used(policySet) {
            guard let set = policySet.sets[name] else { continue }
            if let known = before?.entries[name], known.addresses == set.addresses, known.fileEntries == set.fileEntries {
                entries[name] = known
            } else {
                entries[name] = Entry(
                    addresses: set.addresses, fileEntries: set.fileEntries, ranges: AddressRanges(set.addresses, set.fileEntries))
            }
        }
    }

    /// Whether rules use the set.
    func isUsed(_ name: String) -> Bool { entries[name] != nil }

    /// The values that a set's entries hold, in any order and with overlaps.
    func ranges<Value: AddressValue>(of name: String, _ policySet: PolicySet) -> [ClosedRange<Value>] {
        let members = policySet.members(of: name)
        guard members.count != 1 || !members[0].runtimeEntries.isEmpty else { return fixed(members[0].name) }
        var ranges: [ClosedRange<Value>] = []
        for member in members {
            ranges += fixed(member.name)
            for prefix in member.runtimeEntries where prefix.family == Value.family { ranges.append(Value.range(prefix)) }
        }
        return ranges
    }

    /// Those of them that hold values of a part.
    func ranges<Value: AddressValue>(of name: String, _ policySet: PolicySet, in part: ClosedRange<Value>) -> [ClosedRange<Value>] {
        var ranges: [ClosedRange<Value>] = []
        for member in policySet.members(of: name) {
            ranges += AddressRanges.overlapping(fixed(member.name), part)
            for prefix in member.runtimeEntries where prefix.family == Value.family {
                let range = Value.range(prefix)
                if range.overlaps(part) { ranges.append(range) }
            }
        }
        return ranges
    }

    /// Whether a set has entries of a family.
    func hasEntries(_ name: String, _ family: IPAddress.Family, _ policySet: PolicySet) -> Bool {
        policySet.members(of: name).contains { member in
            guard let ranges = entries[member.name]?.ranges else { return false }
            return family == .v4 && !ranges.v4.isEmpty || family == .v6 && !ranges.v6.isEmpty
                || member.runtimeEntries.contains { $0.family == family }
        }
    }

    private func fixed<Value: AddressValue>(_ name: String) -> [ClosedRange<Value>] {
        entries[name].map { Value.ranges(of: $0.ranges) } ?? []
    }

    private static func used(_ policySet: PolicySet) -> Set<String> {
        var used: Set<String> = []
        for direction in Direction.allCases {
            for (_, rule) in policySet.rules(direction) {
                for match in [rule.remote, rule.local] {
                    for term in match.positives + match.negatives {
                        if case .set(let name) = term { used.insert(name) }
                    }
                }
            }
        }
        return used.reduce(into: used) { $0.formUnion(policySet.members(of: $1).map(\.name)) }
    }
}
