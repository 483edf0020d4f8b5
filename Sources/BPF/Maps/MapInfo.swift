import CLibBPF
import Glibc

/// What the kernel says about a map.
public struct MapInfo: Sendable, Hashable {
    /// The kernel's number for the map, unique while it lives.
    public let id: UInt32
    /// Its name, of at most 15 characters.
    public let name: String
    /// Its kind.
    public let type: MapType
    /// Size of a key in bytes.
    public let keySize: Int
    /// Size of a value in bytes; for per-CPU kinds that of one CPU's value.
    public let valueSize: Int
    /// The most entries it takes; for ring buffers their size in bytes.
    public let maxEntries: Int
    /// How it was made.
    public let flags: MapFlags
    /// The memory it takes in bytes, as far as the kernel tells.
    public let memoryBytes: Int?
    /// Whether user space can write it no more; false where the kernel does not tell.
    public let isFrozen: Bool
    /// The kernel's number of the BTF that describes its keys and values; 0 if there is none.
    public let typesID: UInt32
    /// The type of its keys in that BTF; 0 if it does not say.
    public let keyTypeID: UInt32
    /// The type of its values in that BTF; 0 if it does not say.
    public let valueTypeID: UInt32

    init(descriptor: CInt, subject: @autoclosure () -> String) throws(BPFError) {
        var info = bpf_map_info()
        try kernelInfo(of: descriptor, into: &info, subject: subject())
        id = info.id
        name = text(of: info.name)
        type = MapType(rawValue: info.type)
        keySize = Int(info.key_size)
        valueSize = Int(info.value_size)
        maxEntries = Int(info.max_entries)
        flags = MapFlags(rawValue: info.map_flags)
        (typesID, keyTypeID, valueTypeID) = (info.btf_id, info.btf_key_type_id, info.btf_value_type_id)
        memoryBytes = readDescriptorField("memlock", of: descriptor)
        isFrozen = readDescriptorField("frozen", of: descriptor) == 1
    }
}

/// A number from the kernel's text about one of our descriptors, which says things `bpf()` does not.
func readDescriptorField(_ field: String, of descriptor: CInt) -> Int? {
    let file = unsafe open("/proc/self/fdinfo/\(descriptor)", O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return nil }
    defer { close(file) }
    var bytes = [UInt8](repeating: 0, count: 4096)
    let count = unsafe bytes.withUnsafeMutableBytes { unsafe read(file, $0.baseAddress, $0.count) }
    guard count > 0 else { return nil }
    let lines = String(decoding: bytes[..<count], as: UTF8.self).split(separator: "\n")
    guard let line = lines.first(where: { $0.hasPrefix(field + ":") }) else { return nil }
    return Int(line.dropFirst(field.count + 1).drop { $0 == "\t" || $0 == " " })
}
