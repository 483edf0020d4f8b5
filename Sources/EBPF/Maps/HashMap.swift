/// Values by key.
///
/// A key that is put into a full map is refused with E2BIG.
///
///     let flows = HashMap<FlowKey, Flow>(entries: 65_536)
public struct HashMap<Key: BitwiseCopyable, Value: BitwiseCopyable>: EntryMap, ~Copyable, @unchecked Sendable {
    let storage = MapStorage()
    let kind: UInt32
    let keySize: UInt32
    let valueSize: UInt32
    let entries: UInt32
    let flags: UInt32
    let pinning: UInt32

    /// - Parameters:
    ///   - entries: The most keys it takes.
    ///   - preallocated: Whether memory for all of them is taken when the map is made, so that putting keys in cannot fail for want of it.
    @inline(__always)
    public init(entries: UInt32, preallocated: Bool = true, pinning: Pinning = .none) {
        kind = 1
        keySize = UInt32(truncatingIfNeeded: MemoryLayout<Key>.size)
        valueSize = UInt32(truncatingIfNeeded: MemoryLayout<Value>.size)
        self.entries = entries
        flags = preallocated ? 0 : 1
        self.pinning = pinning.rawValue
    }

    @inline(__always)
    @unsafe public var address: UnsafeRawPointer { unsafe storage.address }
}

/// Values by key, of which those that were not used for longest make room for new ones.
///
/// Keys leave a little before the map is full: each processor keeps some places for itself.
public struct LRUHashMap<Key: BitwiseCopyable, Value: BitwiseCopyable>: EntryMap, ~Copyable, @unchecked Sendable {
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
        kind = 9
        keySize = UInt32(truncatingIfNeeded: MemoryLayout<Key>.size)
        valueSize = UInt32(truncatingIfNeeded: MemoryLayout<Value>.size)
        self.entries = entries
        flags = 0
        self.pinning = pinning.rawValue
    }

    @inline(__always)
    @unsafe public var address: UnsafeRawPointer { unsafe storage.address }
}
