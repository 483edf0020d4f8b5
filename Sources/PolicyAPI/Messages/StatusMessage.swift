/// The daemon's health: what it enforces, where, and how full its tables are. The answer of `GET /v1/status`.
public struct StatusMessage: Codable, Sendable, Hashable {
    public var daemon: DaemonMessage
    /// The revision packets are judged by now, read from the kernel; absent if no policy is in force.
    public var revision: RevisionMessage?
    public var counts: CountsMessage
    public var folder: FolderMessage
    public var interfaces: [InterfaceMessage]
    /// Interfaces the configuration names without a wildcard that do not exist now; they are protected when they appear.
    public var awaited: [String]
    public var events: EventStatusMessage
    public var maps: [MapMessage]
    /// Packets judged by something else than a rule, by reason: `malformed`, `fragment`, …
    public var reasons: [ReasonMessage]
    /// What an operator should look at; empty when all is well.
    public var warnings: [String]
    /// The revision that is withdrawn unless it is confirmed; absent if none waits.
    public var confirmation: ConfirmationMessage?

    public init(
        daemon: DaemonMessage, revision: RevisionMessage?, counts: CountsMessage, folder: FolderMessage,
        interfaces: [InterfaceMessage], awaited: [String], events: EventStatusMessage, maps: [MapMessage],
        reasons: [ReasonMessage], warnings: [String], confirmation: ConfirmationMessage? = nil
    ) {
        self.daemon = daemon
        self.revision = revision
        self.counts = counts
        self.folder = folder
        self.interfaces = interfaces
        self.awaited = awaited
        self.events = events
        self.maps = maps
        self.reasons = reasons
        self.warnings = warnings
        self.confirmation = confirmation
    }
}

/// The process that answers.
public struct DaemonMessage: Codable, Sendable, Hashable {
    public var version: String
    public var pid: Int
    public var started: Timestamp
    /// True if it found enforcement in the kernel when it started and took it over.
    public var adopted: Bool
    public var stateDirectory: String
    public var bpffs: String
    /// The memory the process holds, in bytes (resident set).
    public var memoryBytes: Int

    public init(
        version: String, pid: Int, started: Timestamp, adopted: Bool, stateDirectory: String, bpffs: String, memoryBytes: Int
    ) {
        self.version = version
        self.pid = pid
        self.started = started
        self.adopted = adopted
        self.stateDirectory = stateDirectory
        self.bpffs = bpffs
        self.memoryBytes = memoryBytes
    }
}

/// One policy revision: its number, when it was made and by what.
public struct RevisionMessage: Codable, Sendable, Hashable {
    public var number: UInt32
    public var created: Timestamp
    /// The request that made it: `apply folder /etc/policyd/policies`, `set add abusers`, …
    public var origin: String

    public init(number: UInt32, created: Timestamp, origin: String) {
        self.number = number
        self.created = created
        self.origin = origin
    }
}

/// How much a revision holds.
public struct CountsMessage: Codable, Sendable, Hashable {
    public var policies: Int
    public var rules: Int
    public var sets: Int
    /// Addresses and prefixes in all sets together, those added at run time included.
    public var entries: Int

    public init(policies: Int, rules: Int, sets: Int, entries: Int) {
        self.policies = policies
        self.rules = rules
        self.sets = sets
        self.entries = entries
    }

    public static let none = CountsMessage(policies: 0, rules: 0, sets: 0, entries: 0)
}

/// The policy folder against what is in force.
public struct FolderMessage: Codable, Sendable, Hashable {
    public enum State: String, Codable, Sendable {
        /// The folder holds what is in force.
        case same
        /// The folder holds something else; `differences` says what.
        case differs
        /// There is no such folder, or it holds no documents.
        case absent
        /// The folder's documents cannot be put in force.
        case invalid
    }

    public var path: String
    public var state: State
    /// Documents that differ: `+ HostPolicy/web` is only in the folder, `-` only in force, `~` in both and not the same.
    public var differences: [String]

    public init(path: String, state: State, differences: [String]) {
        self.path = path
        self.state = state
        self.differences = differences
    }
}

/// A protected interface.
public struct InterfaceMessage: Codable, Sendable, Hashable {
    public var name: String
    public var index: Int
    /// How the programs are attached: `tcx` or `clsact`.
    public var attachment: String
    /// What keeps the interface from being protected; absent if it is.
    public var failure: String?
    /// Where the interface drops early what the first rules deny: `native` or `generic`; absent if it does not.
    public var xdp: String?
    /// Why it does not though the configuration says so; absent if it is as configured.
    public var xdpFailure: String?

    public init(
        name: String, index: Int, attachment: String, failure: String? = nil, xdp: String? = nil, xdpFailure: String? = nil
    ) {
        self.name = name
        self.index = index
        self.attachment = attachment
        self.failure = failure
        self.xdp = xdp
        self.xdpFailure = xdpFailure
    }
}

/// Where events are and where some were lost. All counts are since the enforcement or the daemon began.
public struct EventStatusMessage: Codable, Sendable, Hashable {
    /// Events the daemon read from the kernel.
    public var received: Int
    /// Events the kernel could not hand over because its buffer was full.
    public var lostInKernel: Int
    /// Events the daemon dropped because a follower did not read fast enough, over all followers.
    public var lostToFollowers: Int
    /// Clients that follow the stream now.
    public var followers: Int
    /// Events kept for `--last`.
    public var kept: Int

    public init(received: Int, lostInKernel: Int, lostToFollowers: Int, followers: Int, kept: Int) {
        self.received = received
        self.lostInKernel = lostInKernel
        self.lostToFollowers = lostToFollowers
        self.followers = followers
        self.kept = kept
    }
}

/// How full a kernel table is.
public struct MapMessage: Codable, Sendable, Hashable {
    public var name: String
    public var entries: Int
    public var limit: Int
    /// Memory the kernel says the table takes, in bytes; absent if it does not say.
    public var bytes: Int?
    /// Entries that the kernel pushed out for want of room since enforcement began; absent for tables where that cannot be.
    public var evicted: Int?
    /// Those of the last minute.
    public var evictedLately: Int?

    public init(name: String, entries: Int, limit: Int, bytes: Int? = nil, evicted: Int? = nil, evictedLately: Int? = nil) {
        self.name = name
        self.entries = entries
        self.limit = limit
        self.bytes = bytes
        self.evicted = evicted
        self.evictedLately = evictedLately
    }
}

/// Packets that were judged for a reason other than a rule.
public struct ReasonMessage: Codable, Sendable, Hashable {
    public var reason: String
    public var packets: Int
    public var bytes: Int

    public init(reason: String, packets: Int, bytes: Int) {
        self.reason = reason
        self.packets = packets
        self.bytes = bytes
    }
}
