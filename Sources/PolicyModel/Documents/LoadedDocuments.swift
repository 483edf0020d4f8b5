/// What a loader read: the documents, or everything that is wrong.
public struct LoadedDocuments: Sendable {
    /// The documents as far as they could be read. With errors, parts of them may be missing.
    var drafts: [Document] = []
    /// Whether every document could at least be named.
    var isComplete = true
    /// What is wrong, or worth a look, by file and line.
    public private(set) var diagnostics: [Diagnostic] = []

    init() {}

    /// The documents in the order they stand; none if there are errors.
    public var documents: [Document] { hasErrors ? [] : drafts }

    /// The probes among the documents, which are loaded by themselves, and the rest without them.
    ///
    /// What is wrong with the probes is told with the rest; then there are none.
    public func separated() -> (probes: [Document], policy: LoadedDocuments) {
        var policy = self
        let probes = drafts.filter { $0.kind == .probe }
        policy.drafts.removeAll { $0.kind == .probe }
        policy.add(PolicyCheck.duplicates(probes))
        return (policy.hasErrors ? [] : probes, policy)
    }

    /// Whether one of the diagnostics is an error.
    public var hasErrors: Bool { diagnostics.contains { $0.severity == .error } }

    /// The policy set of these documents, added to or replacing those in `base` by kind and name.
    ///
    /// Throws the errors of reading together with those that show only when documents are put together.
    public func policySet(over base: DocumentCollection = DocumentCollection()) throws(Diagnostics) -> PolicySet {
        var found = diagnostics
        // Where a document could not be named, a set that seems missing may be the one.
        if isComplete || !hasErrors {
            found += PolicyCheck.duplicates(drafts)
            var collection = base
            collection.apply(drafts)
            found += PolicyCheck.errors(collection.documents)
            if !found.contains(where: { $0.severity == .error }) { return PolicySet(unchecked: collection.documents) }
        }
        throw Diagnostics(found)
    }

    /// What is likely not meant at this time, once these documents are put over those in `base`; only about these documents.
    public func warnings(over base: DocumentCollection = DocumentCollection(), at time: Instant = .now) -> [Diagnostic] {
        var collection = base
        collection.apply(documents)
        let mine = Set(documents.map(\.identity))
        return PolicyCheck.warnings(collection.documents, at: time) { mine.contains($0.identity) }
    }

    mutating func add(_ new: [Diagnostic]) {
        diagnostics += new
    }

    mutating func append(_ other: LoadedDocuments) {
        drafts += other.drafts
        isComplete = isComplete && other.isComplete
        diagnostics += other.diagnostics
    }
}
