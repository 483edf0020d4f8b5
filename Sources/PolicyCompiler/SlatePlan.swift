internal import CDatapath
internal import PolicyModel

/// A rule on a slate: a box, and the groups of protocol and port and of second addresses that it wants some of.
struct SlateEntry: Sendable {
    var box: UInt32
    var transport: UInt8
    var other: UInt8
}

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
    /// By place of protocol and port, and by place of the second address, the group it is in.
    private var transportGroups: [UInt8] = []
    private var otherGroups: [UInt8] = []
    /// Where the boxes of each rule begin among all of them; one more at the end.
    private var firstBox: [Int32] = [0]
    /// By box, its entry on slates.
    private var entries: [SlateEntry] = []
    /// Rules behind which, on a slate, none is met.
    private(set) var last: BitVector
    /// Stands for the plan, so that its classes are known from those of others.
    private let salt = Int(truncatingIfNeeded: TablePatch.newID())

    private enum Limit {
        /// Boxes of a rule, and of all.
        static let perRule = 16
        static let boxes = Int(PD_BOXES_MAX)
        static let places = 1 << 16
        static let cuts = Int(PD_WHERE_PLACE)
    }

    /// Nil where ranges cannot say what rules want.
    init?(
        _ rules: [FlatRule], _ matches: TransportMatches, _ family: IPAddress.Family, first: AddressField.Side, _ transport: TransportOrder,
        _ boxes: inout [pd_box]
    ) {
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
        guard cuts.count <= Limit.cuts else { return nil }
        self.cuts = cuts.sorted()

        let places = matches.all.map { transport.places(of: $0) }
        let wanted = matches.ofRule.map { places[$0] }
        let others = rules.map { flat -> [ClosedRange<UInt32>] in
            let match = flat.rule[keyPath: secondSide]
            guard !flat.rule[keyPath: firstSide].isAny, !match.isAny else { return [0 ... .max] }
            return (Self.ranges(match, family) ?? []).map { rank($0.lowerBound)...rank($0.upperBound) }
        }
        transportGroups = Self.groups(wanted, transport.count)
        otherGroups = Self.groups(others, self.cuts.count)
        // A rule that has packets go on may send them beyond one that decides for all.
        let isLast = rules.allSatisfy(\.decides)
        for (place, flat) in rules.enumerated() {
            let role: Role = !flat.rule[keyPath: firstSide].isAny ? .first : !flat.rule[keyPath: secondSide].isAny ? .second : .transport
            self.rules[role.rawValue].insert(place)
            let sources = flat.rule.sourcePorts.isEmpty ? [0...UInt16.max] : flat.rule.sourcePorts.map { $0.lower...$0.upper }
            guard others[place].count * sources.count * wanted[place].count <= Limit.perRule else { return nil }
            for other in others[place] {
                for range in wanted[place] {
                    for source in sources {
                        entries.append(
                            SlateEntry(
                                box: UInt32(boxes.count), transport: Self.mask(range, transportGroups),
                                other: Self.mask(other, otherGroups)))
                        boxes.append(pd_box(place, other, range, source))
                    }
                }
            }
            firstBox.append(Int32(entries.count))
            let isWide =
                others[place] == [0 ... .max] && sources == [0...UInt16.max]
                && (role == .transport || wanted[place] == [0...UInt16(truncatingIfNeeded: transport.count - 1)])
            if isWide, isLast { last.insert(place) }
        }
        guard boxes.count <= Limit.boxes else { return nil }
    }

    /// What stands for the plan and a field in sums.
    func salt(_ role: Role) -> UInt128 { mark(-(1 << 40) - 4 * salt - role.rawValue) }

    /// The entries of a rule.
    func entries(of rule: Int) -> ArraySlice<SlateEntry> { entries[Int(firstBox[rule])..<Int(firstBox[rule + 1])] }

    // MARK: Places

    /// What the slate of an address says of where it lies.
    func place(address: UInt128, _ role: Role) -> UInt32 {
        guard role == .second else { return 0 }
        let place = rank(address)
        return place | UInt32(otherGroups[Int(place)]) << UInt32(PD_WHERE_GROUP_SHIFT)
    }

    /// What the slate of protocol and port says of where these lie.
    func place(transport place: Int) -> UInt32 {
        UInt32(place) | UInt32(transportGroups[place]) << UInt32(PD_WHERE_GROUP_SHIFT)
    }

    private func rank(_ value: UInt128) -> UInt32 {
        var (low, high) = (0, cuts.count)
        while high - low > 1 {
            let middle = (low + high) / 2
            if cuts[middle] <= value { low = middle } else { high = middle }
        }
        return UInt32(low)
    }

    /// The groups that a range has values of.
    private static func mask(_ range: ClosedRange<some FixedWidthInteger>, _ groups: [UInt8]) -> UInt8 {
        let upper = min(Int(range.upperBound), groups.count - 1)
        return (groups[Int(range.lowerBound)]...groups[upper]).reduce(0) { $0 | 1 << $1 }
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

    /// Parts the places of a field so that about as many of what rules name narrowly are in each part.
    private static func groups(_ wanted: [[ClosedRange<some FixedWidthInteger>]], _ count: Int) -> [UInt8] {
        var weights = [Int](repeating: 0, count: max(count, 1))
        for range in wanted.joined() where Int(range.upperBound) - Int(range.lowerBound) < max(8, count / 16) {
            weights[Int(range.lowerBound)] += 1
        }
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
    /// Writes in what is most often asked of the box's rule.
    mutating func setRule(_ rules: [pd_rule]) {
        let rule = rules[Int(place)]
        number = rule.number
        verdict = UInt32(rule.action) | UInt32(rule.log) << 8
        goes_on = rule.action == UInt8(PD_ACTION_NEXT.rawValue) || rule.expires != 0 || rule.since != 0 ? 1 : 0
    }

    fileprivate init(_ place: Int, _ other: ClosedRange<UInt32>, _ transport: ClosedRange<UInt16>, _ source: ClosedRange<UInt16>) {
        self.init()
        self.place = UInt32(place)
        self.other = other.lowerBound
        other_span = other.upperBound - other.lowerBound
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
