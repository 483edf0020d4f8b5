internal import CEBPF

/// Events to user space, each processor's in a ring of its own: for kernels before Linux 5.8, which have no ``RingBuffer``.
///
///     let events = PerfBuffer<Connection>()
///
///     events.send(Connection(port: port), from: context)
///
/// `BPF.PerfBuffer` reads them.
public struct PerfBuffer<Event: BitwiseCopyable>: KernelMap, ~Copyable, @unchecked Sendable {
    let storage = MapStorage()
    public let definition: MapDefinition

    /// - Parameter pinning: Where the array of rings is kept. It has as many as there are processors.
    @inline(__always)
    public init(pinning: Pinning = .none) {
        definition = MapDefinition(
            kind: 4, keySize: MemoryLayout<UInt32>.size, valueSize: MemoryLayout<UInt32>.size, entries: 0, pinning: pinning)
    }

    @inline(__always)
    @unsafe public var address: UnsafeRawPointer { unsafe storage.address }

    /// Sends an event into the ring of the processor the program runs on; fails with ENOSPC when its reader is behind.
    ///
    /// The helper is `bpf_perf_event_output`.
    @inline(__always)
    @discardableResult
    public func send(_ event: Event, from context: some KernelContext) -> CallResult {
        unsafe withBytes(of: event) { bytes in
            unsafe CallResult(
                ebpf_perf_event_output(
                    context.address, address, currentProcessor, bytes, UInt64(truncatingIfNeeded: MemoryLayout<Event>.size)))
        }
    }
}

/// The processor a program runs on, where a number of one is asked for (`BPF_F_CURRENT_CPU`).
let currentProcessor: UInt64 = 0xffff_ffff
