internal import BPF
public import PolicyModel
internal import Synchronization

/// A probe whose programs are in the kernel and attached.
///
/// They leave the kernel with ``unload()``, or with this value if they are not pinned.
public final class LoadedProbe: Sendable {
    /// A program of the probe.
    public struct Program: Codable, Sendable, Hashable {
        public var name: String
        /// The kind, as libbpf calls it.
        public var type: String
        /// Where it is attached, as a document writes it.
        public var attached: [String]
        /// Why it is not loaded; nil if it is.
        public var leftOut: String?
    }

    /// A map of the probe.
    public struct Map: Codable, Sendable, Hashable {
        public var name: String
        /// The kind, as libbpf calls it.
        public var type: String
        /// How many entries it takes; of a ring buffer the bytes.
        public var maxEntries: Int
        /// The struct of the records it carries, if it carries any and their type is known.
        public var record: String?
    }

    /// What the document says.
    public let probe: Probe
    /// The programs in the order of the file.
    public let programs: [Program]
    /// The maps in the order of the file, without those of global variables.
    public let maps: [Map]
    /// Where events come from.
    public let streams: [ProbeEventStream]
    /// What its maps hold, in the order of the file.
    public let readers: [ProbeMapReader]
    /// What its maps and programs take in the kernel, in bytes.
    public let memoryBytes: Int
    /// Where it is pinned; nil if it ends with this process.
    public let pins: ProbePins?
    /// What an operator should know of.
    public let warnings: [String]
    let attachments: Mutex<[HeldAttachment]>
    /// Keeps the maps that programs find each other by; nil if the pins do.
    private let object: LoadedObjectHolder?

    init(
        _ probe: Probe, programs: [Program], maps: [Map], streams: [ProbeEventStream], readers: [ProbeMapReader], memoryBytes: Int,
        pins: ProbePins?, warnings: [String], attachments: [HeldAttachment], object: LoadedObjectHolder?
    ) {
        self.probe = probe
        self.programs = programs
        self.maps = maps
        self.streams = streams
        self.readers = readers
        self.memoryBytes = memoryBytes
        self.pins = pins
        self.warnings = warnings
        self.attachments = Mutex(attachments)
        self.object = object
    }

    /// Takes its programs out of the kernel, and its pins away. Events they have written can still be read.
    ///
    /// - Returns: Why something of it stays; nil if nothing does.
    @discardableResult
    public func unload() -> String? {
        detach()
        return pins?.removeGeneration()
    }

    /// Ends all attachments it still has.
    func detach() {
        let held = attachments.withLock { held in
            defer { held = [] }
            return held
        }
        for attachment in held { attachment.detach() }
    }
}

/// An object that several values hold on to.
final class LoadedObjectHolder: Sendable {
    let object: LoadedObject

    init(_ object: consuming LoadedObject) { self.object = object }
}
