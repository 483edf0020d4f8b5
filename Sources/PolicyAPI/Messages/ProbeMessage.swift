/// A probe that is loaded. `GET /v1/probes` answers with all, by name.
public struct ProbeMessage: Codable, Sendable, Hashable {
    public var name: String
    public var labels: [String: String]
    /// The object as the document names it.
    public var object: String
    /// The SHA-256 of the object's bytes.
    public var sha256: String
    /// When this object was loaded.
    public var loaded: Timestamp
    /// Whether it outlives the daemon.
    public var persist: Bool
    /// Whether it was found at work when the daemon started.
    public var adopted: Bool
    /// `file:line` of the document.
    public var location: String
    public var programs: [ProbeProgramMessage]
    public var maps: [ProbeMapMessage]
    /// Kernel memory of its maps and programs, in bytes.
    public var memoryBytes: Int
    public var limits: ProbeLimitsMessage
    public var events: ProbeEventsMessage
    /// What an operator should look at.
    public var warnings: [String]

    public init(
        name: String, labels: [String: String], object: String, sha256: String, loaded: Timestamp, persist: Bool, adopted: Bool,
        location: String, programs: [ProbeProgramMessage], maps: [ProbeMapMessage], memoryBytes: Int, limits: ProbeLimitsMessage,
        events: ProbeEventsMessage, warnings: [String]
    ) {
        self.name = name
        self.labels = labels
        self.object = object
        self.sha256 = sha256
        self.loaded = loaded
        self.persist = persist
        self.adopted = adopted
        self.location = location
        self.programs = programs
        self.maps = maps
        self.memoryBytes = memoryBytes
        self.limits = limits
        self.events = events
        self.warnings = warnings
    }
}

/// A program of a probe.
public struct ProbeProgramMessage: Codable, Sendable, Hashable {
    public var name: String
    /// The kind, as libbpf calls it: `tracepoint`.
    public var type: String
    /// Where it is attached, as a document writes it.
    public var attached: [String]
    /// Why it was left out; absent if it is loaded.
    public var leftOut: String?

    public init(name: String, type: String, attached: [String], leftOut: String? = nil) {
        self.name = name
        self.type = type
        self.attached = attached
        self.leftOut = leftOut
    }
}

/// A map of a probe.
public struct ProbeMapMessage: Codable, Sendable, Hashable {
    public var name: String
    /// The kind, as libbpf calls it: `ringbuf`.
    public var type: String
    /// How many entries it takes; of a ring buffer the bytes.
    public var maxEntries: Int
    /// The struct of its events, if it carries any and their type is known.
    public var record: String?

    public init(name: String, type: String, maxEntries: Int, record: String? = nil) {
        self.name = name
        self.type = type
        self.maxEntries = maxEntries
        self.record = record
    }
}

/// What a probe may use.
public struct ProbeLimitsMessage: Codable, Sendable, Hashable {
    /// Kernel memory in bytes.
    public var memory: Int
    public var programs: Int
    public var eventsPerSecond: Int

    public init(memory: Int, programs: Int, eventsPerSecond: Int) {
        self.memory = memory
        self.programs = programs
        self.eventsPerSecond = eventsPerSecond
    }
}

/// Counts of a probe's events since the daemon began, or since the probe was loaded if that came later.
public struct ProbeEventsMessage: Codable, Sendable, Hashable {
    /// Events handed on.
    public var received: Int
    /// Events the kernel had no room for.
    public var lostInKernel: Int
    /// Events beyond the probe's limit.
    public var lostToLimit: Int
    /// Events that followers did not read fast enough.
    public var lostToFollowers: Int
    public var followers: Int
    /// Events that can be asked for again.
    public var kept: Int

    public init(received: Int, lostInKernel: Int, lostToLimit: Int, lostToFollowers: Int, followers: Int, kept: Int) {
        self.received = received
        self.lostInKernel = lostInKernel
        self.lostToLimit = lostToLimit
        self.lostToFollowers = lostToFollowers
        self.followers = followers
        self.kept = kept
    }
}

/// `POST /v1/probes`: load a probe, or put it in the place of the one of its name.
public struct ProbeLoadRequest: Codable, Sendable {
    /// The document.
    public var document: SourceText
    /// The object's bytes in base64; absent for one that the daemon carries.
    public var object: String?
    /// Do everything but load it.
    public var dryRun: Bool

    public init(document: SourceText, object: String?, dryRun: Bool = false) {
        self.document = document
        self.object = object
        self.dryRun = dryRun
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        document = try container.decode(SourceText.self, forKey: .document)
        object = try container.decodeIfPresent(String.self, forKey: .object)
        dryRun = try container.decodeIfPresent(Bool.self, forKey: .dryRun) ?? false
    }
}

/// What came of loading or unloading a probe.
public struct ProbeChangeMessage: Codable, Sendable, Hashable {
    /// What was done.
    public enum Outcome: String, Codable, Sendable {
        case loaded
        /// It took the place of the one of its name.
        case replaced
        /// The same document and object were loaded already.
        case unchanged
        /// It would be loaded: a dry run.
        case checked
        case unloaded
    }

    public var outcome: Outcome
    /// The probe as it is now, or was before it was unloaded; of a dry run what it would be.
    public var probe: ProbeMessage
    /// The time it took.
    public var microseconds: Int
    /// What of it could not be done: a probe that is in force may not be kept for the next start, for one. Empty if all is as was asked.
    public var warnings: [String]

    public init(outcome: Outcome, probe: ProbeMessage, microseconds: Int, warnings: [String] = []) {
        self.outcome = outcome
        self.probe = probe
        self.microseconds = microseconds
        self.warnings = warnings
    }
}
