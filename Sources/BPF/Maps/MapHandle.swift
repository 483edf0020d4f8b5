import CLibBPF
import Glibc

/// What all typed maps have in common: a descriptor, a name, a pin.
public protocol MapHandle: ~Copyable {
    /// The map's descriptor, for calls this library does not make. It stays the handle's: do not close it.
    var fileDescriptor: CInt { get }
    /// The kernel's name of the map, of at most 15 characters.
    var name: String { get }
}

extension MapHandle where Self: ~Copyable {
    /// What the kernel says about the map.
    public var info: MapInfo {
        get throws(BPFError) { try MapInfo(descriptor: fileDescriptor, subject: "map \(name)") }
    }

    /// Pins the map at a path of a bpf filesystem: it stays in the kernel without this handle, which goes on serving.
    public func pin(at path: String) throws(BPFError) {
        try check(.pin, "map \(name) at \(path)") { unsafe bpf_obj_pin(fileDescriptor, path) }
    }

    /// Makes the map read-only for user space from now on. Programs may still write.
    public func freeze() throws(BPFError) {
        try check(.edit, "map \(name)") { bpf_map_freeze(fileDescriptor) }
    }
}

/// A map's descriptor after its kind and sizes were checked against the types it is used with.
struct CheckedMap: ~Copyable, Sendable {
    let descriptor: Descriptor
    let name: String
    let type: MapType
    let valueSize: Int
    let maxEntries: Int

    /// Takes the descriptor over, also when it throws.
    init(
        adopting descriptor: consuming Descriptor, keySize: Int?, valueSize: Int?, kind: String, accepts: (MapType) -> Bool
    ) throws(BPFError) {
        let info = try MapInfo(descriptor: descriptor.rawValue, subject: "map")
        guard accepts(info.type) else {
            throw BPFError(.open, "map \(info.name)", reason: "it is of kind \(info.type), which \(kind) does not serve")
        }
        for (role, given, wanted) in [("keys", keySize, info.keySize), ("values", valueSize, info.valueSize)] {
            if let given, given != wanted {
                throw BPFError(.open, "map \(info.name)", reason: "its \(role) have \(wanted) bytes, those of the Swift type \(given)")
            }
        }
        name = info.name
        type = info.type
        self.valueSize = info.valueSize
        maxEntries = info.maxEntries
        self.descriptor = descriptor
    }
}

extension Descriptor {
    /// The map of a number the kernel gave it.
    init(mapID id: UInt32) throws(BPFError) {
        self.init(adopting: try check(.open, "map of id \(id)") { bpf_map_get_fd_by_id(id) })
    }

    /// A new map.
    init(
        creating type: MapType, name: String, keySize: Int, valueSize: Int, maxEntries: Int, flags: MapFlags, innerMap: CInt? = nil
    ) throws(BPFError) {
        guard let count = UInt32(exactly: maxEntries) else {
            throw BPFError(.create, "map \(name)", reason: "\(maxEntries) is no number of entries")
        }
        var options = bpf_map_create_opts()
        options.sz = swiftbpf_size_of_bpf_map_create_opts()
        options.map_flags = flags.rawValue
        if let innerMap { options.inner_map_fd = UInt32(innerMap) }
        let fd = try captured(.create, "map \(name)") {
            // The kernel refuses names of more than 15 characters; libbpf cuts those of objects the same way.
            unsafe bpf_map_create(
                bpf_map_type(type.rawValue), String(name.prefix(15)), UInt32(keySize), UInt32(valueSize), count, &options)
        }
        self.init(adopting: fd)
    }
}
