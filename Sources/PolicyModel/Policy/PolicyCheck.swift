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
            return document.error(
                at: document.nameLocation, "name: there is another \(document.kind.rawValue) '\(document.name)'\(place(other))")
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
            return document.error(
                at: document.nameLocation,
                "priority: \(policy.priority) in tier \(policy.tier.rawValue) is also that of policy '\(other.name)'"
                    + "\(Self.place(other)); which comes first has to be said")
        }
    }

    private static func sameRules(_ documents: [Document]) -> [Diagnostic] {
        documents.flatMap { document -> [Diagnostic] in
            guard case .policy(let policy) = document.value else { return [] }
            return Direction.allCases.flatMap { direction -> [Diagnostic] in
                var names: Set<String> = []
                return policy.rules(direction).filter { !names.insert($0.name).inserted }.map { rule in
                    document.error(
                        at: rule.location, "name: policy '\(policy.name)' has two \(direction.rawValue) rules '\(rule.name)'")
                }
            }
        }
    }

    private static func missingSets(_ documents: [Document]) -> [Diagnostic] {
        let names = Set(documents.filter { $0.kind == .addressSet }.map(\.name))
        return documents.flatMap { document in
            document.setUses.filter { !names.contains($0.set) }.map { use in
                let near = Spelling.nearest(to: use.set, among: names).map { "set:\($0)" }
                return document.error(at: use.location, "\(use.field): there is no set '\(use.set)'", suggestion: near)
            }
        }
    }

    private static func place(_ document: Document) -> String {
        document.nameLocation.line == 0 ? "" : " (\(document.nameLocation))"
    }
}

extension Document {
    /// An error at a place in the document, with the line to show.
    func error(at location: SourceLocation, _ message: String, suggestion: String? = nil) -> Diagnostic {
        diagnostic(.error, at: location, message, suggestion: suggestion)
    }

    /// A warning at a place in the document, with the line to show.
    func warning(at location: SourceLocation, _ message: String, suggestion: String? = nil) -> Diagnostic {
        diagnostic(.warning, at: location, message, suggestion: suggestion)
    }

    private func diagnostic(
        _ severity: Diagnostic.Severity, at location: SourceLocation, _ message: String, suggestion: String?
    ) -> Diagnostic {
        let lines = SourceLines(Array(source.text.utf8), firstLine: source.firstLine)
        let line = location.file == source.path ? lines[location.line] : nil
        return Diagnostic(severity, at: location, message, suggestion: suggestion, sourceLine: line)
    }
}
