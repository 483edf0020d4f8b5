import CLibBPF
import Glibc

/// A map with a value of each key for every possible CPU: per-CPU array, hash or LRU hash.
///
/// Values come as an array with one element for each possible CPU, in their order, which may be more than are online.
public struct PerCPUMap<Key: BitwiseCopyable, Value: BitwiseCopyable>: ~Copyable, Sendable, MapHandle {
    let checked: CheckedMap
    /// How many values each key has.
    public let cpuCount: Int

    public var fileDescriptor: CInt { checked.descriptor.rawValue }
    public var name: String { checked.name }
    /// The map's kind.
    public var type: MapType { checked.type }
    /// The most keys it takes.
    public var maxEntries: Int { checked.maxEntries }

    /// The kernel moves each CPU's value in steps of 8 bytes.
    var stride: Int { (MemoryLayout<Value>.size + 7) & ~7 }
    /// The bytes of all CPUs' values of a key.
    var rowSize: Int { stride * cpuCount }

    public init(adopting fileDescriptor: CInt) throws(BPFError) {
        let checked = try CheckedMap(
            adopting: Descriptor(adopting: fileDescriptor), keySize: MemoryLayout<Key>.size, valueSize: MemoryLayout<Value>.size,
            kind: "PerCPUMap"
        ) { $0.isPerCPU }
        cpuCount = Int(try captured(.info, "possible CPUs") { libbpf_num_possible_cpus() })
        self.checked = checked
    }

    /// Makes a map.
    public static func create(
        _ type: MapType, name: String, maxEntries: Int, flags: MapFlags = []
    ) throws(BPFError) -> PerCPUMap {
        try PerCPUMap(
            adopting: Descriptor(
                creating: type, name: name, keySize: MemoryLayout<Key>.size, valueSize: MemoryLayout<Value>.size, maxEntries: maxEntries,
                flags: flags
            ).release())
    }

    /// The values of a key, one for each possible CPU, or nothing if the key is not there.
    public func values(forKey key: Key) throws(BPFError) -> [Value]? {
        var key = key
        return unsafe try withUnsafeTemporaryAllocation(byteCount: stride * cpuCount, alignment: 16) { bytes throws(BPFError) -> [Value]? in
            let result = unsafe bpf_map_lookup_elem(fileDescriptor, &key, bytes.baseAddress)
            if result == -ENOENT { return nil }
            if result < 0 { throw BPFError(.lookup, "map \(name)", errno: -result) }
            return (0..<cpuCount).map { unsafe bytes.loadUnaligned(fromByteOffset: $0 * stride, as: Value.self) }
        }
    }

    /// Sets the values of a key, one for each possible CPU.
    public func set(_ values: [Value], forKey key: Key, mode: UpdateMode = .any) throws(BPFError) {
        guard values.count == cpuCount else {
            throw BPFError(.update, "map \(name)", reason: "\(values.count) values for \(cpuCount) possible CPUs")
        }
        var key = key
        unsafe try withUnsafeTemporaryAllocation(byteCount: stride * cpuCount, alignment: 16) { bytes throws(BPFError) in
            for (cpu, value) in values.enumerated() { unsafe bytes.storeBytes(of: value, toByteOffset: cpu * stride, as: Value.self) }
            try check(.update, "map \(name)") { unsafe bpf_map_update_elem(fileDescriptor, &key, bytes.baseAddress, mode.rawValue) }
        }
    }

    /// Sets the value of a key on every CPU.
    public func set(all value: Value, forKey key: Key, mode: UpdateMode = .any) throws(BPFError) {
        try set([Value](repeating: value, count: cpuCount), forKey: key, mode: mode)
    }

    /// Takes a key out; says whether it was there. Entries of arrays cannot be taken out.
    @discardableResult
    public func removeValue(forKey key: Key) throws(BPFError) -> Bool { try checked.remove(key: key) }

    /// Walks the entries; at most `limit` keys, without it as many as the map can hold, twice.
    public func forEach(limit: Int? = nil, _ body: (Key, [Value]) -> Void) throws(BPFError) {
        try checked.forEachKey(limit: limit) { (key: Key) throws(BPFError) in
            if let values = try values(forKey: key) { body(key, values) }
            return true
        }
    }
}

extension PerCPUMap where Value: FixedWidthInteger {
    /// The sum over all CPUs of a key's values, or nothing if the key is not there.
    public func sum(forKey key: Key) throws(BPFError) -> Value? {
        try values(forKey: key)?.reduce(0, &+)
    }
}

extension PerCPUMap where Key == UInt32 {
    /// The values of an array's first `count` indices with few system calls: element `i` holds those of index `i`.
    ///
    /// Requires Linux 5.13 for per-CPU arrays; falls back to one call an index before.
    public func values(ofFirst count: Int) throws(BPFError) -> [[Value]] {
        let wanted = min(count, maxEntries)
        if wanted <= 0 { return [] }
        let width = stride * cpuCount
        var found: [[Value]] = []
        found.reserveCapacity(wanted)
        let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: width * wanted, alignment: 16)
        let keys = UnsafeMutableBufferPointer<UInt32>.allocate(capacity: wanted)
        defer {
            unsafe bytes.deallocate()
            unsafe keys.deallocate()
        }
        var number = UInt32(wanted)
        var next: UInt64 = 0
        let result = unsafe bpf_map_lookup_batch(fileDescriptor, nil, &next, keys.baseAddress, bytes.baseAddress, &number, nil)
        if result == 0 || result == -ENOENT {
            for row in 0..<Int(number) {
                found.append(
                    (0..<cpuCount).map {
                        unsafe bytes.loadUnaligned(fromByteOffset: row * width + $0 * stride, as: Value.self)
                    })
            }
            return found
        }
        for index in 0..<UInt32(wanted) { found.append(try values(forKey: index) ?? []) }
        return found
    }
}
