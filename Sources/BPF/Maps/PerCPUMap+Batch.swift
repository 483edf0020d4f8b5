import CLibBPF
import Glibc

/// Many entries with one system call. Requires Linux 5.6, for per-CPU arrays 5.13.
extension PerCPUMap {
    /// All entries, each with its values of all CPUs, read in batches. Together they are no snapshot.
    ///
    /// The corresponding libbpf function is `bpf_map_lookup_batch`.
    public func entries(batch: Int = 1024) throws(BPFError) -> [(key: Key, values: [Value])] {
        try read(batch: batch, isTaking: false)
    }

    /// Takes all entries of a hash out and returns them: what programs add meanwhile is either among them or stays in the map. Arrays
    /// keep their entries.
    ///
    /// The corresponding libbpf function is `bpf_map_lookup_and_delete_batch`.
    public func takeEntries(batch: Int = 1024) throws(BPFError) -> [(key: Key, values: [Value])] {
        try read(batch: batch, isTaking: true)
    }

    /// Sets entries: for each key the values of all possible CPUs, by position.
    ///
    /// - Throws: `BPFError` whose reason says how many were set before the failure.
    ///
    /// The corresponding libbpf function is `bpf_map_update_batch`.
    public func set(_ rows: [[Value]], forKeys keys: [Key]) throws(BPFError) {
        guard keys.count == rows.count, rows.allSatisfy({ $0.count == cpuCount }) else {
            throw BPFError(
                .update, "map \(name)", reason: "\(rows.count) rows for \(keys.count) keys, each to have \(cpuCount) values")
        }
        if keys.isEmpty { return }
        unsafe try withUnsafeTemporaryAllocation(byteCount: rowSize * rows.count, alignment: 16) { bytes throws(BPFError) in
            for (row, values) in rows.enumerated() {
                for (cpu, value) in values.enumerated() {
                    unsafe bytes.storeBytes(of: value, toByteOffset: row * rowSize + cpu * stride, as: Value.self)
                }
            }
            let start = UnsafeRawPointer(bytes.baseAddress)
            unsafe try withPackedBytes(of: keys) { keyBytes throws(BPFError) in
                unsafe try checked.set(count: keys.count, keys: keyBytes, values: start)
            }
        }
    }

    /// Takes the keys of a hash out, all of which must be there.
    ///
    /// The corresponding libbpf function is `bpf_map_delete_batch`.
    public func removeValues(forKeys keys: [Key]) throws(BPFError) {
        if keys.isEmpty { return }
        unsafe try withPackedBytes(of: keys) { bytes throws(BPFError) in unsafe try checked.remove(count: keys.count, keys: bytes) }
    }

    private func read(batch: Int, isTaking: Bool) throws(BPFError) -> [(key: Key, values: [Value])] {
        var found: [(key: Key, values: [Value])] = []
        let keySize = MemoryLayout<Key>.size
        unsafe try checked.forEachBatch(keySize: keySize, valueSize: rowSize, of: batch, isTaking: isTaking) { keys, rows, count in
            for row in 0..<count {
                found.append(
                    (
                        unsafe keys.loadUnaligned(fromByteOffset: row * keySize, as: Key.self),
                        (0..<cpuCount).map { unsafe rows.loadUnaligned(fromByteOffset: row * rowSize + $0 * stride, as: Value.self) }
                    ))
            }
        }
        return found
    }
}
