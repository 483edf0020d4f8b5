import CLibBPF
import Glibc

/// What a map of any kind with keys holds, as bytes: for looking at maps whose types are only known at run time.
///
///     let contents = try loaded.contents(ofMap: "flows")
///     for entry in try contents.entries(limit: 100) { print(entry.key, entry.values) }
public final class MapContents: Sendable {
    /// A key, and its value; of per-CPU kinds one value for each processor.
    public struct Entry: Sendable, Hashable {
        public let key: [UInt8]
        public let values: [[UInt8]]
    }

    private let descriptor: Descriptor
    /// What the kernel says about the map.
    public let info: MapInfo

    /// The map pinned at a path of a bpf filesystem.
    public convenience init(pinnedAt path: String) throws(BPFError) {
        try self.init(Descriptor(pinnedAt: path, .map, subject: "map"))
    }

    init(_ descriptor: consuming Descriptor) throws(BPFError) {
        info = try MapInfo(descriptor: descriptor.rawValue, subject: "map")
        self.descriptor = descriptor
    }

    /// Whether the map is of a kind whose keys can be gone through and looked up.
    public var isReadable: Bool {
        [.hash, .lruHash, .array, .perCPUHash, .lruPerCPUHash, .perCPUArray, .lpmTrie].contains(info.type) && info.keySize > 0
    }

    /// The entries in the order the kernel goes through them. Those that come and go meanwhile may be among them or not.
    ///
    /// - Parameter limit: The most that are read.
    /// - Throws: `BPFError` if the map is of a kind without keys.
    ///
    /// The corresponding libbpf functions are `bpf_map_get_next_key` and `bpf_map_lookup_elem`.
    public func entries(limit: Int = .max) throws(BPFError) -> [Entry] {
        let subject = "map \(info.name)"
        guard isReadable else { throw BPFError(.iterate, subject, reason: "a map of kind \(info.type) has no keys to go through") }
        let isPerCPU = info.type.isPerCPU
        // The kernel rounds each processor's value up to 8 bytes.
        let stride = isPerCPU ? (info.valueSize + 7) & ~7 : info.valueSize
        let count = isPerCPU ? Int(max(1, libbpf_num_possible_cpus())) : 1
        var entries: [Entry] = []
        var key = [UInt8](repeating: 0, count: info.keySize)
        var next = key
        var room = [UInt8](repeating: 0, count: stride * count)
        var isFirst = true
        // Of a hash that changes meanwhile the kernel may begin again.
        var steps = 0
        while entries.count < limit, steps <= 2 * info.maxEntries {
            steps += 1
            let found = unsafe next.withUnsafeMutableBytes { next in
                unsafe key.withUnsafeBytes { key in
                    unsafe bpf_map_get_next_key(descriptor.rawValue, isFirst ? nil : key.baseAddress, next.baseAddress)
                }
            }
            if found == -ENOENT { break }
            if found < 0 { throw BPFError(.iterate, subject, errno: -found) }
            isFirst = false
            key = next
            let result = unsafe key.withUnsafeBytes { key in
                unsafe room.withUnsafeMutableBytes { unsafe bpf_map_lookup_elem(descriptor.rawValue, key.baseAddress, $0.baseAddress) }
            }
            // Gone again.
            if result == -ENOENT { continue }
            if result < 0 { throw BPFError(.lookup, subject, errno: -result) }
            entries.append(Entry(key: key, values: (0..<count).map { Array(room[($0 * stride)..<($0 * stride + info.valueSize)]) }))
        }
        return entries
    }
}

extension LoadedObject {
    /// A map of the object as bytes, whatever its types.
    public func contents(ofMap name: String) throws(BPFError) -> MapContents {
        let map = unsafe try handle.map(named: name, for: .find)
        return try MapContents(Descriptor(duplicating: unsafe bpf_map__fd(map), for: "map \(name)"))
    }
}
