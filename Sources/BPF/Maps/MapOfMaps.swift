import CLibBPF
import Glibc

/// An array or hash whose values are maps of one shape.
///
/// Setting an entry is one atomic step for the programs: a packet sees the old inner map or the new one, never a mixture.
public struct MapOfMaps<Key: BitwiseCopyable>: ~Copyable, Sendable, MapHandle {
    let checked: CheckedMap

    public var fileDescriptor: CInt { checked.descriptor.rawValue }
    public var name: String { checked.name }
    /// The most entries it takes.
    public var maxEntries: Int { checked.maxEntries }

    /// Takes over a map's open descriptor, also when it throws.
    public init(adopting fileDescriptor: CInt) throws(BPFError) {
        checked = try CheckedMap(
            adopting: Descriptor(adopting: fileDescriptor), keySize: MemoryLayout<Key>.size, valueSize: 4, kind: "MapOfMaps"
        ) { $0.isMapOfMaps }
    }

    /// The map pinned at a path of a bpf filesystem.
    public init(pinnedAt path: String) throws(BPFError) {
        try self.init(adopting: Descriptor(pinnedAt: path, .map, subject: "map").release())
    }

    /// Makes a map of maps, whose inner maps all have the shape of `template`.
    public static func create<M: MapHandle & ~Copyable>(
        _ type: MapType = .arrayOfMaps, name: String, maxEntries: Int, template: borrowing M
    ) throws(BPFError) -> MapOfMaps {
        try MapOfMaps(
            adopting: Descriptor(
                creating: type, name: name, keySize: MemoryLayout<Key>.size, valueSize: 4, maxEntries: maxEntries, flags: [],
                innerMap: template.fileDescriptor
            ).release())
    }

    /// Puts a map at a key. The outer map keeps it in the kernel from then on.
    ///
    /// - Throws: `BPFError` with EINVAL if its shape is not that of the template.
    public func set<M: MapHandle & ~Copyable>(_ map: borrowing M, forKey key: Key, mode: UpdateMode = .any) throws(BPFError) {
        var key = key
        var descriptor = map.fileDescriptor
        let inner = map.name
        try check(.update, "map \(name) with map \(inner)") {
            unsafe bpf_map_update_elem(fileDescriptor, &key, &descriptor, mode.rawValue)
        }
    }

    /// The number of the map at a key, with which it can be opened, or nothing if there is none.
    public func mapID(forKey key: Key) throws(BPFError) -> UInt32? {
        var key = key
        var id: UInt32 = 0
        let result = unsafe bpf_map_lookup_elem(fileDescriptor, &key, &id)
        if result == -ENOENT { return nil }
        if result < 0 { throw BPFError(.lookup, "map \(name)", errno: -result) }
        return id
    }

    /// Takes the map at a key out; says whether there was one.
    @discardableResult
    public func removeMap(forKey key: Key) throws(BPFError) -> Bool {
        var key = key
        let result = unsafe bpf_map_delete_elem(fileDescriptor, &key)
        if result == -ENOENT { return false }
        if result < 0 { throw BPFError(.delete, "map \(name)", errno: -result) }
        return true
    }
}
