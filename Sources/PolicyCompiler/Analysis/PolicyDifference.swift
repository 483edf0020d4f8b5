public import PolicyModel

/// What differs between two policy sets: in words, by policy, rule and set, and in what becomes of packets.
///
/// ```swift
/// let difference = PolicyDifference(from: inForce, to: planned)
/// for example in difference.packets.examples { print(example.packet, example.old.action, example.new.action) }
/// ```
public struct PolicyDifference: Sendable {
    /// What became of something.
    public enum Kind: String, Hashable, Sendable, Codable {
        case added
        case removed
        case changed
        /// It says the same, but stands elsewhere in the order of evaluation.
        case moved
    }

    /// A key of a document or rule with what it said and says, as YAML in one line; nil where it was not there.
    public struct Field: Hashable, Sendable {
        public var key: String
        public var old: String?
        public var new: String?
    }

    /// What became of a rule.
    public struct RuleChange: Hashable, Sendable {
        public var kind: Kind
        public var direction: Direction
        public var rule: String
        /// Where it stands now; for one that was removed, where it stood.
        public var location: SourceLocation
        /// Of a changed rule, what is not as it was.
        public var fields: [Field]
    }

    /// What became of a policy.
    public struct PolicyChange: Hashable, Sendable {
        public var kind: Kind
        public var policy: String
        public var location: SourceLocation
        public var fields: [Field]
        public var rules: [RuleChange]
    }

    /// What became of a set.
    public struct SetChange: Hashable, Sendable {
        public var kind: Kind
        public var set: String
        public var location: SourceLocation
        public var fields: [Field]
        /// How many entries are there that were not, those of the sets in it among them.
        public var entriesAdded: Int
        /// How many entries are not there any more.
        public var entriesRemoved: Int
        /// The first of the added entries.
        public var firstAdded: [CIDR]
        /// The first of the removed entries.
        public var firstRemoved: [CIDR]
    }

    /// The policies that differ, in the order of evaluation, removed ones last.
    public private(set) var policies: [PolicyChange]
    /// The sets that differ, by name.
    public private(set) var sets: [SetChange]
    /// The packets whose verdict differs.
    public private(set) var packets: PacketDifference

    /// Whether nothing differs: neither words nor verdicts.
    public var isEmpty: Bool { policies.isEmpty && sets.isEmpty }

    /// Compares two policy sets as they are at an instant.
    public init(
        from old: PolicySet, to new: PolicySet, at instant: Instant = .now, examples: Int = 10,
        budget: AnalysisBudget = AnalysisBudget()
    ) {
        sets = Self.setChanges(old, new)
        policies = Self.policyChanges(old, new)
        packets = PacketDifference(
            from: old, to: new, touched: TouchedRules(old, new, policies, sets), at: instant, examples: examples, budget: budget)
    }

    // MARK: Policies and rules

    private static func policyChanges(_ old: PolicySet, _ new: PolicySet) -> [PolicyChange] {
        let before = Dictionary(old.policies.map { ($0.name, $0) }) { $1 }
        var changes = new.policies.compactMap { policy -> PolicyChange? in
            guard let was = before[policy.name] else {
                return PolicyChange(
                    kind: .added, policy: policy.name, location: policy.location, fields: [], rules: all(policy, .added))
            }
            let fields = Self.fields(was.output, policy.output, except: ["ingress", "egress"])
            let rules = Direction.allCases.flatMap { ruleChanges(was.rules($0), policy.rules($0), $0) }
            guard !fields.isEmpty || !rules.isEmpty else { return nil }
            return PolicyChange(kind: .changed, policy: policy.name, location: policy.location, fields: fields, rules: rules)
        }
        let names = Set(new.policies.map(\.name))
        changes += old.policies.filter { !names.contains($0.name) }.map {
            PolicyChange(kind: .removed, policy: $0.name, location: $0.location, fields: [], rules: all($0, .removed))
        }
        return changes
    }

    private static func all(_ policy: HostPolicy, _ kind: Kind) -> [RuleChange] {
        Direction.allCases.flatMap { direction in
            policy.rules(direction).map {
                RuleChange(kind: kind, direction: direction, rule: $0.name, location: $0.location, fields: [])
            }
        }
    }

    private static func ruleChanges(_ old: [Rule], _ new: [Rule], _ direction: Direction) -> [RuleChange] {
        let places = Dictionary(old.enumerated().map { ($1.name, $0) }) { $1 }
        // Of the rules that are in both, those outside of the longest run in the same order have moved.
        let common = new.compactMap { rule in places[rule.name].map { (name: rule.name, place: $0) } }
        let stayed = Set(Order.longestAscending(common.map(\.place)).map { common[$0].name })
        var changes = new.compactMap { rule -> RuleChange? in
            guard let place = places[rule.name] else {
                return RuleChange(kind: .added, direction: direction, rule: rule.name, location: rule.location, fields: [])
            }
            let fields = Self.fields(old[place].output(direction), rule.output(direction), except: [])
            if fields.isEmpty, stayed.contains(rule.name) { return nil }
            var change = RuleChange(kind: .changed, direction: direction, rule: rule.name, location: rule.location, fields: fields)
            if fields.isEmpty { change.kind = .moved }
            if !fields.isEmpty, !stayed.contains(rule.name) {
                let now = new.firstIndex { $0.name == rule.name } ?? 0
                change.fields.append(Field(key: "place", old: "\(place + 1)", new: "\(now + 1)"))
            }
            return change
        }
        let names = Set(new.map(\.name))
        changes += old.filter { !names.contains($0.name) }.map {
            RuleChange(kind: .removed, direction: direction, rule: $0.name, location: $0.location, fields: [])
        }
        return changes
    }

    // MARK: Sets

    private static func setChanges(_ old: PolicySet, _ new: PolicySet) -> [SetChange] {
        Set(old.sets.keys).union(new.sets.keys).sorted().compactMap { name in
            let (was, now) = (old.sets[name], new.sets[name])
            let fields = both(was, now).map { Self.fields($0.output, $1.output, except: ["addresses"]) } ?? []
            let (before, after) = (old.entries(of: name), new.entries(of: name))
            var change = SetChange(
                kind: was == nil ? .added : now == nil ? .removed : .changed, set: name,
                location: now?.location ?? was?.location ?? .none, fields: fields, entriesAdded: 0, entriesRemoved: 0, firstAdded: [],
                firstRemoved: [])
            if before != after {
                let (beforeSet, afterSet) = (Set(before), Set(after))
                let (added, removed) = (afterSet.subtracting(beforeSet), beforeSet.subtracting(afterSet))
                change.entriesAdded = added.count
                change.entriesRemoved = removed.count
                change.firstAdded = Array(added.sorted().prefix(5))
                change.firstRemoved = Array(removed.sorted().prefix(5))
            }
            let isSame = change.kind == .changed && fields.isEmpty && change.entriesAdded == 0 && change.entriesRemoved == 0
            return isSame ? nil : change
        }
    }

    private static func both<Value>(_ one: Value?, _ other: Value?) -> (Value, Value)? {
        guard let one, let other else { return nil }
        return (one, other)
    }

    // MARK: Fields

    /// The keys under which two documents or rules say different things.
    private static func fields(_ old: OutputValue, _ new: OutputValue, except: Set<String>) -> [Field] {
        let (before, after) = (flat(old), flat(new))
        var keys: [String] = []
        for (key, _) in before + after where !keys.contains(key) && !except.contains(key) { keys.append(key) }
        return keys.compactMap { key in
            let (was, now) = (before.first { $0.key == key }?.value, after.first { $0.key == key }?.value)
            return was == now ? nil : Field(key: key, old: was?.line, new: now?.line)
        }
    }

    /// The keys of a rule; of a document those of `metadata` and `spec`.
    private static func flat(_ value: OutputValue) -> [(key: String, value: OutputValue)] {
        guard case .fields(let fields) = value else { return [] }
        return fields.flatMap { field -> [(key: String, value: OutputValue)] in
            guard ["metadata", "spec"].contains(field.key), case .fields = field.value else { return [(field.key, field.value)] }
            return flat(field.value)
        }
    }
}

extension OutputValue {
    /// The value as YAML in one line.
    fileprivate var line: String {
        switch self {
        case .text(let text): text
        case .list(let elements): "[" + elements.map(\.line).joined(separator: ", ") + "]"
        case .fields(let fields): "{ " + fields.map { "\($0.key): \($0.value.line)" }.joined(separator: ", ") + " }"
        case .null, .bool, .integer: json()
        }
    }
}

/// Orders of numbers.
enum Order {
    /// The places of a longest ascending run of numbers that are all different, gaps allowed.
    static func longestAscending(_ numbers: [Int]) -> [Int] {
        // The end of the best run of each length, and for each place the one before it.
        var ends: [Int] = []
        var before = Array(repeating: -1, count: numbers.count)
        for (place, number) in numbers.enumerated() {
            var (low, high) = (0, ends.count)
            while low < high {
                let middle = (low + high) / 2
                if numbers[ends[middle]] < number { low = middle + 1 } else { high = middle }
            }
            if low > 0 { before[place] = ends[low - 1] }
            if low == ends.count { ends.append(place) } else { ends[low] = place }
        }
        var result: [Int] = []
        var place = ends.last ?? -1
        while place >= 0 {
            result.append(place)
            place = before[place]
        }
        return result.reversed()
    }
}
