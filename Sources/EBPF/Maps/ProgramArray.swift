internal import CEBPF

/// Programs by number, to go on with.
///
///     let parsers = ProgramArray(entries: 8)
///
///     parsers.run(2, with: frame)  // comes back only if there is no program 2
///     return .pass
public struct ProgramArray: KernelMap, ~Copyable, @unchecked Sendable {
    let storage = MapStorage()
    public let definition: MapDefinition

    /// - Parameter entries: How many programs it has room for.
    @inline(__always)
    public init(entries: UInt32, pinning: Pinning = .none) {
        definition = MapDefinition(
            kind: 3, keySize: MemoryLayout<UInt32>.size, valueSize: MemoryLayout<UInt32>.size, entries: entries, pinning: pinning)
    }

    @inline(__always)
    @unsafe public var address: UnsafeRawPointer { unsafe storage.address }

    /// Goes on with another program of the same type, which ends this one; comes back if there is none, or after 33 such calls.
    ///
    /// The helper is `bpf_tail_call`.
    @inline(__always)
    public func run(_ index: UInt32, with context: some KernelContext) {
        _ = unsafe ebpf_tail_call(context.address, address, index)
    }
}
