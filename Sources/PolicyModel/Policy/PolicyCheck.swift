/// What can be wrong only when documents are put together.
enum PolicyCheck {
    /// Documents of the same kind and name.
    static func duplicates(_ documents: [Document]) -> [Diagnostic] {
        var first: [String: Document] = [:]
        return documents.compactMap { document in
            guard let other = first[document.identity] else {
                first[document.identity] = document
                return nil
            }
            return DocumentReporter(document).report(
                .error, at: document.nameLocation, "name: there is another \(document.kind.rawValue) '\(document.name)'\(place(other))")
        }
    }

    /// Everything else: sets that are not there or contain themselves, policies of one place, rules of one name.
    static func errors(_ documents: [Document]) -> [Diagnostic] {
        probes(documents) + samePlaces(documents) + sameRules(documents) + missingSets(documents) + circles(documents)
    }

    /// Probes: loading one can fail for reasons of its own, and may not keep a policy from coming into force, or go back with it.
    private static func probes(_ documents: [Document]) -> [Diagnostic] {
        documents.filter { $0.kind == .probe }.map { document in
            DocumentReporter(document).report(
                .error, at: document.nameLocation,
                "kind: Probe '\(document.name)' is no part of a policy; policyctl probe load -f FILE loads it")
        }
    }

    private static func samePlaces(_ documents: [Document]) -> [Diagnostic] {
        struct Place: Hashable {
            var tier: Tier
            var priority: Int
        }
        var first: [Place: Document] = [:]
        return documents.compactMap { document in
            guard case .policy(let policy) = document.value else { return nil }
            let place = Place(tier: policy.tier, priority: policy.priority)
            guard let other = first[place] else {
                first[place] = document
                return nil
            }
            guard other.name != document.name else { return nil }
            return DocumentReporter(document).report(
                .error, at: document.nameLocation,
                "priority: \(policy.priority) in tier \(policy.tier.rawValue) is also that of policy '\(other.name)'"
                    + "\(Self.place(other)); which comes first has to be said")
        }
    }

    private static func sameRules(_ documents: [Document]) -> [Diagnostic] {
        documents.flatMap { document -> [Diagnostic] in
            guard case .policy(let policy) = document.value else { return [] }
            let reporter = DocumentReporter(document)
            return Direction.allCases.flatMap { direction -> [Diagnostic] in
                var names: Set<String> = []
                return policy.rules(direction).filter { !names.insert($0.name).inserted }.map { rule in
                    reporter.report(
                        .error, at: rule.location, "name: policy '\(policy.name)' has two \(direction.rawValue) rules '\(rule.name)'")
                }
            }
        }
    }

    private static func missingSets(_ documents: [Document]) -> [Diagnostic] {
        let names = Set(documents.filter { $0.kind == .addressSet }.map(\.name))
        return documents.flatMap { document -> [Diagnostic] in
            let reporter = DocumentReporter(document)
            return document.setUses.filter { !names.contains($0.set) }.map { use in
                let near = Spelling.nearest(to: use.set, among: names).map { "set:\($0)" }
                return reporter.report(.error, at: use.location, "\(use.field): there is no set '\(use.set)'", suggestion: near)
            }
        }
    }

    /// Sets that are in themselves, each way round told once, where its first step stands.
    private static func circles(_ documents: [Document]) -> [Diagnostic] {
        var sets: [String: (document: Document, uses: [SetUse])] = [:]
        for document in documents where document.kind == .addressSet { sets[document.name] = (document, document.setUses) }
        var found: [Diagnostic] = []
        var done: Set<String> = []
        for start in documents where start.kind == .addressSet && !done.contains(start.name) {
            // The way from the start to where the search is: a set, and how many of its uses were followed. Without recursion, as a chain
            // of sets can be long.
            var way: [(name: String, next: Int)] = [(start.name, 0)]
            var places = [start.name: 0]
            while let (name, next) = way.last {
                guard let set = sets[name], next < set.uses.count else {
                    done.insert(name)
                    places[name] = nil
                    way.removeLast()
                    continue
                }
                way[way.count - 1].next += 1
                let use = set.uses[next].set
                if let place = places[use], let first = sets[use] {
                    let circle = way[place...].map(\.name) + [use]
                    // A long way round is told by its ends.
                    let shown = circle.count <= 12 ? circle : circle.prefix(6) + ["…"] + circle.suffix(5)
                    found.append(
                        DocumentReporter(first.document).report(
                            .error, at: first.uses[way[place].next - 1].location,
                            "addresses: set '\(use)' contains itself: \(shown.joined(separator: ", "))"))
                } else if !done.contains(use), sets[use] != nil {
                    places[use] = way.count
                    way.append((use, 0))
                }
            }
        }
        return found
    }

    private static func place(_ document: Document) -> String {
        document.nameLocation.line == 0 ? "" : " (\(document.nameLocation))"
    }
}

/// Makes diagnostics about a document, with the lines to show.
package struct DocumentReporter {
    private let path: String
    private let lines: SourceLines

    package init(_ document: Document) {
        path = document.source.path
        lines = SourceLines(Array(document.source.text.utf8), firstLine: document.source.firstLine)
    }

    package func report(
        _ severity: Diagnostic.Severity, at location: SourceLocation, _ message: String, suggestion: String? = nil
    ) -> Diagnostic {
        let excerpt = location.file == path ? lines.excerpt(line: location.line, column: location.column) : nil
        return Diagnostic(
            severity, at: location, message, suggestion: suggestion, sourceLine: excerpt?.text, sourceColumn: excerpt?.column)
    }
}
