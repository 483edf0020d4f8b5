internal import BPF
internal import Glibc

/// What maps come to in the kernel's memory.
enum ProbeMemory {
    /// About how many bytes a map may take once it is full: the largest part is what it is made with, and it must not be made at all if that
    /// is too much.
    static func most(_ map: MapDescription, processors: Int = processors) -> Int {
        func rounded(_ size: Int) -> Int { (size + 7) & ~7 }
        let (value, key) = (rounded(map.valueSize), rounded(map.keySize))
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

    /// The processors the kernel makes values for.
    static let processors = max(1, sysconf(CInt(_SC_NPROCESSORS_CONF)))
}
