/// A compiled eBPF object to load: where it is, what is set in it before, and where its programs go.
public struct Probe: Hashable, Sendable {
    /// Where the object's bytes are.
    public enum Object: Hashable, Sendable {
        /// A file, as the document writes it: relative to the document's folder.
        case file(String)
        /// One of those that policyd carries: `bundled:file-opens`.
        case bundled(String)
    }

    /// The name, unique among probes.
    public var name: String
    public var labels: [String: String]
    public var object: Object
    /// What the object's bytes have to be; nil takes them as they are.
    public var sha256: SHA256Digest?
    /// Global variables to set before the object is loaded, in the order they stand.
    public var globals: [Global]
    /// What is said about single programs, in the order it stands; the others go where their sections say.
    public var programs: [Program]
    /// Groups of alternatives, best first, of which each time the first is used that this kernel takes: a program, or several that need
    /// each other.
    public var alternatives: [[[String]]]
    /// What is said about single maps, in the order it stands.
    public var maps: [Map]
    /// The maps that carry events; empty leaves it to the object.
    public var events: [EventSource]
    public var limits: Limits
    /// Whether it outlives the daemon, and comes back after a reboot.
    public var persist: Bool
    /// Where the document begins.
    public var location: SourceLocation

    public init(
        name: String, labels: [String: String] = [:], object: Object, sha256: SHA256Digest? = nil, globals: [Global] = [],
        programs: [Program] = [], alternatives: [[[String]]] = [], maps: [Map] = [], events: [EventSource] = [], limits: Limits = Limits(),
        persist: Bool = false, location: SourceLocation = .none
    ) {
        self.name = name
        self.labels = labels
        self.object = object
        self.sha256 = sha256
        self.globals = globals
        self.programs = programs
        self.alternatives = alternatives
        self.maps = maps
        self.events = events
        self.limits = limits
        self.persist = persist
        self.location = location
    }
}

extension Probe {
    /// A global variable and its value.
    public struct Global: Hashable, Sendable {
        public var name: String
        public var value: Value
        /// Where the value stands.
        public var location: SourceLocation

        public init(name: String, value: Value, location: SourceLocation = .none) {
            self.name = name
            self.value = value
            self.location = location
        }

        /// A value as it is written. What it means, the variable's type decides: `10` is a number, or the text of a character array.
        public indirect enum Value: Hashable, Sendable {
            case text(String)
            /// The elements of an array.
            case list([Value])
        }
    }

    /// What is said about a program.
    public struct Program: Hashable, Sendable {
        /// Where a program is attached.
        public enum Attachment: Hashable, Sendable {
            /// Where its section says.
            case bySection
            /// Nowhere: other programs call it.
            case none
            /// To each of these: `kprobe:do_unlinkat`.
            case targets([Target])
        }

        /// A place to attach to, as it is written, and where that stands.
        public struct Target: Hashable, Sendable {
            public var text: String
            public var location: SourceLocation

            public init(_ text: String, location: SourceLocation = .none) {
                self.text = text
                self.location = location
            }
        }

        public var name: String
        public var attachment: Attachment
        /// Whether the probe is of use without it, where the kernel does not take it.
        public var isOptional: Bool
        /// Where its name stands.
        public var location: SourceLocation

        public init(name: String, attachment: Attachment = .bySection, isOptional: Bool = false, location: SourceLocation = .none) {
            self.name = name
            self.attachment = attachment
            self.isOptional = isOptional
            self.location = location
        }
    }

    /// What is said about a map.
    public struct Map: Hashable, Sendable {
        public var name: String
        /// How many entries it takes; of a ring buffer the bytes.
        public var maxEntries: Int
        /// Where its name stands.
        public var location: SourceLocation

        public init(name: String, maxEntries: Int, location: SourceLocation = .none) {
            self.name = name
            self.maxEntries = maxEntries
            self.location = location
        }
    }

    /// A map that carries events.
    public struct EventSource: Hashable, Sendable {
        /// A ring buffer or perf event array.
        public var map: String
        /// The struct its records are; nil leaves it to the object's types.
        public var record: String?
        /// Where it stands.
        public var location: SourceLocation

        public init(map: String, record: String? = nil, location: SourceLocation = .none) {
            self.map = map
            self.record = record
            self.location = location
        }
    }

    /// What it may use.
    public struct Limits: Hashable, Sendable {
        /// Kernel memory of its maps and programs, in bytes.
        public var memory: Int
        /// Programs.
        public var programs: Int
        /// Events that are handed on in a second; those beyond are counted as lost.
        public var eventsPerSecond: Int

        /// The limits of a document that names none.
        public init(memory: Int = 128 << 20, programs: Int = 64, eventsPerSecond: Int = 20_000) {
            self.memory = memory
            self.programs = programs
            self.eventsPerSecond = eventsPerSecond
        }
    }
}

extension Probe.Object: CustomStringConvertible {
    static let bundledPrefix = "bundled:"

    /// As a document writes it.
    public var description: String {
        switch self {
        case .file(let path): path
        case .bundled(let name): Self.bundledPrefix + name
        }
    }
}
