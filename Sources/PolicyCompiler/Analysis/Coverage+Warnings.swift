public import PolicyModel

extension LoadedDocuments {
    /// Everything that is likely not meant about these documents once they are put over those in `base`: what the documents alone show, and
    /// what comes out of analysing all rules together. The last of them may be a note that some rules were not analysed.
    public func findings(
        over base: DocumentCollection = DocumentCollection(), policySet: PolicySet, at instant: Instant = .now,
        budget: AnalysisBudget = AnalysisBudget()
    ) -> [Diagnostic] {
        let coverage = Coverage(of: policySet, at: instant, budget: budget)
        return warnings(over: base) + coverage.diagnostics(policySet, about: documents)
    }
}

extension Coverage {
    /// The findings about the rules of some documents, in words.
    func diagnostics(_ policySet: PolicySet, about documents: [Document]) -> [Diagnostic] {
        var sources: [String: Document] = [:]
        for document in documents where document.kind == .hostPolicy { sources[document.name] = document }
        var reporters: [String: DocumentReporter] = [:]
        func report(_ finding: Finding, _ message: String) -> Diagnostic? {
            guard let document = sources[finding.rule.policy] else { return nil }
            let reporter = reporters[document.name] ?? DocumentReporter(document)
            reporters[document.name] = reporter
            return reporter.report(.warning, at: finding.rule.location, message)
        }
        let uses = Self.emptySetUses(policySet)
        var found = findings.compactMap { finding -> Diagnostic? in
            let name = "rule '\(finding.rule.rule)'"
            switch finding.reach {
            case .never(let because) where because.isEmpty:
                // An empty set is a warning of its own, and can be filled at run time.
                guard !uses.contains(Use(finding)) else { return nil }
                return report(finding, "\(name) never matches: no packet is all that it asks for")
            case .never(let because):
                let verb = because.count == 1 ? "matches" : "match"
                return report(finding, "\(name) never matches: \(Self.words(because, from: finding.rule)) \(verb) all that it does")
            case .packet where !finding.redundant.isEmpty:
                let verb = finding.redundant.count == 1 ? "does" : "do"
                return report(
                    finding, "\(name) is redundant: \(Self.words(finding.redundant, from: finding.rule)) \(verb) the same without it")
            default:
                return nil
            }
        }
        found.sort { $0.location < $1.location }
        let left = findings.count { $0.reach == .notAnalysed && sources[$0.rule.policy] != nil }
        if left > 0 {
            found.append(
                Diagnostic(
                    .note, at: .none,
                    "\(left) of \(findings.count) rules were not analysed for whether they ever match: that would take too long"))
        }
        return found
    }

    private struct Use: Hashable {
        var policy: String
        var direction: Direction
        var rule: String

        init(_ finding: Finding) {
            policy = finding.rule.policy
            direction = finding.direction
            rule = finding.rule.rule
        }

        init(_ policy: HostPolicy, _ direction: Direction, _ rule: Rule) {
            self.policy = policy.name
            self.direction = direction
            self.rule = rule.name
        }
    }

    /// The rules that use a set which is empty.
    private static func emptySetUses(_ policySet: PolicySet) -> Set<Use> {
        let empty = Set(policySet.sets.keys.filter { policySet.members(of: $0).allSatisfy { $0.count == 0 } })
        var uses: Set<Use> = []
        for direction in Direction.allCases {
            for (policy, rule) in policySet.rules(direction)
            where !empty.isDisjoint(with: rule.remote.setNames + rule.local.setNames) {
                uses.insert(Use(policy, direction, rule))
            }
        }
        return uses
    }

    /// `rule 'a' on line 6`, `rules 'a' on line 6 and 'b' (other.yaml:7)`.
    private static func words(_ rules: [RuleReference], from own: RuleReference) -> String {
        let shown = rules.prefix(3).map { rule in
            let place = rule.location
            let policy = rule.policy == own.policy ? "" : " of policy '\(rule.policy)'"
            if place.line == 0 { return "'\(rule.rule)'\(policy)" }
            let words = place.file == own.location.file ? "on line \(place.line)" : "(\(place.file):\(place.line))"
            return "'\(rule.rule)'\(policy) \(words)"
        }
        var text = shown.joined(separator: ", ")
        let more = rules.count - shown.count
        if more > 0 {
            text += " and \(more) more"
        } else if shown.count > 1 {
            text = shown.dropLast().joined(separator: ", ") + " and " + (shown.last ?? "")
        }
        return "rule\(rules.count == 1 ? "" : "s") \(text)"
    }
}
