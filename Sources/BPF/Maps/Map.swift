import CLibBPF
import Glibc

/// A map of keys to values: hash, LRU hash, array, LPM trie.
///
/// Keys and values are fixed-layout types whose size is the map's; best C structs from a header that the eBPF program includes too. Keys
/// of hashes must have no padding, whose bytes would be part of the key. The key of an array is a `UInt32` index; that of an LPM trie
/// begins with a `UInt32` prefix length in bits, followed by the address in network byte order.
///
///     let flows: Map<flow_key, flow> = try object.map("flows")
///     try flows.set(flow(packets: 0), forKey: key)
///
/// All calls may be made from several threads. The handle closes its descriptor when it goes.
public struct Map<Key: BitwiseCopyable, Value: BitwiseCopyable>: ~Copyable, Sendable, MapHandle {
    let checked: CheckedMap

    public var fileDescriptor: CInt { checked.descriptor.rawValue }
    public var name: String { checked.name }
    /// The map's kind.
    public var type: MapType { checked.type }
    /// The most entries it takes.
    public var maxEntries: Int { checked.maxEntries }

    /// Takes over a map's open descriptor, also when it throws.
    public init(adopting fileDescriptor: CInt) throws(BPFError) {
        checked = try CheckedMap(
            adopting: Descriptor(adopting: fileDescriptor), keySize: MemoryLayout<Key>.size, valueSize: MemoryLayout<Value>.size,
            kind: "Map"
        ) { [.hash, .array, .lruHash, .lpmTrie].contains($0) }
    }

    /// The map pinned at a path of a bpf filesystem.
    public init(pinnedAt path: String) throws(BPFError) {
        try self.init(adopting: Descriptor(pinnedAt: path, .map, subject: "map").release())
    }

    /// The map of a number the kernel gave it.
    public init(id: UInt32) throws(BPFError) {
        try self.init(adopting: Descriptor(mapID: id).release())
    }

    /// Makes a map.
    ///
    /// The corresponding libbpf function is `bpf_map_create`.
    public static func create(
        _ type: MapType, name: String, maxEntries: Int, flags: MapFlags = []
    ) throws(BPFError) -> Map {
        try Map(
            adopting: Descriptor(
                creating: type, name: name, keySize: MemoryLayout<Key>.size, valueSize: MemoryLayout<Value>.size, maxEntries: maxEntries,
                flags: type == .lpmTrie ? flags.union(.noPreallocation) : flags
            ).release())
    }

    /// The value of a key, or nothing if the key is not there.
    ///
    /// For an LPM trie the value of the longest prefix that covers the key.
    public func value(forKey key: Key) throws(BPFError) -> Value? {
        var key = key
        return unsafe try withUnsafeTemporaryAllocation(of: Value.self, capacity: 1) { memory throws(BPFError) -> Value? in
            guard let value = memory.baseAddress else { return nil }
            let result = unsafe bpf_map_lookup_elem(fileDescriptor, &key, value)
            if result == -ENOENT { return nil }
            if result < 0 { throw BPFError(.lookup, "map \(name)", errno: -result) }
            return unsafe value.pointee
        }
    }

    /// Sets the value of a key.
    ///
    /// - Throws: `BPFError` with E2BIG when a hash is full, ENOSPC when an LPM trie is, and as `mode` says.
    public func set(_ value: Value, forKey key: Key, mode: UpdateMode = .any) throws(BPFError) {
        var key = key
        var value = value
        try check(.update, "map \(name)") { unsafe bpf_map_update_elem(fileDescriptor, &key, &value, mode.rawValue) }
    }

    /// Takes a key out; says whether it was there. Entries of arrays cannot be taken out.
    @discardableResult
    public func removeValue(forKey key: Key) throws(BPFError) -> Bool {
        var key = key
        let result = unsafe bpf_map_delete_elem(fileDescriptor, &key)
        if result == -ENOENT { return false }
        if result < 0 { throw BPFError(.delete, "map \(name)", errno: -result) }
        return true
    }

    /// Takes a key out and returns the value it had. Requires Linux 5.14 for hashes.
    public func takeValue(forKey key: Key) throws(BPFError) -> Value? {
        var key = key
        return unsafe try withUnsafeTemporaryAllocation(of: Value.self, capacity: 1) { memory throws(BPFError) -> Value? in
            guard let value = memory.baseAddress else { return nil }
            let result = unsafe bpf_map_lookup_and_delete_elem(fileDescriptor, &key, value)
            if result == -ENOENT { return nil }
            if result < 0 { throw BPFError(.delete, "map \(name)", errno: -result) }
            return unsafe value.pointee
        }
    }
}
