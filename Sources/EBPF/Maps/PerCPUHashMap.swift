/// Values by key, of which each processor has its own.
public struct PerCPUHashMap<Key: BitwiseCopyable, Value: BitwiseCopyable>: EntryMap, ~Copyable, @unchecked Sendable {
    let storage = MapStorage()
    let kind: UInt32
    let keySize: UInt32
    let valueSize: UInt32
    let entries: UInt32
    let flags: UInt32
    let pinning: UInt32

    /// - Parameter entries: The most keys it takes.
    @inline(__always)
    public init(entries: UInt32, pinning: Pinning = .none) {
        kind = 5
        keySize = UInt32(truncatingIfNeeded: MemoryLayout<Key>.size)
        valueSize = UInt32(truncatingIfNeeded: MemoryLayout<Value>.size)
        self.entries = entries
        flags = 0
        self.pinning = pinning.rawValue
    }

    @inline(__always)
    @unsafe public var address: UnsafeRawPointer { unsafe storage.address }
}

/// Values by key, of which each processor has its own, and of which those that were not used for longest make room for new ones.
public struct LRUPerCPUHashMap<Key: BitwiseCopyable, Value: BitwiseCopyable>: EntryMap, ~Copyable, @unchecked Sendable {
    let storage = MapStorage()
    let kind: UInt32
    let keySize: UInt32
    let valueSize: UInt32
    let entries: UInt32
    let flags: UInt32
    let pinning: UInt32

    /// - Parameter entries: The most keys it takes.
    @inline(__always)
    public init(entries: UInt32, pinning: Pinning = .none) {
        kind = 10
        keySize = UInt32(truncatingIfNeeded: MemoryLayout<Key>.size)
        valueSize = UInt32(truncatingIfNeeded: MemoryLayout<Value>.size)
        self.entries = entries
        flags = 0
        self.pinning = pinning.rawValue
    }

    @inline(__always)
    @unsafe public var address: UnsafeRawPointer { unsafe storage.address }
}
