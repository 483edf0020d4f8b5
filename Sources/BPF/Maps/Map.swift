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

    public init(adopting fileDescriptor: CInt) throws(BPFError) {
        checked = try CheckedMap(
            adopting: Descriptor(adopting: fileDescriptor), keySize: MemoryLayout<Key>.size, valueSize: MemoryLayout<Value>.size,
            kind: "Map"
        ) { [.hash, .array, .lruHash, .lpmTrie].contains($0) }
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
    public func value(forKey key: Key) throws(BPFError) -> Value? { try checked.value(forKey: key) }

    /// Sets the value of a key.
    ///
    /// - Throws: `BPFError` with E2BIG when a hash is full, ENOSPC when an LPM trie is, and as `mode` says.
    public func set(_ value: Value, forKey key: Key, mode: UpdateMode = .any) throws(BPFError) {
        try checked.set(value, forKey: key, mode: mode)
    }

    /// Takes a key out; says whether it was there. Entries of arrays cannot be taken out.
    @discardableResult
    public func removeValue(forKey key: Key) throws(BPFError) -> Bool { try checked.remove(key: key) }

    /// Takes a key out and returns the value it had. Requires Linux 5.14 for hashes.
    public func takeValue(forKey key: Key) throws(BPFError) -> Value? {
        var key = key
        return unsafe try checked.received(step: .delete) { memory in
            unsafe bpf_map_lookup_and_delete_elem(fileDescriptor, &key, memory)
        }
    }
}
