/// A table of values by their number, all of which are always there.
///
///     let limits = ArrayMap<UInt64>(entries: 16)
///     let limit = limits.lookup(3)?.value ?? 0
public struct ArrayMap<Value: BitwiseCopyable>: KeyedMap, ~Copyable, @unchecked Sendable {
    public typealias Key = UInt32

    let storage = MapStorage()
    public let definition: MapDefinition

    /// - Parameter entries: How many values it has.
    @inline(__always)
    public init(entries: UInt32, pinning: Pinning = .none) {
        definition = MapDefinition(
            kind: 2, keySize: MemoryLayout<UInt32>.size, valueSize: MemoryLayout<Value>.size, entries: entries, pinning: pinning)
    }

    @inline(__always)
    @unsafe public var address: UnsafeRawPointer { unsafe storage.address }
}

/// A table of values by their number, of which each processor has its own: counters without contention.
///
/// The loader reads one value for each possible processor.
public struct PerCPUArray<Value: BitwiseCopyable>: KeyedMap, ~Copyable, @unchecked Sendable {
    public typealias Key = UInt32

    let storage = MapStorage()
    public let definition: MapDefinition

    /// - Parameter entries: How many values it has.
    @inline(__always)
    public init(entries: UInt32, pinning: Pinning = .none) {
        definition = MapDefinition(
            kind: 6, keySize: MemoryLayout<UInt32>.size, valueSize: MemoryLayout<Value>.size, entries: entries, pinning: pinning)
    }

    @inline(__always)
    @unsafe public var address: UnsafeRawPointer { unsafe storage.address }
}
