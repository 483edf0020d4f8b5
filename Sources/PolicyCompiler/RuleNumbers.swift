private import CDatapath
public import PolicyModel

/// What a rule is known by from one revision to the next.
public struct RuleKey: Hashable, Sendable, Codable {
    public var policy: String
    public var direction: Direction
    public var rule: String

    public init(policy: String, direction: Direction, rule: String) {
        self.policy = policy
        self.direction = direction
        self.rule = rule
    }
}

/// The numbers of rules: their places among the kernel's counters, and their names in events.
///
/// A rule keeps its number for as long as a rule of its policy, direction and name is there, so that its counters go on when
/// other rules come and go. The first 16 numbers stand for the verdicts that no rule gives.
public struct RuleNumbers: Hashable, Sendable {
    private var numbers: [RuleKey: UInt32] = [:]
    private var keys: [UInt32: RuleKey] = [:]
    /// By number, the revision from which on the rule has been there.
    private var revisions: [UInt32: UInt32] = [:]

    /// No rule has a number yet.
    public init() {}

    /// The number of a rule; nil for one that has none.
    public func number(of key: RuleKey) -> UInt32? { numbers[key] }

    /// The rule that has a number; nil for a number that is free.
    public func key(of number: UInt32) -> RuleKey? { keys[number] }

    /// The revision that brought the rule; of those since then, each had it. 0 where that is not known: before all others.
    public func revision(of key: RuleKey) -> UInt32 { number(of: key).flatMap { revisions[$0] } ?? 0 }

    /// All numbers in use.
    public var all: [UInt32] { keys.keys.sorted() }

    /// How many rules have a number.
    public var count: Int { keys.count }

    /// The largest number in use.
    public var largest: UInt32? { keys.keys.max() }

    /// Gives every rule of a policy set a number. Rules that had one keep it, and the lowest free ones are given to the others. The
    /// numbers of rules that are gone become free only for the next call: packets are counted under them until the switch.
    ///
    /// - Parameter revision: the revision the policy set is to be: connections that are older than it are older than the new rules.
    /// - Returns: the numbers that were given now: their counters are to start at 0.
    @discardableResult
    public mutating func assign(for policySet: PolicySet, revision: UInt32 = 0) -> [UInt32] {
        var present: Set<RuleKey> = []
        var new: [RuleKey] = []
        for direction in Direction.allCases {
            for (policy, rule) in policySet.rules(direction) {
                let key = RuleKey(policy: policy.name, direction: direction, rule: rule.name)
                if present.insert(key).inserted, numbers[key] == nil { new.append(key) }
            }
        }
        var given: [UInt32] = []
        var next = UInt32(PD_REASONS.rawValue)
        for key in new {
            while keys[next] != nil { next += 1 }
            numbers[key] = next
            keys[next] = key
            revisions[next] = revision
            given.append(next)
        }
        for (key, number) in numbers where !present.contains(key) {
            numbers[key] = nil
            keys[number] = nil
            revisions[number] = nil
        }
        return given
    }
}

/// As one text, a line for each rule: number, the revision it is there since, direction, policy and name. Ten thousand rules are written
/// with every apply and read at every start, and as objects of JSON they took longer than all else of it.
extension RuleNumbers: Codable {
    /// How they were written before.
    fileprivate struct Entry: Codable {
        var key: RuleKey
        var number: UInt32
        /// Not there in what was written before rules could spare connections.
        var since: UInt32?
    }

    public init(from decoder: any Decoder) throws {
        func corrupted(_ words: String) -> any Error {
            DecodingError.dataCorrupted(.init(codingPath: decoder.codingPath, debugDescription: words))
        }
        let entries: [Entry]
        if let text = try? decoder.singleValueContainer().decode(String.self) {
            entries = try text.utf8.split(separator: UInt8(ascii: "\n")).map { line in
                guard let entry = Entry(line: line) else { throw corrupted("'\(Substring(line))' is not the number of a rule") }
                return entry
            }
        } else {
            entries = try [Entry](from: decoder)
        }
        for entry in entries {
            revisions[entry.number] = entry.since ?? 0
            guard numbers.updateValue(entry.number, forKey: entry.key) == nil,
                keys.updateValue(entry.key, forKey: entry.number) == nil, entry.number >= PD_REASONS.rawValue
            else { throw corrupted("rule number \(entry.number) stands twice or is reserved") }
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var text = ""
        for (number, key) in keys.sorted(by: { $0.key < $1.key }) {
            text += "\(number) \(revisions[number] ?? 0) \(key.direction.rawValue) \(key.policy) \(key.rule)\n"
        }
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }
}

fileprivate extension RuleNumbers.Entry {
    /// Names hold no blanks: the parts are what is between them.
    init?(line: Substring.UTF8View) {
        let parts = line.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false).map { String(Substring($0)) }
        guard parts.count == 5, let number = UInt32(parts[0]), let since = UInt32(parts[1]), let direction = Direction(rawValue: parts[2])
        else { return nil }
        self.init(key: RuleKey(policy: parts[3], direction: direction, rule: parts[4]), number: number, since: since)
    }
}
