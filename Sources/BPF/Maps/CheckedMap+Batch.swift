import CLibBPF
import Glibc

/// Many entries with one system call, as bytes. Requires Linux 5.6; the kinds that cannot are said at the callers.
extension CheckedMap {
    /// Reads all entries, in batches of about `batch`; with `isTaking` they leave the map as they are read.
    ///
    /// - Parameters:
    ///   - valueSize: The bytes of a value as the kernel copies them: for per-CPU kinds those of all CPUs.
    ///   - body: Called with the keys and values of each batch one behind the other, and how many there are.
    func forEachBatch(
        keySize: Int, valueSize: Int, of batch: Int, isTaking: Bool = false,
        _ body: (UnsafeRawPointer, UnsafeRawPointer, Int) throws(BPFError) -> Void
    ) throws(BPFError) {
        var capacity = max(1, min(batch, maxEntries))
        // The position is opaque: at least four bytes, and for arrays and tries a key.
        var position = [UInt8](repeating: 0, count: max(8, keySize))
        var isFirst = true
        var attempts = 0
        var keys = UnsafeMutableRawPointer.allocate(byteCount: keySize * capacity, alignment: 16)
        var values = UnsafeMutableRawPointer.allocate(byteCount: valueSize * capacity, alignment: 16)
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
                    let call = unsafe isTaking ? bpf_map_lookup_and_delete_batch : bpf_map_lookup_batch
                    return unsafe call(descriptor.rawValue, isFirst ? nil : from.baseAddress, to.baseAddress, keys, values, &count, nil)
                }
            }
            if result == -ENOSPC {
                // A bucket that does not fit.
                capacity *= 2
                unsafe keys.deallocate()
                unsafe values.deallocate()
                unsafe keys = .allocate(byteCount: keySize * capacity, alignment: 16)
                unsafe values = .allocate(byteCount: valueSize * capacity, alignment: 16)
                continue
            }
            // Before Linux 6.14 a walk over a trie gave up where entries went meanwhile, after those it had.
            let isInterrupted = result == -EINTR && attempts < 16
            guard result == 0 || result == -ENOENT || isInterrupted else {
                throw BPFError(isTaking ? .delete : .lookup, "map \(name)", errno: -result)
            }
            attempts = isInterrupted && count == 0 ? attempts + 1 : 0
            unsafe try body(keys, values, Int(count))
            if result == -ENOENT { return }
            if isInterrupted && count == 0 { continue }
            position = next
            isFirst = false
        }
    }

    /// Sets entries whose keys and values lie one behind the other.
    func set(count: Int, keys: UnsafeRawPointer?, values: UnsafeRawPointer?) throws(BPFError) {
        var done = UInt32(count)
        // The kernel takes no mode here, and does not say how many it has set when it refuses the whole.
        let result = unsafe bpf_map_update_batch(descriptor.rawValue, keys, values, &done, nil)
        if result < 0 { throw BPFError(.update, "map \(name)", errno: -result, reason: progress(done, of: count, "entries")) }
    }

    private func progress(_ done: UInt32, of count: Int, _ things: String) -> String {
        Int(done) < count ? "after \(done) of \(count) \(things)" : ""
    }

    /// Takes keys out that lie one behind the other.
    func remove(count: Int, keys: UnsafeRawPointer?) throws(BPFError) {
        var done = UInt32(count)
        let result = unsafe bpf_map_delete_batch(descriptor.rawValue, keys, &done, nil)
        if result < 0 { throw BPFError(.delete, "map \(name)", errno: -result, reason: progress(done, of: count, "keys")) }
    }
}

/// Elements as the kernel wants them, one right behind the other: Swift leaves the tail padding of its own structs between them.
func withPackedBytes<Element: BitwiseCopyable, R>(
    of elements: [Element], _ body: (UnsafeRawPointer?) throws(BPFError) -> R
) throws(BPFError) -> R {
    let size = MemoryLayout<Element>.size
    let result = unsafe elements.withUnsafeBytes { bytes in
        Result { () throws(BPFError) in
            if size == MemoryLayout<Element>.stride { return try unsafe body(bytes.baseAddress) }
            return unsafe try withUnsafeTemporaryAllocation(byteCount: size * elements.count, alignment: 16) { packed throws(BPFError) in
                for index in elements.indices {
                    unsafe packed.storeBytes(of: elements[index], toByteOffset: index * size, as: Element.self)
                }
                return try unsafe body(packed.baseAddress)
            }
        }
    }
    return try result.get()
}

/// Elements that lie one right behind the other, as a span.
func withSpan<Element: BitwiseCopyable>(
    over bytes: UnsafeRawPointer, count: Int, _ body: (Span<Element>) throws(BPFError) -> Void
) throws(BPFError) {
    let size = MemoryLayout<Element>.size
    if size == MemoryLayout<Element>.stride {
        let elements = unsafe UnsafeBufferPointer(start: bytes.bindMemory(to: Element.self, capacity: count), count: count)
        return try body(unsafe elements.span)
    }
    let elements = (0..<count).map { unsafe bytes.loadUnaligned(fromByteOffset: $0 * size, as: Element.self) }
    try body(elements.span)
}
