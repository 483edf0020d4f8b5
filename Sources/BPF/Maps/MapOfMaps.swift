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

    public init(adopting fileDescriptor: CInt) throws(BPFError) {
        checked = try CheckedMap(
            adopting: Descriptor(adopting: fileDescriptor), keySize: MemoryLayout<Key>.size, valueSize: 4, kind: "MapOfMaps"
        ) { $0.isMapOfMaps }
    }

    /// Makes a map of maps, whose inner maps all have the shape of `template`.
    public static func create<M: MapHandle & ~Copyable>(
        _ type: MapType = .arrayOfMaps, name: String, maxEntries: Int, template: borrowing M
    ) throws(BPFError) -> MapOfMaps {
        let inner = UInt32(template.fileDescriptor)
        return try MapOfMaps(
            adopting: Descriptor(
                creating: type, name: name, keySize: MemoryLayout<Key>.size, valueSize: 4, maxEntries: maxEntries,
                { $0.inner_map_fd = inner }
            ).release())
    }

    /// Puts a map at a key. The outer map keeps it in the kernel from then on.
    ///
    /// - Throws: `BPFError` with EINVAL if its shape is not that of the template.
    public func set<M: MapHandle & ~Copyable>(_ map: borrowing M, forKey key: Key, mode: UpdateMode = .any) throws(BPFError) {
        let inner = map.name
        try checked.set(map.fileDescriptor, forKey: key, mode: mode, with: " with map \(inner)")
    }

    /// The number of the map at a key, with which it can be opened, or nothing if there is none.
    public func mapID(forKey key: Key) throws(BPFError) -> UInt32? { try checked.value(forKey: key) }

    /// The map at a key, as a type that serves its kind, or nothing if there is none.
    ///
    ///     let inner = try outer.map(forKey: 1, as: Map<UInt32, UInt64>.self)
    public func map<M: MapHandle & ~Copyable>(forKey key: Key, as type: M.Type) throws(BPFError) -> M? {
        guard let id = try mapID(forKey: key) else { return nil }
        return try M(id: id)
    }

    /// The keys at which there are maps. For an array of maps the indices of all its places.
    public func keys(limit: Int? = nil) throws(BPFError) -> [Key] { try checked.keys(limit: limit) }

    /// Takes the map at a key out; says whether there was one.
    @discardableResult
    public func removeMap(forKey key: Key) throws(BPFError) -> Bool { try checked.remove(key: key) }
}
