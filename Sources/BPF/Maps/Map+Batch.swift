import CLibBPF
import Glibc

/// Many entries with one system call. Requires Linux 5.6.
extension Map {
    /// Sets the entries; keys and values go by position.
    ///
    /// - Throws: `BPFError` whose reason says how many were set before the failure.
    ///
    /// The corresponding libbpf function is `bpf_map_update_batch`.
    public func set(_ values: [Value], forKeys keys: [Key]) throws(BPFError) {
        guard keys.count == values.count else {
            throw BPFError(.update, "map \(name)", reason: "\(keys.count) keys for \(values.count) values")
        }
        if keys.isEmpty { return }
        unsafe try withPackedBytes(of: keys) { keyBytes throws(BPFError) in
            unsafe try withPackedBytes(of: values) { valueBytes throws(BPFError) in
                unsafe try checked.set(count: keys.count, keys: keyBytes, values: valueBytes)
            }
        }
    }

    /// Takes the keys out, all of which must be there.
    ///
    /// - Throws: `BPFError` whose reason says how many were taken out before one that is not there.
    ///
    /// The corresponding libbpf function is `bpf_map_delete_batch`.
    public func removeValues(forKeys keys: [Key]) throws(BPFError) {
        if keys.isEmpty { return }
        unsafe try withPackedBytes(of: keys) { bytes throws(BPFError) in unsafe try checked.remove(count: keys.count, keys: bytes) }
    }

    /// All entries, read in batches. Each is whole, but together they are no snapshot.
    ///
    /// - Parameter batch: How many entries a system call reads at most. A bucket of a hash must fit; where it does not, the batch grows.
    ///
    /// The corresponding libbpf function is `bpf_map_lookup_batch`.
    public func entries(batch: Int = 4096) throws(BPFError) -> [(key: Key, value: Value)] {
        var found: [(key: Key, value: Value)] = []
        try forEachBatch(of: batch) { keys, values in Self.append(keys, values, to: &found) }
        return found
    }

    /// Walks the entries in batches, each of which is held only as long as it is looked at. Each entry is whole, but together they are no
    /// snapshot: ones that come or go meanwhile may be missed. Entries may be taken out meanwhile.
    ///
    /// - Parameters:
    ///   - batch: How many entries a system call reads at most. A bucket of a hash must fit; where it does not, the batch grows.
    ///   - body: Called with the keys of a batch and their values, by position.
    ///
    /// The corresponding libbpf function is `bpf_map_lookup_batch`.
    public func forEachBatch(
        of batch: Int = 4096, _ body: (Span<Key>, Span<Value>) throws(BPFError) -> Void
    ) throws(BPFError) {
        try forEachBatch(of: batch, isTaking: false, body)
    }

    /// Takes all entries out and returns them: what programs add meanwhile is either among them or stays in the map, and no entry is
    /// lost or comes twice. So counters are collected without a gap.
    ///
    /// Hashes give up each entry in one step. Of an LPM trie, which cannot, each is read and then removed: what a program changes in
    /// between is lost. Arrays keep their entries: EINVAL.
    ///
    /// The corresponding libbpf function is `bpf_map_lookup_and_delete_batch`.
    public func takeEntries(batch: Int = 4096) throws(BPFError) -> [(key: Key, value: Value)] {
        var taken: [(key: Key, value: Value)] = []
        if type == .lpmTrie || type == .array {
            for key in try keys() {
                guard let value = try value(forKey: key), try removeValue(forKey: key) else { continue }
                taken.append((key, value))
            }
        } else {
            try forEachBatch(of: batch, isTaking: true) { keys, values in Self.append(keys, values, to: &taken) }
        }
        return taken
    }

    private func forEachBatch(
        of batch: Int, isTaking: Bool, _ body: (Span<Key>, Span<Value>) throws(BPFError) -> Void
    ) throws(BPFError) {
        unsafe try checked.forEachBatch(
            keySize: MemoryLayout<Key>.size, valueSize: MemoryLayout<Value>.size, of: batch, isTaking: isTaking
        ) { keys, values, count throws(BPFError) in
            unsafe try withSpan(over: keys, count: count) { (keys: Span<Key>) throws(BPFError) in
                unsafe try withSpan(over: values, count: count) { (values: Span<Value>) throws(BPFError) in try body(keys, values) }
            }
        }
    }

    private static func append(_ keys: Span<Key>, _ values: Span<Value>, to entries: inout [(key: Key, value: Value)]) {
        entries.reserveCapacity(entries.count + keys.count)
        for index in keys.indices { entries.append((keys[index], values[index])) }
    }
}
