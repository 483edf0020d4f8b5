internal import CEBPF

/// Maps by number, which user space exchanges while programs run.
///
///     let tables = ArrayOfMaps(entries: 2, of: HashMap<UInt32, UInt64>(entries: 1_000))
public struct ArrayOfMaps<Inner: KernelMap & ~Copyable>: KernelMap, ~Copyable, @unchecked Sendable {
    let storage = MapStorage()
    /// What maps that are put in must be like; ahead of ``definition``, which must be last.
    public let inner: MapDefinition
    public let definition: MapDefinition

    /// - Parameters:
    ///   - entries: How many maps it has room for.
    ///   - inner: A map like those that are put in. It is not made.
    @inline(__always)
    public init(entries: UInt32, of inner: borrowing Inner, pinning: Pinning = .none) {
        self.inner = inner.definition
        definition = MapDefinition(
            kind: 12, keySize: MemoryLayout<UInt32>.size, valueSize: MemoryLayout<UInt32>.size, entries: entries, pinning: pinning)
    }

    @inline(__always)
    @unsafe public var address: UnsafeRawPointer { unsafe storage.address }

    /// Works with the map of a key; nothing if there is none.
    ///
    ///     let count = tables.withMap(3) { table in table.lookup(7)?.value ?? 0 }
    @inline(__always)
    public func withMap<Result>(_ key: UInt32, _ body: (borrowing Inner) -> Result) -> Result? {
        unsafe withInnerMap(at: key, in: address, body)
    }
}

/// Maps by key, which user space exchanges while programs run.
///
///     let tables = HashOfMaps<UInt32, _>(entries: 64, of: ArrayMap<UInt64>(entries: 16))
public struct HashOfMaps<Key: BitwiseCopyable, Inner: KernelMap & ~Copyable>: KernelMap, ~Copyable, @unchecked Sendable {
    let storage = MapStorage()
    /// What maps that are put in must be like; ahead of ``definition``, which must be last.
    public let inner: MapDefinition
    public let definition: MapDefinition

    /// - Parameters:
    ///   - entries: How many maps it has room for.
    ///   - inner: A map like those that are put in. It is not made.
    @inline(__always)
    public init(entries: UInt32, of inner: borrowing Inner, pinning: Pinning = .none) {
        self.inner = inner.definition
        definition = MapDefinition(
            kind: 13, keySize: MemoryLayout<Key>.size, valueSize: MemoryLayout<UInt32>.size, entries: entries, pinning: pinning)
    }

    @inline(__always)
    @unsafe public var address: UnsafeRawPointer { unsafe storage.address }

    /// Works with the map of a key; nothing if there is none.
    ///
    ///     let count = tables.withMap(key) { table in table.lookup(7)?.value ?? 0 }
    @inline(__always)
    public func withMap<Result>(_ key: Key, _ body: (borrowing Inner) -> Result) -> Result? {
        unsafe withInnerMap(at: key, in: address, body)
    }
}

/// Works with the map that a map of maps has for a key; nothing if there is none.
@inline(__always)
@unsafe
private func withInnerMap<Key: BitwiseCopyable, Inner: KernelMap & ~Copyable, Result>(
    at key: Key, in outer: UnsafeRawPointer, _ body: (borrowing Inner) -> Result
) -> Result? {
    unsafe withBytes(of: key) { key in
        guard let place = unsafe ebpf_map_lookup_elem(outer, key) else { return nil }
        // A map is its address, and what lies there is not looked at.
        return unsafe body(place.assumingMemoryBound(to: Inner.self).pointee)
    }
}
