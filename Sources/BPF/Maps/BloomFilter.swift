import CLibBPF
import Glibc

/// A set that can say that an element is surely not in it, or that it may be, in far less memory than a hash. Requires Linux 5.16.
///
/// Elements cannot be taken out. Their types must have no padding, whose bytes would be part of the element.
public struct BloomFilter<Element: BitwiseCopyable>: ~Copyable, Sendable, MapHandle {
    let checked: CheckedMap

    public var fileDescriptor: CInt { checked.descriptor.rawValue }
    public var name: String { checked.name }
    /// For how many elements it was made; with more of them it errs more often.
    public var expectedCount: Int { checked.maxEntries }

    public init(adopting fileDescriptor: CInt) throws(BPFError) {
        checked = try CheckedMap(
            adopting: Descriptor(adopting: fileDescriptor), keySize: 0, valueSize: MemoryLayout<Element>.size, kind: "BloomFilter"
        ) { $0 == .bloomFilter }
    }

    /// Makes a filter.
    ///
    /// - Parameters:
    ///   - expectedCount: How many elements it is to hold.
    ///   - hashCount: How many bits an element sets, 1 to 15: with 5, about 3 in 100 answers err when it holds as many as expected.
    public static func create(name: String, expectedCount: Int, hashCount: Int = 5) throws(BPFError) -> BloomFilter {
        try BloomFilter(
            adopting: Descriptor(
                creating: .bloomFilter, name: name, keySize: 0, valueSize: MemoryLayout<Element>.size, maxEntries: expectedCount,
                { $0.map_extra = UInt64(clamping: hashCount) }
            ).release())
    }

    /// Adds an element.
    public func insert(_ element: Element) throws(BPFError) {
        var element = element
        try check(.update, "map \(name)") { unsafe bpf_map_update_elem(fileDescriptor, nil, &element, 0) }
    }

    /// False if the element is surely not there, true if it may be.
    public func mayContain(_ element: Element) throws(BPFError) -> Bool {
        var element = element
        let result = unsafe bpf_map_lookup_elem(fileDescriptor, nil, &element)
        if result == -ENOENT { return false }
        if result < 0 { throw BPFError(.lookup, "map \(name)", errno: -result) }
        return true
    }
}
