internal import PolicyModel

/// Turns chains with jumps into one list of rules of which the first match decides.
///
/// A chain is written out where it is jumped to, each of its rules narrowed to the packets that come there.
/// Where some packets leave a chain early, what comes behind it is written out for just these.
struct Expansion {
    /// Beyond these the list would help nobody; a few chains that jump to one another make it grow without bound.
    static let ruleLimit = 50_000
    static let stepLimit = 2_000_000
    static let depthLimit = 64

    private struct Position {
        var chain: Chain
        var index: Int
    }

    /// A log whose packets have not been decided yet.
    private struct Log {
        var match: Match
        var isLimited: Bool
    }

    private let ruleset: Ruleset
    private let bases: [Chain]
    private var steps = 0
    /// What was found, in order.
    private(set) var rules: [FlatRule] = []
    /// Rules that packets come to and no policy can say.
    private(set) var problems: [SourceRule] = []
    private var seen: Set<Origin> = []

    private init(_ ruleset: Ruleset, _ direction: Direction) {
        self.ruleset = ruleset
        bases = (ruleset.bases[direction] ?? []).compactMap { ruleset.chains[$0] }
    }

    /// The rules that judge these packets of one direction; what none of them matches is allowed.
    static func expand(_ ruleset: Ruleset, _ direction: Direction, _ packets: Match) throws(ImportError) -> Expansion {
        var expansion = Expansion(ruleset, direction)
        try expansion.enter(0, packets, logs: [], isLast: true)
        return expansion
    }

    /// Judges packets by a base chain and those behind it.
    ///
    /// - Parameter isLast: Whether nothing comes behind, so that what is allowed at the end need not be said.
    private mutating func enter(_ base: Int, _ packets: Match, logs: [Log], isLast: Bool) throws(ImportError) {
        guard bases.indices.contains(base) else {
            guard !isLast, let origin = bases.last?.origin else { return }
            return try emit(packets, .allow, origin, logs)
        }
        var logs = logs
        var mine = packets
        mine.families.formIntersection(bases[base].families)
        // Packets of another family go past the chain.
        var others = packets
        others.families.subtract(bases[base].families)
        if !mine.isEmpty { try decide([Position(chain: bases[base], index: 0)], base, mine, &logs, isLast: isLast) }
        if !others.isEmpty { try enter(base + 1, others, logs: logs, isLast: isLast) }
    }

    /// Judges packets from a place in the chains on, the innermost chain last, to the end.
    private mutating func decide(
        _ stack: [Position], _ base: Int, _ packets: Match, _ logs: inout [Log], isLast: Bool
    ) throws(ImportError) {
        for depth in stack.indices.reversed() {
            let isDecided = try walk(stack[depth], Array(stack[..<depth]), base, packets, &logs)
            if isDecided { return }
        }
        let chain = bases[base]
        switch chain.policy {
        case .drop: try emit(packets, .deny, chain.origin, logs)
        case .reject: try emit(packets, .reject, chain.origin, logs)
        default:
            if base + 1 < bases.count { return try enter(base + 1, packets, logs: logs, isLast: isLast) }
            // The end of everything allows; it is said where other rules follow, or where it is reported.
            let reported = logs.map { $0.match.intersection(packets) }.filter { !$0.isEmpty }
            if isLast, !reported.isEmpty {
                for match in reported { try emit(match, .allow, chain.origin, logs) }
            } else if !isLast {
                try emit(packets, .allow, chain.origin, logs)
            }
        }
    }

    /// Goes through a chain; true if all of the packets are decided, false if some come out at its end.
    private mutating func walk(
        _ position: Position, _ parents: [Position], _ base: Int, _ packets: Match, _ logs: inout [Log]
    ) throws(ImportError) -> Bool {
        let chain = position.chain
        guard parents.count < Self.depthLimit else {
            throw error(chain.origin, "chain \(chain.name) leads back to itself, or chains are more than \(Self.depthLimit) deep")
        }
        for index in position.index..<max(chain.rules.count, position.index) {
            let rule = chain.rules[index]
            let isWhole = rule.problem == nil && rule.matches.contains { $0.isSuperset(of: packets) }
            for alternative in isWhole ? [packets] : rule.matches {
                steps += 1
                guard steps < Self.stepLimit else {
                    throw error(rule.origin, "the chains are too entangled to be written out as one list of rules")
                }
                let match = alternative.intersection(packets)
                if match.isEmpty { continue }
                if rule.problem != nil {
                    if seen.insert(rule.origin).inserted { problems.append(rule) }
                    break
                }
                switch rule.target {
                case .accept:
                    if base + 1 < bases.count {
                        try enter(base + 1, match, logs: logs, isLast: false)
                    } else {
                        try emit(match, .allow, rule.origin, logs)
                    }
                case .drop: try emit(match, .deny, rule.origin, logs)
                case .reject: try emit(match, .reject, rule.origin, logs)
                case .log: logs.append(Log(match: match, isLimited: rule.isLimited))
                case .none: break
                case .back:
                    if isWhole { return false }
                    var copy = logs
                    // What comes behind is the same for the others, unless this chain still has something to say.
                    if index + 1 < chain.rules.count { try decide(parents, base, match, &copy, isLast: false) }
                case .jump(let name):
                    guard let next = ruleset.chains[name] else { break }
                    let inner = Position(chain: next, index: 0)
                    let isDecided = try walk(inner, parents + [Position(chain: chain, index: index + 1)], base, match, &logs)
                    if isDecided, isWhole { return true }
                case .go(let name):
                    guard let next = ruleset.chains[name] else { break }
                    let inner = Position(chain: next, index: 0)
                    if isWhole { return try walk(inner, parents, base, match, &logs) }
                    var copy = logs
                    try decide(parents + [inner], base, match, &copy, isLast: false)
                }
            }
            if isWhole, rule.target == .accept || rule.target == .drop || rule.target == .reject { return true }
        }
        return false
    }

    /// Adds a rule, with those in front of it that report what logs before it reported.
    private mutating func emit(_ match: Match, _ action: Action, _ origin: Origin, _ logs: [Log]) throws(ImportError) {
        for log in logs {
            let part = log.match.intersection(match)
            // What an earlier rule decides already, this one never sees.
            if part.isEmpty || rules.suffix(500).contains(where: { $0.match.isSuperset(of: part) }) { continue }
            // Every refused packet was reported, and of connections the first.
            try append(FlatRule(match: part, action: action, log: log.isLimited || action == .allow ? .new : .all, origin: origin))
            if log.match.isSuperset(of: match) { return }
        }
        try append(FlatRule(match: match, action: action, log: nil, origin: origin))
    }

    private mutating func append(_ rule: FlatRule) throws(ImportError) {
        guard rules.count < Self.ruleLimit else {
            throw error(rule.origin, "written out, the chains have more than \(Self.ruleLimit) rules")
        }
        rules.append(rule)
    }

    private func error(_ origin: Origin, _ message: String) -> ImportError {
        ImportError(file: origin.file, line: origin.line, message)
    }
}
