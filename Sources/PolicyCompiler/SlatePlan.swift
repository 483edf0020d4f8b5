internal import CDatapath
internal import PolicyModel

/// How the rules of a classifier are looked for by slates: which field has each of them, and as what boxes. `slates.h` has the search.
///
/// It says nothing of the entries of sets, so it stays what it is while these come and go.
struct SlatePlan: Sendable {
    /// The fields that have slates: the address that has the rules which name both, the other address, and protocol with port.
    enum Role: Int, CaseIterable { case first, second, transport }

    /// The address that is first.
    let first: AddressField.Side
    /// By role, the rules that stand on the slates of the field.
    private(set) var rules: [BitVector]
    /// Where what rules say of the second address begins and ends: places among its values are counted by these. Ascending, 0 first.
    private let cuts: [UInt128]
    let transport: TransportOrder
    /// By place of protocol and port, the group it is in.
    private let groups: [UInt8]
    /// Where the boxes of each rule begin among all of them; one more at the end.
    private var firstBox: [Int32] = [0]
    /// By box, its entry on slates.
    private var entries: [UInt32] = []
    /// Rules behind which, on a slate, none is met.
    private(set) var last: BitVector
    /// Stands for the plan, so that its classes are known from those of others.
    private let salt = Int(truncatingIfNeeded: TablePatch.newID())

    private enum Limit {
        /// Boxes of a rule, and of all.
        static let perRule = 16
        static let boxes = Int(PD_ENTRY_BOX)
        static let places = 1 << 16
    }

    /// Nil where ranges cannot say what rules want.
    init?(_ rules: [FlatRule], _ family: IPAddress.Family, first: AddressField.Side, _ transport: TransportOrder, _ boxes: inout [pd_box]) {
        guard transport.count <= Limit.places else { return nil }
        let firstSide: KeyPath<Rule, AddressMatch> = first == .remote ? \.remote : \.local
        let secondSide: KeyPath<Rule, AddressMatch> = first == .remote ? \.local : \.remote
        self.first = first
        self.transport = transport
        self.rules = Array(repeating: BitVector(count: rules.count), count: Role.allCases.count)
        last = BitVector(count: rules.count)

        var cuts: Set<UInt128> = [0]
        for flat in rules where !flat.rule[keyPath: firstSide].isAny {
            guard let ranges = Self.ranges(flat.rule[keyPath: secondSide], family) else { return nil }
            for range in ranges {
                cuts.insert(range.lowerBound)
                if range.upperBound < .max { cuts.insert(range.upperBound + 1) }
            }
        }
        self.cuts = cuts.sorted()

        let wanted = rules.map { transport.places(of: $0) }
        groups = Self.groups(wanted, transport.count)
        for (place, flat) in rules.enumerated() {
            let role: Role = !flat.rule[keyPath: firstSide].isAny ? .first : !flat.rule[keyPath: secondSide].isAny ? .second : .transport
            self.rules[role.rawValue].insert(place)
            var others = [(UInt32(0), UInt32.max)]
            if role == .first, !flat.rule[keyPath: secondSide].isAny {
                others = (Self.ranges(flat.rule[keyPath: secondSide], family) ?? []).map { range in
                    let lower = rank(range.lowerBound)
                    return (lower, rank(range.upperBound) - lower)
                }
            }
            let sources = flat.rule.sourcePorts.isEmpty ? [0...UInt16.max] : flat.rule.sourcePorts.map { $0.lower...$0.upper }
            guard others.count * sources.count * wanted[place].count <= Limit.perRule else { return nil }
            for other in others {
                for range in wanted[place] {
                    for source in sources {
                        entries.append(UInt32(boxes.count) | mask(range) << UInt32(PD_ENTRY_GROUP_SHIFT))
                        boxes.append(pd_box(place, other, range, source))
                    }
                }
            }
            firstBox.append(Int32(entries.count))
            let isWide =
                others[0] == (0, .max) && sources == [0...UInt16.max]
                && (role == .transport || wanted[place] == [0...UInt16(truncatingIfNeeded: transport.count - 1)])
            if isWide, flat.decides { last.insert(place) }
        }
        guard boxes.count <= Limit.boxes else { return nil }
    }

    /// What stands for the plan and a field in sums.
    func salt(_ role: Role) -> UInt128 { mark(Int.min + 4 * salt + role.rawValue) }

    /// The entries of a rule.
    func entries(of rule: Int) -> ArraySlice<UInt32> { entries[Int(firstBox[rule])..<Int(firstBox[rule + 1])] }

    // MARK: Heads of slates

    /// What the slate of an address says of where it lies.
    func head(address: UInt128, _ role: Role) -> UInt64 { role == .second ? UInt64(rank(address)) : 0 }

    /// What the slate of protocol and port says of where these lie.
    func head(transport place: Int) -> UInt64 {
        UInt64(place) | (UInt64(groups[place]) + UInt64(PD_ENTRY_GROUP_SHIFT)) << 40
    }

    private func rank(_ value: UInt128) -> UInt32 {
        var (low, high) = (0, cuts.count)
        while high - low > 1 {
            let middle = (low + high) / 2
            if cuts[middle] <= value { low = middle } else { high = middle }
        }
        return UInt32(low)
    }

    private func mask(_ range: ClosedRange<UInt16>) -> UInt32 {
        (groups[Int(range.lowerBound)]...groups[Int(range.upperBound)]).reduce(0) { $0 | 1 << UInt32($1) }
    }

    /// The ranges of an address, in the order of its terms; nil where sets or negations decide.
    private static func ranges(_ match: AddressMatch, _ family: IPAddress.Family) -> [ClosedRange<UInt128>]? {
        guard match.negatives.isEmpty else { return nil }
        if match.isAny { return [] }
        var ranges: [ClosedRange<UInt128>] = []
        for term in match.positives {
            guard case .prefix(let prefix) = term else { return nil }
            guard prefix.family == family else { continue }
            switch family {
            case .v4:
                let range = UInt32.range(prefix)
                ranges.append(UInt128(range.lowerBound)...UInt128(range.upperBound))
            case .v6: ranges.append(UInt128.range(prefix))
            }
        }
        return ranges
    }

    /// Parts the places of protocol and port so that in each part are about as many of what rules name alone.
    private static func groups(_ wanted: [[ClosedRange<UInt16>]], _ count: Int) -> [UInt8] {
        var weights = [Int](repeating: 0, count: max(count, 1))
        for range in wanted.joined() where range.count <= max(8, count / 16) { weights[Int(range.lowerBound)] += 1 }
        let total = weights.reduce(0, +)
        var sum = 0
        return weights.map { weight in
            let group = total == 0 ? 0 : (sum + weight / 2) * Int(PD_GROUPS) / (total + 1)
            sum += weight
            return UInt8(min(group, Int(PD_GROUPS) - 1))
        }
    }
}

extension pd_box {
    fileprivate init(_ place: Int, _ other: (UInt32, UInt32), _ transport: ClosedRange<UInt16>, _ source: ClosedRange<UInt16>) {
        self.init()
        self.place = UInt32(place)
        (self.other, other_span) = other
        self.transport = transport.lowerBound
        transport_span = transport.upperBound - transport.lowerBound
        self.source = source.lowerBound
        source_span = source.upperBound - source.lowerBound
    }
}

extension AddressMatch {
    /// Whether it says nothing.
    fileprivate var isAny: Bool { negatives.isEmpty && (positives.isEmpty || positives.contains(.any)) }
}
