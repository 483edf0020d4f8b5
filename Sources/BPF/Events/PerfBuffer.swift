import CLibBPF
import Glibc
import Synchronization

/// The consuming end of a perf event array, in which programs write records to a buffer of their CPU's own.
///
/// Unlike a ring buffer it is there on every kernel this library supports, and its records of different CPUs come in no order.
///
/// The kernel counts what it drops and tells it with the next record of the same CPU that fits, so the last losses may never be told. Where
/// the count must be exact, have the program count failures of `bpf_perf_event_output` in a per-CPU array, and give that as the loss counter.
///
/// The corresponding libbpf functions are `perf_buffer__new` and `perf_buffer__consume`.
@safe public final class PerfBuffer: RecordSource, @unchecked Sendable {
    private let map: Descriptor
    private let buffer: OpaquePointer
    private let collector: Unmanaged<RecordCollector>
    private let counted: Mutex<LossCount>

    /// The kernel's name of the map.
    public let name: String
    let readinessDescriptor: CInt

    /// Takes over the open descriptor of a perf event array, also when it throws.
    ///
    /// - Parameters:
    ///   - pagesPerCPU: The size of each CPU's buffer in pages, a power of two.
    ///   - lossCounter: A per-CPU array in whose element 0 the program counts records it could not write.
    public convenience init(
        adopting fileDescriptor: CInt, pagesPerCPU: Int = 64, lossCounter: consuming PerCPUMap<UInt32, UInt64>? = nil
    ) throws(BPFError) {
        try self.init(Descriptor(adopting: fileDescriptor), pagesPerCPU: pagesPerCPU, lossCounter: lossCounter)
    }

    /// The perf event array pinned at a path of a bpf filesystem. Its buffers belong to the process that reads it: of two readers, the
    /// later one gets the records.
    ///
    /// - Parameters:
    ///   - pagesPerCPU: The size of each CPU's buffer in pages, a power of two.
    ///   - lossCounter: A per-CPU array in whose element 0 the program counts records it could not write; those while nobody reads are
    ///     among them.
    ///   - lossesTold: How many of these an earlier consumer has told of, as sums of its batches' `lost`: those since are the first that this
    ///     one tells of. Without it, what the counter says by now is none of its losses.
    public convenience init(
        pinnedAt path: String, pagesPerCPU: Int = 64, lossCounter: consuming PerCPUMap<UInt32, UInt64>? = nil, lossesTold: UInt64? = nil
    ) throws(BPFError) {
        try self.init(
            Descriptor(pinnedAt: path, .map, subject: "perf buffer"), pagesPerCPU: pagesPerCPU, lossCounter: lossCounter,
            lossesTold: lossesTold)
    }

    private init(
        _ map: consuming Descriptor, pagesPerCPU: Int, lossCounter: consuming PerCPUMap<UInt32, UInt64>?, lossesTold: UInt64? = nil
    ) throws(BPFError) {
        let info = try MapInfo(descriptor: map.rawValue, subject: "perf buffer")
        guard info.type == .perfEventArray else {
            throw BPFError(.open, "map \(info.name)", reason: "it is of kind \(info.type), and no perf event array")
        }
        let count = try LossCount(lossCounter, told: lossesTold)
        let collector = unsafe Unmanaged.passRetained(RecordCollector())
        let descriptor = map.rawValue
        do throws(BPFError) {
            unsafe buffer = try captured(
                .open, "perf buffer \(info.name)",
                pointer: {
                    unsafe perf_buffer__new(
                        descriptor, pagesPerCPU,
                        { context, _, data, size in
                            guard let context = unsafe context, let data = unsafe data else { return }
                            unsafe Unmanaged<RecordCollector>.fromOpaque(context).takeUnretainedValue().append(data, length: Int(size))
                        },
                        { context, _, count in
                            guard let context = unsafe context else { return }
                            unsafe Unmanaged<RecordCollector>.fromOpaque(context).takeUnretainedValue().addLost(count)
                        }, collector.toOpaque(), nil)
                })
        } catch {
            unsafe collector.release()
            throw error
        }
        unsafe self.collector = unsafe collector
        unsafe readinessDescriptor = perf_buffer__epoll_fd(buffer)
        name = info.name
        counted = Mutex(count)
        self.map = map
    }

    deinit {
        unsafe perf_buffer__free(buffer)
        unsafe collector.release()
    }

    /// Records the kernel dropped of which this consumer's batches have told.
    public var lost: UInt64 { counted.withLock { $0.total } }

    /// The records as they come. Batches hold what is in one CPU's buffer, which may be more than `limit`.
    public func batches(limit: Int = 4096) -> RecordBatches { RecordBatches(source: self, limit: limit) }

    /// Takes records out without waiting: buffer by buffer until there are at least `limit`. The kernel appends four bytes or more of
    /// padding to records whose size plus 4 is no multiple of 8.
    public func drain(limit: Int = .max) throws(BPFError) -> RecordBatch {
        try counted.withLock { counted throws(BPFError) in
            let collector = unsafe collector.takeUnretainedValue()
            collector.begin(limit: limit)
            let bufferCount = unsafe perf_buffer__buffer_cnt(buffer)
            for index in 0..<bufferCount where collector.count < limit {
                let result = unsafe perf_buffer__consume_buffer(buffer, index)
                if result < 0, result != -ENOENT { throw BPFError(.read, "perf buffer \(name)", errno: -result) }
            }
            return collector.batch(lost: try counted.new(told: collector.lost))
        }
    }
}
