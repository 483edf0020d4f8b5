/// Values by key.
///
/// A key that is put into a full map is refused with E2BIG.
///
///     let flows = HashMap<FlowKey, Flow>(entries: 65_536)
public struct HashMap<Key: BitwiseCopyable, Value: BitwiseCopyable>: EntryMap, ~Copyable, @unchecked Sendable {
    let storage = MapStorage()
    public let definition: MapDefinition

    /// - Parameters:
    ///   - entries: The most keys it takes.
    ///   - preallocated: Whether memory for all of them is taken when the map is made, so that a key cannot be refused for want of it.
    @inline(__always)
    public init(entries: UInt32, preallocated: Bool = true, pinning: Pinning = .none) {
        definition = MapDefinition(
            kind: 1, keySize: MemoryLayout<Key>.size, valueSize: MemoryLayout<Value>.size, entries: entries,
            flags: preallocated ? 0 : noPreallocation, pinning: pinning)
    }

    @inline(__always)
    @unsafe public var address: UnsafeRawPointer { unsafe storage.address }
}

/// Values by key, of which those that were not used for longest make room for new ones.
///
/// Keys leave a little before the map is full: each processor keeps some places for itself.
public struct LRUHashMap<Key: BitwiseCopyable, Value: BitwiseCopyable>: EntryMap, ~Copyable, @unchecked Sendable {
    let storage = MapStorage()
    public let definition: MapDefinition

    /// - Parameter entries: The most keys it takes.
    @inline(__always)
    public init(entries: UInt32, pinning: Pinning = .none) {
        definition = MapDefinition(
            kind: 9, keySize: MemoryLayout<Key>.size, valueSize: MemoryLayout<Value>.size, entries: entries, pinning: pinning)
    }

    @inline(__always)
    @unsafe public var address: UnsafeRawPointer { unsafe storage.address }
}

/// Memory is taken when a key comes (`BPF_F_NO_PREALLOC`).
let noPreallocation: UInt32 = 1
