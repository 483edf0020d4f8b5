/// Packets and bytes counted since the rule came into force.
public struct CounterMessage: Codable, Sendable, Hashable {
    public var packets: UInt64
    public var bytes: UInt64

    public init(packets: UInt64, bytes: UInt64) {
        self.packets = packets
        self.bytes = bytes
    }

    public static func + (a: CounterMessage, b: CounterMessage) -> CounterMessage {
        CounterMessage(packets: a.packets &+ b.packets, bytes: a.bytes &+ b.bytes)
    }

    public static let zero = CounterMessage(packets: 0, bytes: 0)
}

/// A policy in force. `GET /v1/policies` answers with all, in the order they are tried.
public struct PolicyMessage: Codable, Sendable, Hashable {
    public var name: String
    public var labels: [String: String]
    public var tier: String
    public var priority: Int
    public var mode: String
    /// The interfaces it selects, as written; absent if it selects all.
    public var interfaces: [String]?
    public var ingressRules: Int
    public var egressRules: Int
    /// `file:line` of the document.
    public var location: String
    public var counters: CounterMessage

    public init(
        name: String, labels: [String: String], tier: String, priority: Int, mode: String, interfaces: [String]?,
        ingressRules: Int, egressRules: Int, location: String, counters: CounterMessage
    ) {
        self.name = name
        self.labels = labels
        self.tier = tier
        self.priority = priority
        self.mode = mode
        self.interfaces = interfaces
        self.ingressRules = ingressRules
        self.egressRules = egressRules
        self.location = location
        self.counters = counters
    }
}

/// A rule in force. `GET /v1/rules` answers with all, in the order they are tried.
public struct RuleMessage: Codable, Sendable, Hashable {
    public var policy: String
    public var rule: String
    public var tier: String
    public var direction: String
    public var action: String
    /// What a packet must be to match, in the words of the policy language; `any` if nothing is asked.
    public var match: String
    public var log: String
    /// `file:line` of the rule.
    public var location: String
    public var counters: CounterMessage
    /// Events of this rule that the kernel could not hand over.
    public var lostEvents: UInt64

    public init(
        policy: String, rule: String, tier: String, direction: String, action: String, match: String, log: String,
        location: String, counters: CounterMessage, lostEvents: UInt64
    ) {
        self.policy = policy
        self.rule = rule
        self.tier = tier
        self.direction = direction
        self.action = action
        self.match = match
        self.log = log
        self.location = location
        self.counters = counters
        self.lostEvents = lostEvents
    }
}

/// An address set in force. `GET /v1/sets` answers with all, by name.
public struct SetMessage: Codable, Sendable, Hashable {
    public var name: String
    /// Entries from the document and its list files.
    public var documentEntries: Int
    /// Entries added at run time.
    public var runtimeEntries: Int
    /// Rules that refer to it.
    public var usedBy: Int
    public var location: String

    public init(name: String, documentEntries: Int, runtimeEntries: Int, usedBy: Int, location: String) {
        self.name = name
        self.documentEntries = documentEntries
        self.runtimeEntries = runtimeEntries
        self.usedBy = usedBy
        self.location = location
    }
}

/// One entry of an address set.
public struct SetEntryMessage: Codable, Sendable, Hashable {
    /// An address or a prefix.
    public var address: String
    /// `document` or `runtime`.
    public var source: String
    /// When the entry goes by itself; absent if it stays.
    public var expires: Timestamp?

    public init(address: String, source: String, expires: Timestamp? = nil) {
        self.address = address
        self.source = source
        self.expires = expires
    }
}

/// The entries of one address set. The answer of `GET /v1/sets/{name}`.
public struct SetEntriesMessage: Codable, Sendable, Hashable {
    public var name: String
    public var entries: [SetEntryMessage]

    public init(name: String, entries: [SetEntryMessage]) {
        self.name = name
        self.entries = entries
    }
}

/// Entries to add to or to take from an address set. The body of `POST /v1/sets/{name}/add` and `/remove`.
public struct SetChangeRequest: Codable, Sendable, Hashable {
    /// Addresses and prefixes of either family.
    public var addresses: [String]
    /// Seconds until the entries go by themselves; absent if they stay. Only for `add`.
    public var ttl: Double?

    public init(addresses: [String], ttl: Double? = nil) {
        self.addresses = addresses
        self.ttl = ttl
    }
}
