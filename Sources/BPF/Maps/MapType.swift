import CLibBPF

/// A kind of map, as the kernel numbers them.
public struct MapType: RawRepresentable, Hashable, Sendable {
    public let rawValue: UInt32
    public init(rawValue: UInt32) { self.rawValue = rawValue }

    public static let hash = MapType(rawValue: BPF_MAP_TYPE_HASH.rawValue)
    public static let array = MapType(rawValue: BPF_MAP_TYPE_ARRAY.rawValue)
    public static let programArray = MapType(rawValue: BPF_MAP_TYPE_PROG_ARRAY.rawValue)
    public static let perfEventArray = MapType(rawValue: BPF_MAP_TYPE_PERF_EVENT_ARRAY.rawValue)
    public static let perCPUHash = MapType(rawValue: BPF_MAP_TYPE_PERCPU_HASH.rawValue)
    public static let perCPUArray = MapType(rawValue: BPF_MAP_TYPE_PERCPU_ARRAY.rawValue)
    public static let lruHash = MapType(rawValue: BPF_MAP_TYPE_LRU_HASH.rawValue)
    public static let lruPerCPUHash = MapType(rawValue: BPF_MAP_TYPE_LRU_PERCPU_HASH.rawValue)
    /// Longest prefix match; made with the flag `noPreallocation`.
    public static let lpmTrie = MapType(rawValue: BPF_MAP_TYPE_LPM_TRIE.rawValue)
    public static let arrayOfMaps = MapType(rawValue: BPF_MAP_TYPE_ARRAY_OF_MAPS.rawValue)
    public static let hashOfMaps = MapType(rawValue: BPF_MAP_TYPE_HASH_OF_MAPS.rawValue)
    public static let queue = MapType(rawValue: BPF_MAP_TYPE_QUEUE.rawValue)
    public static let stack = MapType(rawValue: BPF_MAP_TYPE_STACK.rawValue)
    public static let ringBuffer = MapType(rawValue: BPF_MAP_TYPE_RINGBUF.rawValue)
    /// A ring that user space writes and programs read. Requires Linux 6.1.
    public static let userRingBuffer = MapType(rawValue: BPF_MAP_TYPE_USER_RINGBUF.rawValue)
    /// Programs that are operations of a struct of the kernel's. Requires Linux 5.6.
    public static let structOperations = MapType(rawValue: BPF_MAP_TYPE_STRUCT_OPS.rawValue)
    /// Requires Linux 5.16.
    public static let bloomFilter = MapType(rawValue: BPF_MAP_TYPE_BLOOM_FILTER.rawValue)
    public static let stackTraces = MapType(rawValue: BPF_MAP_TYPE_STACK_TRACE.rawValue)
    public static let cgroupArray = MapType(rawValue: BPF_MAP_TYPE_CGROUP_ARRAY.rawValue)
    public static let socketMap = MapType(rawValue: BPF_MAP_TYPE_SOCKMAP.rawValue)
    public static let socketHash = MapType(rawValue: BPF_MAP_TYPE_SOCKHASH.rawValue)
    /// Sockets of a reuse-port group, among which a program chooses.
    public static let reusePortSockets = MapType(rawValue: BPF_MAP_TYPE_REUSEPORT_SOCKARRAY.rawValue)
    public static let deviceMap = MapType(rawValue: BPF_MAP_TYPE_DEVMAP.rawValue)
    public static let deviceHash = MapType(rawValue: BPF_MAP_TYPE_DEVMAP_HASH.rawValue)
    public static let cpuMap = MapType(rawValue: BPF_MAP_TYPE_CPUMAP.rawValue)
    public static let xdpSockets = MapType(rawValue: BPF_MAP_TYPE_XSKMAP.rawValue)
    /// A value for each socket, which goes with it. Requires Linux 5.2.
    public static let socketStorage = MapType(rawValue: BPF_MAP_TYPE_SK_STORAGE.rawValue)
    /// A value for each file of a filesystem, which goes with its inode. Requires Linux 5.10.
    public static let inodeStorage = MapType(rawValue: BPF_MAP_TYPE_INODE_STORAGE.rawValue)
    /// A value for each task, which goes with it. Requires Linux 5.11.
    public static let taskStorage = MapType(rawValue: BPF_MAP_TYPE_TASK_STORAGE.rawValue)
    /// A value for each cgroup, which goes with it. Requires Linux 6.2, and is younger than the headers.
    public static let cgroupStorage = MapType(rawValue: 32)

    var isPerCPU: Bool { [.perCPUHash, .perCPUArray, .lruPerCPUHash].contains(self) }
    /// Whether each value belongs to a kernel object, and goes with it.
    public var isLocalStorage: Bool { [.socketStorage, .inodeStorage, .taskStorage, .cgroupStorage].contains(self) }
    var isMapOfMaps: Bool { self == .arrayOfMaps || self == .hashOfMaps }
}

extension MapType: CustomStringConvertible {
    /// libbpf's name of the kind: `lpm_trie`.
    public var description: String {
        if self == .cgroupStorage { return "cgrp_storage" }
        guard let name = unsafe libbpf_bpf_map_type_str(bpf_map_type(rawValue)) else { return "map kind \(rawValue)" }
        return unsafe String(cString: name)
    }
}

/// How a map is made.
public struct MapFlags: OptionSet, Hashable, Sendable {
    public let rawValue: UInt32
    public init(rawValue: UInt32) { self.rawValue = rawValue }

    /// Entries take memory only once they are there; needed for `lpmTrie`.
    public static let noPreallocation = MapFlags(rawValue: 1 << 0)
    /// Each CPU has its own list of least recently used entries.
    public static let perCPULRU = MapFlags(rawValue: 1 << 1)
    /// User space may read only.
    public static let readOnly = MapFlags(rawValue: 1 << 3)
    /// Programs may read only.
    public static let programReadOnly = MapFlags(rawValue: 1 << 7)
    /// Stack traces are kept as build ID and offset in the file, in place of addresses.
    public static let stackBuildID = MapFlags(rawValue: 1 << 5)
    /// An array that can be mapped into memory. Requires Linux 5.5.
    public static let memoryMappable = MapFlags(rawValue: 1 << 10)
    /// An array whose size may differ from its siblings' in a map of maps. Requires Linux 5.10.
    public static let innerMap = MapFlags(rawValue: 1 << 12)
}

/// What a map's update does when the key is there, or is not.
public enum UpdateMode: UInt64, Sendable {
    /// Sets the entry, there or not.
    case any = 0
    /// Refuses with EEXIST if the key is there.
    case insert = 1
    /// Refuses with ENOENT if the key is not there.
    case replace = 2
}
