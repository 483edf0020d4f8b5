import CLibBPF
import Glibc

/// What all typed maps have in common: a descriptor, a name, a pin.
public protocol MapHandle: ~Copyable {
    /// Takes over a map's open descriptor, also when it throws.
    ///
    /// - Throws: `BPFError` if the map is of a kind the type does not serve, or its keys or values have another size.
    init(adopting fileDescriptor: CInt) throws(BPFError)
    /// The map's descriptor, for calls this library does not make. It stays the handle's: do not close it.
    var fileDescriptor: CInt { get }
    /// The kernel's name of the map, of at most 15 characters.
    var name: String { get }
}

extension MapHandle where Self: ~Copyable {
    /// The map pinned at a path of a bpf filesystem.
    public init(pinnedAt path: String) throws(BPFError) {
        try self.init(adopting: Descriptor(pinnedAt: path, .map, subject: "map").release())
    }

    /// The map of a number the kernel gave it.
    public init(id: UInt32) throws(BPFError) {
        try self.init(adopting: Descriptor(mapID: id).release())
    }

    /// What the kernel says about the map.
    public var info: MapInfo {
        get throws(BPFError) { try MapInfo(descriptor: fileDescriptor, subject: "map \(name)") }
    }

    /// Pins the map at a path of a bpf filesystem: it stays in the kernel without this handle, which goes on serving.
    public func pin(at path: String) throws(BPFError) {
        try check(.pin, "map \(name) at \(path)") { unsafe bpf_obj_pin(fileDescriptor, path) }
    }

    /// Makes the map read-only for user space from now on, for good. Programs may still write, unless it was made `programReadOnly`.
    ///
    /// - Throws: `BPFError` with EBUSY while it is mapped into memory for writing, EPERM if it is frozen already.
    ///
    /// The corresponding libbpf function is `bpf_map_freeze`.
    public func freeze() throws(BPFError) {
        try check(.edit, "map \(name)") { bpf_map_freeze(fileDescriptor) }
    }
}
