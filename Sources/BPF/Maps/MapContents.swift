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
        [.hash, .lruHash, .array, .perCPUHash, .lruPerCPUHash, .perCPUArray, .lpmTrie, .stackTraces].contains(info.type)
            && info.keySize > 0
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
        var entries: [Entry] = []
        var key = [UInt8](repeating: 0, count: info.keySize)
        var next = key
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
            // Or it is gone again.
            if let values = try values(forKey: key) { entries.append(Entry(key: key, values: values)) }
        }
        return entries
    }

    /// What a key has: one value, or of per-CPU kinds one for each processor; nil if the key is not there.
    ///
    /// - Throws: `BPFError` if the map is of a kind without keys, or the key is not as long as its keys are.
    ///
    /// The corresponding libbpf function is `bpf_map_lookup_elem`.
    public func values(forKey key: [UInt8]) throws(BPFError) -> [[UInt8]]? {
        let subject = "map \(info.name)"
        guard isReadable, key.count == info.keySize else {
            throw BPFError(.lookup, subject, reason: "a key of \(key.count) bytes is none of a \(info.type) with keys of \(info.keySize)")
        }
        // The kernel rounds each processor's value up to 8 bytes.
        let isPerCPU = info.type.isPerCPU
        let stride = isPerCPU ? (info.valueSize + 7) & ~7 : info.valueSize
        let count = isPerCPU ? Int(max(1, libbpf_num_possible_cpus())) : 1
        var room = [UInt8](repeating: 0, count: stride * count)
        let result = unsafe key.withUnsafeBytes { key in
            unsafe room.withUnsafeMutableBytes { unsafe bpf_map_lookup_elem(descriptor.rawValue, key.baseAddress, $0.baseAddress) }
        }
        if result == -ENOENT { return nil }
        if result < 0 { throw BPFError(.lookup, subject, errno: -result) }
        return (0..<count).map { Array(room[($0 * stride)..<($0 * stride + info.valueSize)]) }
    }

    /// The frames of a stack trace, innermost first; nil if the map keeps none, or none of this number.
    public func frames(ofStack number: UInt32) throws(BPFError) -> [StackTraces.Frame]? {
        guard info.type == .stackTraces else { return nil }
        let bytes = unsafe try values(forKey: withUnsafeBytes(of: number) { unsafe Array($0) })?.first
        return bytes.map { StackTraces.frames($0, hasBuildIDs: info.flags.contains(.stackBuildID)) }
    }
}

extension LoadedObject {
    /// A map of the object as bytes, whatever its types.
    public func contents(ofMap name: String) throws(BPFError) -> MapContents {
        let map = unsafe try handle.map(named: name, for: .find)
        return try MapContents(Descriptor(duplicating: unsafe bpf_map__fd(map), for: "map \(name)"))
    }
}
