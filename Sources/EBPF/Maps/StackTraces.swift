internal import CEBPF

/// Call stacks by number, which `BPF.StackTraces` reads.
///
///     let stacks = StackTraces(entries: 1_024)
///     let stack = stacks.record(context, user: true)
public struct StackTraces: KernelMap, ~Copyable, @unchecked Sendable {
    let storage = MapStorage()
    public let definition: MapDefinition

    /// - Parameters:
    ///   - entries: The most different stacks it takes.
    ///   - depth: The most frames of a stack, at most `kernel.perf_event_max_stack`, which is 127 if nobody changed it.
    @inline(__always)
    public init(entries: UInt32, depth: UInt32 = 127, pinning: Pinning = .none) {
        definition = MapDefinition(
            kind: 7, keySize: MemoryLayout<UInt32>.size, valueSize: MemoryLayout<UInt64>.size &* Int(truncatingIfNeeded: depth),
            entries: entries, pinning: pinning)
    }

    @inline(__always)
    @unsafe public var address: UnsafeRawPointer { unsafe storage.address }

    /// Records the stack the program was called from, and says its number; negative for an error.
    ///
    /// - Parameter user: Whether it is the process's stack, not the kernel's.
    /// The helper is `bpf_get_stackid`.
    @inline(__always)
    public func record(_ context: some KernelContext, user: Bool = false) -> Int32 {
        unsafe CallResult(ebpf_get_stackid(context.address, address, user ? 0x100 : 0)).rawValue
    }
}
