import CLibBPF
import Glibc

/// Many entries with one system call. Requires Linux 5.6.
extension Map {
    /// Sets the entries; keys and values go by position.
    ///
    /// - Throws: `BPFError` whose reason says how many were set before the failure.
    ///
    /// The corresponding libbpf function is `bpf_map_update_batch`.
    public func set(_ values: [Value], forKeys keys: [Key], mode: UpdateMode = .any) throws(BPFError) {
        guard keys.count == values.count else {
            throw BPFError(.update, "map \(name)", reason: "\(keys.count) keys for \(values.count) values")
        }
        if keys.isEmpty { return }
        var count = UInt32(keys.count)
        var options = bpf_map_batch_opts()
        options.sz = swiftbpf_size_of_bpf_map_batch_opts()
        options.elem_flags = mode.rawValue
        let result = unsafe keys.withUnsafeBytes { keys in
            unsafe values.withUnsafeBytes { values in
                unsafe bpf_map_update_batch(fileDescriptor, keys.baseAddress, values.baseAddress, &count, &options)
            }
        }
        if result < 0 { throw BPFError(.update, "map \(name)", errno: -result, reason: "after \(count) of \(keys.count) entries") }
    }

    /// Takes the keys out, all of which must be there.
    public func removeValues(forKeys keys: [Key]) throws(BPFError) {
        if keys.isEmpty { return }
        var count = UInt32(keys.count)
        let result = unsafe keys.withUnsafeBytes { unsafe bpf_map_delete_batch(fileDescriptor, $0.baseAddress, &count, nil) }
        if result < 0 { throw BPFError(.delete, "map \(name)", errno: -result, reason: "after \(count) of \(keys.count) keys") }
    }

    /// All entries, read in batches. Each is whole, but together they are no snapshot.
    ///
    /// - Parameter batch: How many entries a system call reads at most. A bucket of a hash must fit; where it does not, the batch grows.
    ///
    /// The corresponding libbpf function is `bpf_map_lookup_batch`.
    public func entries(batch: Int = 4096) throws(BPFError) -> [(key: Key, value: Value)] {
        var found: [(key: Key, value: Value)] = []
        try forEachBatch(of: batch) { keys, values in
            found.reserveCapacity(found.count + keys.count)
            for index in keys.indices { found.append((keys[index], values[index])) }
        }
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
        var capacity = max(1, min(batch, maxEntries))
        // The position is opaque: at least four bytes, and for arrays and tries a key.
        var position = [UInt8](repeating: 0, count: max(8, MemoryLayout<Key>.size))
        var isFirst = true
        var keys = UnsafeMutableBufferPointer<Key>.allocate(capacity: capacity)
        var values = UnsafeMutableBufferPointer<Value>.allocate(capacity: capacity)
        defer {
            unsafe keys.deallocate()
            unsafe values.deallocate()
        }
        // Concurrent inserts cannot keep this going for ever: each call moves to later buckets.
        while true {
            var count = UInt32(capacity)
            var next = position
            let result = unsafe position.withUnsafeMutableBytes { from in
                unsafe next.withUnsafeMutableBytes { to in
                    unsafe bpf_map_lookup_batch(
                        fileDescriptor, isFirst ? nil : from.baseAddress, to.baseAddress, keys.baseAddress, values.baseAddress, &count, nil)
                }
            }
            if result == -ENOSPC {
                capacity *= 2
                unsafe keys.deallocate()
                unsafe values.deallocate()
                unsafe keys = .allocate(capacity: capacity)
                unsafe values = .allocate(capacity: capacity)
                continue
            }
            guard result == 0 || result == -ENOENT else { throw BPFError(.lookup, "map \(name)", errno: -result) }
            let foundKeys = unsafe UnsafeBufferPointer(start: keys.baseAddress, count: Int(count))
            let foundValues = unsafe UnsafeBufferPointer(start: values.baseAddress, count: Int(count))
            try body(unsafe foundKeys.span, unsafe foundValues.span)
            if result == -ENOENT { return }
            position = next
            isFirst = false
        }
    }
}
