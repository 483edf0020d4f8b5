/// Records that came out of a ring or perf buffer together, and how many were lost before them.
///
/// The bytes are copies: the batch may be kept and handed to other tasks. Its memory is used again once nobody holds it.
public struct RecordBatch: Sendable {
    let storage: RecordStorage
    /// Records lost since the batch before, as far as the buffer or its loss counter knows.
    public let lost: UInt64

    /// The number of records.
    public var count: Int { storage.extents.count }
    /// Whether there are no records; `lost` may still say something.
    public var isEmpty: Bool { storage.extents.isEmpty }

    /// Gives each record's bytes to `body`, in order.
    public func forEach<E: Error>(_ body: (borrowing RawSpan) throws(E) -> Void) throws(E) {
        for (offset, length) in storage.extents {
            let bytes = unsafe UnsafeRawBufferPointer(start: storage.base + offset, count: length)
            try body(unsafe bytes.bytes)
        }
    }

    /// Gives each record as a value of a fixed-layout type, in order; shorter records are left out.
    public func forEach<Record: BitwiseCopyable, E: Error>(as type: Record.Type, _ body: (Record) throws(E) -> Void) throws(E) {
        for (offset, length) in storage.extents where length >= MemoryLayout<Record>.size {
            try body(unsafe (storage.base + offset).loadUnaligned(as: Record.self))
        }
    }

    /// The bytes of the record at an index below `count`.
    public func bytes(at index: Int) -> [UInt8] {
        let (offset, length) = storage.extents[index]
        return unsafe Array(UnsafeRawBufferPointer(start: storage.base + offset, count: length))
    }
}

/// The memory of a batch. Written by one consumer before the batch is handed out, and only read from then on.
@safe final class RecordStorage: @unchecked Sendable {
    private(set) var base: UnsafeMutableRawPointer
    private(set) var extents: [(offset: Int, length: Int)] = []
    private var capacity: Int
    private var used = 0

    init(capacity: Int = 64 << 10) {
        self.capacity = capacity
        unsafe base = .allocate(byteCount: capacity, alignment: 8)
    }

    deinit { unsafe base.deallocate() }

    func removeAll() {
        used = 0
        extents.removeAll(keepingCapacity: true)
    }

    func append(_ data: UnsafeRawPointer, length: Int) {
        if used + length > capacity {
            let grown = max(2 * capacity, used + length)
            let memory = UnsafeMutableRawPointer.allocate(byteCount: grown, alignment: 8)
            unsafe memory.copyMemory(from: base, byteCount: used)
            unsafe base.deallocate()
            unsafe base = unsafe memory
            capacity = grown
        }
        unsafe (base + used).copyMemory(from: data, byteCount: length)
        extents.append((used, length))
        used = (used + length + 7) & ~7
    }
}

/// What libbpf's callbacks fill.
final class RecordCollector {
    private var storage = RecordStorage()
    private(set) var lost: UInt64 = 0
    var limit = Int.max

    var count: Int { storage.extents.count }

    /// Empties the storage, or takes a new one if a batch still holds it.
    func begin(limit: Int) {
        if !isKnownUniquelyReferenced(&storage) { storage = RecordStorage() }
        storage.removeAll()
        lost = 0
        self.limit = limit
    }

    func append(_ data: UnsafeRawPointer, length: Int) { unsafe storage.append(data, length: length) }

    func addLost(_ count: UInt64) { lost += count }

    func batch(lost: UInt64) -> RecordBatch { RecordBatch(storage: storage, lost: lost) }
}
