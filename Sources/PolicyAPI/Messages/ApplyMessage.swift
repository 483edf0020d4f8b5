/// Documents to put in force. The body of `POST /v1/apply`.
public struct ApplyRequest: Codable, Sendable, Hashable {
    /// The policy files, each whole.
    public var sources: [SourceText]
    /// The list files that the documents' address sets name.
    public var lists: [SourceText]
    /// The list files that come behind this message in an ``ApplyUpload``; absent without such.
    public var attached: [Attached]?
    /// If true the documents become the whole policy; otherwise they are added to it, or take the place of those of the same kind and name.
    public var replace: Bool
    /// If true everything is done but the switch.
    public var dryRun: Bool
    /// Seconds after which the daemon goes back to what was in force before, unless it is confirmed; absent to stay.
    public var confirmWithin: Double?
    /// If true warnings are errors: with one nothing is put in force.
    public var strict: Bool

    /// A list file that follows.
    public struct Attached: Codable, Sendable, Hashable {
        public var name: String
        /// Its length.
        public var bytes: Int

        public init(name: String, bytes: Int) {
            self.name = name
            self.bytes = bytes
        }
    }

    public init(
        sources: [SourceText], lists: [SourceText] = [], replace: Bool = false, dryRun: Bool = false, confirmWithin: Double? = nil,
        strict: Bool = false
    ) {
        self.sources = sources
        self.lists = lists
        self.replace = replace
        self.dryRun = dryRun
        self.confirmWithin = confirmWithin
        self.strict = strict
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        sources = try container.decode([SourceText].self, forKey: .sources)
        lists = try container.decodeIfPresent([SourceText].self, forKey: .lists) ?? []
        attached = try container.decodeIfPresent([Attached].self, forKey: .attached)
        replace = try container.decodeIfPresent(Bool.self, forKey: .replace) ?? false
        dryRun = try container.decodeIfPresent(Bool.self, forKey: .dryRun) ?? false
        confirmWithin = try container.decodeIfPresent(Double.self, forKey: .confirmWithin)
        strict = try container.decodeIfPresent(Bool.self, forKey: .strict) ?? false
    }
}

/// A file's name and contents.
public struct SourceText: Codable, Sendable, Hashable {
    /// The file's path as its reader knows it; list files are looked for relative to the folder of the file that names them.
    public var name: String
    public var text: String
    /// The line of the file that the text begins at, from 1; absent for 1.
    public var line: Int?

    public init(name: String, text: String, line: Int? = nil) {
        self.name = name
        self.text = text
        self.line = line
    }
}

/// Puts in force what the daemon's policy folder holds. The body of `POST /v1/apply-folder`.
public struct ApplyFolderRequest: Codable, Sendable, Hashable {
    public var dryRun: Bool
    /// Seconds after which the daemon goes back to what was in force before, unless it is confirmed; absent to stay.
    public var confirmWithin: Double?
    /// If true warnings are errors: with one nothing is put in force.
    public var strict: Bool

    public init(dryRun: Bool = false, confirmWithin: Double? = nil, strict: Bool = false) {
        self.dryRun = dryRun
        self.confirmWithin = confirmWithin
        self.strict = strict
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        dryRun = try container.decodeIfPresent(Bool.self, forKey: .dryRun) ?? false
        confirmWithin = try container.decodeIfPresent(Double.self, forKey: .confirmWithin)
        strict = try container.decodeIfPresent(Bool.self, forKey: .strict) ?? false
    }
}

/// Documents to take out. The body of `POST /v1/documents`.
public struct DeleteRequest: Codable, Sendable, Hashable {
    /// Each as `KIND/NAME`.
    public var documents: [String]

    public init(documents: [String]) {
        self.documents = documents
    }
}

/// What a change did. The answer to everything that makes a revision.
public struct ChangeMessage: Codable, Sendable, Hashable {
    /// The revision now in force; with `dryRun` the one that is still in force, absent if there is none.
    public var revision: UInt32?
    /// False if what was asked for was in force already, or for a dry run.
    public var changed: Bool
    public var dryRun: Bool
    /// What the new revision holds.
    public var counts: CountsMessage
    /// How the documents changed: `+ HostPolicy/web`, `- …`, `~ …`.
    public var differences: [String]
    /// Findings that do not stand in the way.
    public var warnings: [DiagnosticMessage]
    /// From the request's arrival until the new revision judged packets.
    public var microseconds: Int
    /// What has to be confirmed, and by when; absent if the change stays anyway.
    public var confirmation: ConfirmationMessage?

    public init(
        revision: UInt32?, changed: Bool, dryRun: Bool, counts: CountsMessage, differences: [String],
        warnings: [DiagnosticMessage], microseconds: Int, confirmation: ConfirmationMessage? = nil
    ) {
        self.revision = revision
        self.changed = changed
        self.dryRun = dryRun
        self.counts = counts
        self.differences = differences
        self.warnings = warnings
        self.microseconds = microseconds
        self.confirmation = confirmation
    }
}
