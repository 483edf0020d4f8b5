/// The documents in force as they were applied: enough to put them together again. The answer to `GET /v1/documents`.
public struct DocumentsMessage: Codable, Sendable, Hashable {
    /// One document with the list files it names.
    public struct Item: Codable, Sendable, Hashable {
        /// Its text, the name of its file and the line it begins at.
        public var source: SourceText
        /// The list files it names.
        public var lists: [SourceText]

        public init(source: SourceText, lists: [SourceText]) {
            self.source = source
            self.lists = lists
        }
    }

    /// The revision in force; absent if there is none.
    public var revision: UInt32?
    /// The documents in the order they were first applied.
    public var documents: [Item]
    /// The entries that sets were given at run time, by the set's name.
    public var runtimeEntries: [String: [String]]

    public init(revision: UInt32?, documents: [Item], runtimeEntries: [String: [String]]) {
        self.revision = revision
        self.documents = documents
        self.runtimeEntries = runtimeEntries
    }
}
