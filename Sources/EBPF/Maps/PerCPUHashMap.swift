/// Values by key, of which each processor has its own.
public struct PerCPUHashMap<Key: BitwiseCopyable, Value: BitwiseCopyable>: EntryMap, ~Copyable, @unchecked Sendable {
    let storage = MapStorage()
    public let definition: MapDefinition

    /// - Parameter entries: The most keys it takes.
    @inline(__always)
    public init(entries: UInt32, pinning: Pinning = .none) {
        definition = MapDefinition(
            kind: 5, keySize: MemoryLayout<Key>.size, valueSize: MemoryLayout<Value>.size, entries: entries, pinning: pinning)
    }

    @inline(__always)
    @unsafe public var address: UnsafeRawPointer { unsafe storage.address }
}

/// Values by key, of which each processor has its own, and of which those that were not used for longest make room for new ones.
public struct LRUPerCPUHashMap<Key: BitwiseCopyable, Value: BitwiseCopyable>: EntryMap, ~Copyable, @unchecked Sendable {
    let storage = MapStorage()
    public let definition: MapDefinition

    /// - Parameter entries: The most keys it takes.
    @inline(__always)
    public init(entries: UInt32, pinning: Pinning = .none) {
        definition = MapDefinition(
            kind: 10, keySize: MemoryLayout<Key>.size, valueSize: MemoryLayout<Value>.size, entries: entries, pinning: pinning)
    }

    @inline(__always)
    @unsafe public var address: UnsafeRawPointer { unsafe storage.address }
}
