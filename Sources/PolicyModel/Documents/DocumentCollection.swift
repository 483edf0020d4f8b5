/// Documents by kind and name: what is in force, to which an apply adds and from which a delete takes.
public struct DocumentCollection: Sendable {
    /// The documents in the order they were first added.
    public private(set) var documents: [Document] = []

    /// Makes a collection of documents; of two with the same kind and name the later counts.
    public init(_ documents: [Document] = []) {
        apply(documents)
    }

    /// Adds documents, each in the place of the one with its kind and name if there is one.
    public mutating func apply(_ new: [Document]) {
        var places = Dictionary(documents.enumerated().map { ($1.identity, $0) }, uniquingKeysWith: { first, _ in first })
        for document in new {
            if let place = places[document.identity] {
                documents[place] = document
            } else {
                places[document.identity] = documents.count
                documents.append(document)
            }
        }
    }

    /// Takes a document out; whether it was there.
    @discardableResult
    public mutating func remove(_ kind: Document.Kind, _ name: String) -> Bool {
        guard let place = documents.firstIndex(where: { $0.kind == kind && $0.name == name }) else { return false }
        documents.remove(at: place)
        return true
    }

    /// The document of this kind and name.
    public subscript(_ kind: Document.Kind, _ name: String) -> Document? {
        documents.first { $0.kind == kind && $0.name == name }
    }

    /// The texts and list files, document by document: enough to load the collection again.
    public var bundles: [SourceBundle] { documents.map(\.bundle) }

    /// The documents put together.
    public func policySet() throws(Diagnostics) -> PolicySet {
        try PolicySet(documents: documents)
    }
}
