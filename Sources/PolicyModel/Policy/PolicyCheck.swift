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

    /// Everything else: sets that are not there, policies of one place, rules of one name.
    static func errors(_ documents: [Document]) -> [Diagnostic] {
        samePlaces(documents) + sameRules(documents) + missingSets(documents)
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

    private static func place(_ document: Document) -> String {
        document.nameLocation.line == 0 ? "" : " (\(document.nameLocation))"
    }
}

/// Makes diagnostics about a document, with the lines to show.
struct DocumentReporter {
    private let path: String
    private let lines: SourceLines

    init(_ document: Document) {
        path = document.source.path
        lines = SourceLines(Array(document.source.text.utf8), firstLine: document.source.firstLine)
    }

    func report(
        _ severity: Diagnostic.Severity, at location: SourceLocation, _ message: String, suggestion: String? = nil
    ) -> Diagnostic {
        let excerpt = location.file == path ? lines.excerpt(line: location.line, column: location.column) : nil
        return Diagnostic(
            severity, at: location, message, suggestion: suggestion, sourceLine: excerpt?.text, sourceColumn: excerpt?.column)
    }
}
