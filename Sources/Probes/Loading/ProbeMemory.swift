internal import BPF
internal import Glibc

/// What maps come to in the kernel's memory.
enum ProbeMemory {
    /// About how many bytes a map may take once it is full: the largest part is what it is made with, and it must not be made at all if that
    /// is too much.
    static func most(_ map: MapDescription, processors: Int = processors) -> Int {
        func rounded(_ size: Int) -> Int { (size + 7) & ~7 }
        let (value, key) = (rounded(map.valueSize), rounded(map.keySize))
        if map.type.isLocalStorage { return entries(map) * (value + storageOverhead) }
        let each: Int
        switch map.type {
        case .ringBuffer, .userRingBuffer: each = 1
        case .array, .programArray, .perfEventArray, .arrayOfMaps, .queue, .stack: each = max(8, value)
        case .perCPUArray: each = value * processors + 8
        // Entries have a header of 48 bytes and a place in a table of hashes; LRU and LPM no less.
        case .perCPUHash, .lruPerCPUHash: each = key + value * processors + 72
        default: each = key + value + 72
        }
        let (bytes, overflow) = each.multipliedReportingOverflow(by: map.maxEntries)
        return overflow ? .max : bytes
    }

    /// What a value of a kernel object takes beside itself: a header, and the list that its object then has, both in round sizes.
    private static let storageOverhead = 320

    /// How many values a map may have: of one whose values belong to kernel objects as many as there are of these now.
    static func entries(_ map: MapDescription) -> Int { map.type.isLocalStorage ? owners(of: map.type) : map.maxEntries }

    /// How many kernel objects may have a value in a map of a kind now: each gets one when a program asks for it. Neither `max_entries` nor
    /// what the kernel tells of the map's memory says anything of these values.
    static func owners(of type: MapType) -> Int {
        switch type {
        // "0.00 0.01 0.05 1/245 4711": running and all tasks.
        case .taskStorage: numbers(in: "/proc/loadavg").dropFirst(7).first ?? 0
        case .inodeStorage: numbers(in: "/proc/sys/fs/inode-nr").first ?? 0
        // Open files of all kinds; that of sockets is only told for one network namespace.
        case .socketStorage: numbers(in: "/proc/sys/fs/file-nr").first ?? 0
        // "name hierarchy cgroups enabled" for each controller.
        case .cgroupStorage:
            text(of: "/proc/cgroups").split(separator: "\n").compactMap { $0.split(separator: "\t").dropFirst(2).first.flatMap { Int($0) } }
                .max() ?? 0
        default: 0
        }
    }

    private static func numbers(in path: String) -> [Int] {
        text(of: path).split { !$0.isNumber }.compactMap { Int($0) }
    }

    private static func text(of path: String) -> String {
        let file = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return "" }
        defer { close(file) }
        var bytes = [UInt8](repeating: 0, count: 4_096)
        let count = unsafe read(file, &bytes, bytes.count)
        return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
    }

    /// The processors the kernel makes values for.
    static let processors = max(1, sysconf(CInt(_SC_NPROCESSORS_CONF)))
}
