/// A policy document: what it says, and the text that says it.
public struct Document: Sendable {
    /// The kinds of documents, as `kind` names them.
    public enum Kind: String, Hashable, Sendable, CaseIterable, Codable {
        case hostPolicy = "HostPolicy"
        case addressSet = "AddressSet"
        /// No part of a policy: it is loaded by itself.
        case probe = "Probe"
    }

    /// What a document says.
    public enum Value: Sendable {
        case policy(HostPolicy)
        case set(AddressSet)
        case probe(Probe)
    }

    /// What it says.
    public var value: Value
    /// Its text, without the other documents of its file.
    public var source: SourceFile
    /// The contents of the list files it names, by resolved path.
    public var lists: [String: [UInt8]]
    /// Where its name stands.
    public var nameLocation: SourceLocation
    /// The places where it refers to sets.
    public var setUses: [SetUse]

    public init(
        _ value: Value, source: SourceFile, lists: [String: [UInt8]] = [:], nameLocation: SourceLocation = .none,
        setUses: [SetUse] = []
    ) {
        self.value = value
        self.source = source
        self.lists = lists
        self.nameLocation = nameLocation
        self.setUses = setUses
    }

    /// The kind.
    public var kind: Kind {
        switch value {
        case .policy: .hostPolicy
        case .set: .addressSet
        case .probe: .probe
        }
    }

    /// The name, unique among the documents of its kind.
    public var name: String {
        switch value {
        case .policy(let policy): policy.name
        case .set(let set): set.name
        case .probe(let probe): probe.name
        }
    }

    /// Where the document begins.
    public var location: SourceLocation {
        switch value {
        case .policy(let policy): policy.location
        case .set(let set): set.location
        case .probe(let probe): probe.location
        }
    }

    /// `HostPolicy/web`.
    public var identity: String { "\(kind.rawValue)/\(name)" }

    /// The text and the list files: enough to read the document again elsewhere.
    public var bundle: SourceBundle { SourceBundle(files: [source], lists: lists) }
}

/// A place that refers to a set.
public struct SetUse: Hashable, Sendable {
    /// The set's name.
    public var set: String
    /// The field: `from`.
    public var field: String
    /// The place.
    public var location: SourceLocation

    public init(set: String, field: String, location: SourceLocation) {
        self.set = set
        self.field = field
        self.location = location
    }
}
