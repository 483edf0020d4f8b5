import CLibBPF
import Glibc
import Synchronization

/// The consuming end of a perf event array, in which programs write records to a buffer of their CPU's own.
///
/// Unlike a ring buffer it is there on every kernel this library supports, its records of different CPUs come in no order, and the kernel
/// counts what it drops.
///
/// The corresponding libbpf functions are `perf_buffer__new` and `perf_buffer__consume`.
@safe public final class PerfBuffer: RecordSource, @unchecked Sendable {
    private let map: Descriptor
    private let buffer: OpaquePointer
    private let collector: Unmanaged<RecordCollector>
    private let total = Mutex<UInt64>(0)

    /// The kernel's name of the map.
    public let name: String
    let readinessDescriptor: CInt

    /// Takes over the open descriptor of a perf event array, also when it throws.
    ///
    /// - Parameter pagesPerCPU: The size of each CPU's buffer in pages, a power of two.
    public convenience init(adopting fileDescriptor: CInt, pagesPerCPU: Int = 64) throws(BPFError) {
        try self.init(Descriptor(adopting: fileDescriptor), pagesPerCPU: pagesPerCPU)
    }

    /// The perf event array pinned at a path of a bpf filesystem. Its buffers belong to the process that reads it: of two readers, the
    /// later one gets the records.
    public convenience init(pinnedAt path: String, pagesPerCPU: Int = 64) throws(BPFError) {
        try self.init(Descriptor(pinnedAt: path, .map, subject: "perf buffer"), pagesPerCPU: pagesPerCPU)
    }

    init(_ map: consuming Descriptor, pagesPerCPU: Int) throws(BPFError) {
        let info = try MapInfo(descriptor: map.rawValue, subject: "perf buffer")
        guard info.type == .perfEventArray else {
            throw BPFError(.open, "map \(info.name)", reason: "it is of kind \(info.type), and no perf event array")
        }
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
        self.map = map
    }

    deinit {
        unsafe perf_buffer__free(buffer)
        unsafe collector.release()
    }

    /// Records the kernel dropped since this consumer was made, of which batches have told.
    public var lost: UInt64 { total.withLock { $0 } }

    /// The records as they come. Batches hold what is in one CPU's buffer, which may be more than `limit`.
    public func batches(limit: Int = 4096) -> RecordBatches { RecordBatches(source: self, limit: limit) }

    /// Takes records out without waiting: buffer by buffer until there are at least `limit`. The kernel appends four bytes or more of
    /// padding to records whose size plus 4 is no multiple of 8.
    public func drain(limit: Int = .max) throws(BPFError) -> RecordBatch {
        try total.withLock { total throws(BPFError) in
            let collector = unsafe collector.takeUnretainedValue()
            collector.begin(limit: limit)
            let bufferCount = unsafe perf_buffer__buffer_cnt(buffer)
            for index in 0..<bufferCount where collector.count < limit {
                let result = unsafe perf_buffer__consume_buffer(buffer, index)
                if result < 0, result != -ENOENT { throw BPFError(.read, "perf buffer \(name)", errno: -result) }
            }
            total += collector.lost
            return collector.batch(lost: collector.lost)
        }
    }
}
