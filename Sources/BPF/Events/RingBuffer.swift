internal import CLibBPF
internal import Synchronization

/// The consuming end of a ring buffer map, the queue shared by all CPUs in which programs write records.
///
///     let ring = try object.ringBuffer("events")
///     for try await batch in ring.batches() {
///         batch.forEach(as: event.self) { print($0) }
///     }
///
/// The kernel drops a record when the ring is full, and only the program knows: have it count failed reservations in a per-CPU array, and
/// give that as the loss counter. Several consumers share the records between them. Requires Linux 5.8.
///
/// However large the ring is, half a megabyte of it at most is in this process's memory at a time. The corresponding libbpf functions are
/// `ring_buffer__new` and `ring_buffer__consume`.
public final class RingBuffer: RecordSource {
    private struct Consumer: ~Copyable {
        var memory: RingMemory
        let collector = RecordCollector()
        var losses: LossCount
    }

    private let map: Descriptor
    /// The lock keeps two consumers from moving the ring's position at once.
    private let consumer: Mutex<Consumer>

    /// The kernel's name of the map.
    public let name: String
    var readinessDescriptor: CInt { map.rawValue }

    /// Takes over the open descriptor of a ring buffer map, also when it throws.
    ///
    /// - Parameter lossCounter: A per-CPU array in whose element 0 the program counts records it could not write.
    public convenience init(adopting fileDescriptor: CInt, lossCounter: consuming PerCPUMap<UInt32, UInt64>? = nil) throws(BPFError) {
        try self.init(Descriptor(adopting: fileDescriptor), lossCounter: lossCounter)
    }

    /// The ring buffer pinned at a path of a bpf filesystem.
    ///
    /// - Parameters:
    ///   - lossCounter: A per-CPU array in whose element 0 the program counts records it could not write.
    ///   - lossesTold: How many of these an earlier consumer has told of, as sums of its batches' `lost`: those since are the first that this
    ///     one tells of. Without it, what the counter says by now is none of its losses.
    public convenience init(
        pinnedAt path: String, lossCounter: consuming PerCPUMap<UInt32, UInt64>? = nil, lossesTold: UInt64? = nil
    ) throws(BPFError) {
        try self.init(Descriptor(pinnedAt: path, .map, subject: "ring buffer"), lossCounter: lossCounter, lossesTold: lossesTold)
    }

    /// Makes a ring buffer map of a size in bytes, a power of two of at least a page.
    public static func create(name: String, byteCount: Int) throws(BPFError) -> RingBuffer {
        try RingBuffer(
            Descriptor(creating: .ringBuffer, name: name, keySize: 0, valueSize: 0, maxEntries: byteCount, flags: []), lossCounter: nil)
    }

    init(
        _ map: consuming Descriptor, lossCounter: consuming PerCPUMap<UInt32, UInt64>?, lossesTold: UInt64? = nil
    ) throws(BPFError) {
        let info = try MapInfo(descriptor: map.rawValue, subject: "ring buffer")
        guard info.type == .ringBuffer else {
            throw BPFError(.open, "map \(info.name)", reason: "it is of kind \(info.type), and no ring buffer")
        }
        let count = try LossCount(lossCounter, told: lossesTold)
        let memory = try RingMemory(map: map.rawValue, size: info.maxEntries, subject: "ring buffer \(info.name)")
        consumer = Mutex(Consumer(memory: memory, losses: count))
        name = info.name
        self.map = map
    }

    /// The ring's map descriptor, for `OpenObject.reuse(descriptor:asMap:)`. It stays the ring's: do not close it.
    public var fileDescriptor: CInt { map.rawValue }

    /// Pins the map at a path of a bpf filesystem.
    public func pin(at path: String) throws(BPFError) { try map.pin(at: path, subject: "ring buffer \(name)") }

    /// Records lost of which this consumer's batches have told.
    public var lost: UInt64 { consumer.withLock { $0.losses.total } }

    /// The records as they come.
    ///
    /// - Parameter limit: The most records in a batch.
    public func batches(limit: Int = 4096) -> RecordBatches { RecordBatches(source: self, limit: limit) }

    /// Takes up to `limit` records out without waiting.
    public func drain(limit: Int = .max) throws(BPFError) -> RecordBatch {
        try consumer.withLock { consumer throws(BPFError) in
            let collector = consumer.collector
            collector.begin(limit: limit)
            if limit > 0 {
                do throws(BPFError) {
                    try unsafe consumer.memory.consume { record, length in
                        unsafe collector.append(record, length: length)
                        return collector.count < limit
                    }
                } catch {
                    // What has been taken out is handed over; what is wrong is met again by the next round.
                    if collector.count == 0 { throw error }
                }
            }
            return collector.batch(lost: try consumer.losses.new())
        }
    }
}
