internal import PolicyModel

/// Makes the rules of a policy of rulesets, and tells what is missing in them.
struct RulesetImport {
    private let rulesets: [Ruleset]
    private(set) var findings: [ImportFinding] = []
    private(set) var rules: [Direction: [FlatRule]] = [:]
    private(set) var sets: [String: NamedSet] = [:]

    /// Imports one ruleset of both families, or one of each.
    init(_ rulesets: [Ruleset]) throws(ImportError) {
        self.rulesets = rulesets
        for ruleset in rulesets { sets.merge(ruleset.sets) { $1 } }
        for direction in Direction.allCases {
            var lists: [[FlatRule]] = []
            for ruleset in rulesets { lists.append(try flatten(ruleset, direction)) }
            rules[direction] = lists.dropFirst().reduce(lists.first ?? []) { FamilyMerge.merge($0, $1) }
        }
        for ruleset in rulesets { reportUnreached(ruleset) }
        let order = rulesets.flatMap { $0.chains.values.map(\.origin.file) }
        findings = Self.sorted(findings, files: order)
    }

    /// By file and line, those about one line as they were found.
    static func sorted(_ findings: [ImportFinding], files: [String]) -> [ImportFinding] {
        var rank: [String: Int] = [:]
        for file in files where rank[file] == nil { rank[file] = rank.count }
        return findings.enumerated().sorted { one, two in
            (rank[one.element.file] ?? 0, one.element.line, one.offset) < (rank[two.element.file] ?? 0, two.element.line, two.offset)
        }.map(\.element)
    }

    private mutating func flatten(_ ruleset: Ruleset, _ direction: Direction) throws(ImportError) -> [FlatRule] {
        guard let bases = ruleset.bases[direction], !bases.isEmpty else { return [] }
        // A policy judges the first packet of a connection; the others follow it.
        let first = try Expansion.expand(ruleset, direction, Match(ruleset.families, states: .new))
        var problems = first.problems
        let reached = ruleset.reachable(from: bases)
        for chain in ruleset.chains.values where reached.contains(chain.name) {
            for rule in chain.rules where rule.problem == nil && rule.matches.contains(where: Self.isAboutInvalid) {
                findings.append(
                    ImportFinding(
                        .notExpressed, rule.origin,
                        "policies know no state INVALID: malformed packets are denied anyway, others are judged like first packets"))
            }
        }
        problems += try established(ruleset, direction)
        var seen: Set<Origin> = []
        for rule in problems where seen.insert(rule.origin).inserted {
            findings.append(ImportFinding(.notExpressed, rule.origin, (rule.problem ?? "") + Self.consequence(rule.target)))
        }
        return first.rules
    }

    private static func isAboutInvalid(_ match: Match) -> Bool {
        match.states != .all && match.states.contains(.invalid)
    }

    /// What it means that a rule is missing.
    private static func consequence(_ target: Target) -> String {
        switch target {
        case .accept: "; what it allows is left to the rules behind it"
        case .drop, .reject: "; what it denies is left to the rules behind it"
        case .jump(let chain), .go(let chain): "; packets do not go to \(chain), and are left to the rules behind"
        case .back: "; the rules behind it in its chain see packets that it would have taken out"
        case .log, .none: ""
        }
    }

    /// Policies let the packets of allowed connections through, and errors about them. What a source denies of them is told.
    private mutating func established(_ ruleset: Ruleset, _ direction: Direction) throws(ImportError) -> [SourceRule] {
        var problems: [SourceRule] = []
        var deniers: [FlatRule] = []
        for packets in Self.followers(ruleset.families) {
            let expansion = try Expansion.expand(ruleset, direction, packets)
            problems += expansion.problems
            deniers += expansion.rules.filter { $0.action != .allow }
        }
        var seen: Set<Origin> = []
        for rule in deniers where seen.insert(rule.origin).inserted {
            let reason =
                "also denies replies and other packets of connections that are allowed in the other direction, and errors about them; "
                + "policyd lets these through"
            findings.append(ImportFinding(.notExpressed, rule.origin, reason))
        }
        return problems
    }

    /// The packets that policyd lets through without a rule: those of connections, and ICMP errors about these.
    private static func followers(_ families: Families) -> [Match] {
        var result = [Match(families, states: .established)]
        for family in families.all {
            var errors = Match(Families(family), states: .related)
            errors.protocols = .numbers([ProtocolMatch.icmpNumber(family)])
            let types: [UInt8] = family == .v4 ? [3, 11, 12] : [1, 2, 3, 4]
            errors.icmp = Ranges(types.map { UInt128($0) << 8...(UInt128($0) << 8 | 255) }, bits: 16)
            result.append(errors)
        }
        return result
    }

    /// Rules at other hooks, and of chains that nothing leads to.
    private mutating func reportUnreached(_ ruleset: Ruleset) {
        var reached = ruleset.reachable(from: ruleset.bases.values.flatMap { $0 })
        for (name, reason) in ruleset.foreign {
            guard let chain = ruleset.chains[name] else { continue }
            if chain.policy != .accept {
                findings.append(ImportFinding(.notExpressed, chain.origin, reason))
            }
            for name in ruleset.reachable(from: [name]).subtracting(reached).sorted() {
                reached.insert(name)
                for rule in ruleset.chains[name]?.rules ?? [] { findings.append(ImportFinding(.notExpressed, rule.origin, reason)) }
            }
        }
        for (name, chain) in ruleset.chains where !reached.contains(name) && !chain.rules.isEmpty && chain.origin.number != "default" {
            findings.append(ImportFinding(.note, chain.origin, "nothing leads to this chain, its rules are left out"))
        }
    }
}
