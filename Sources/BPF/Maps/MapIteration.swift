import CLibBPF
import Glibc

/// Walks the keys of a map, at most `limit` of them.
///
/// The kernel starts again at the first key when the one it was given has gone meanwhile, so a walk over a busy hash must be bounded; keys
/// may then come twice.
func forEachKey<Key: BitwiseCopyable>(
    of descriptor: CInt, name: String, limit: Int, _ body: (Key) throws(BPFError) -> Bool
) throws(BPFError) {
    unsafe try withUnsafeTemporaryAllocation(of: Key.self, capacity: 2) { keys throws(BPFError) in
        guard let current = keys.baseAddress else { return }
        let next = unsafe current + 1
        var visited = 0
        var result = unsafe bpf_map_get_next_key(descriptor, nil, next)
        while result == 0, visited < limit {
            unsafe current.pointee = unsafe next.pointee
            // Asked before the body runs, which may take the key out.
            result = unsafe bpf_map_get_next_key(descriptor, current, next)
            visited += 1
            if !(try body(unsafe current.pointee)) { return }
        }
        if result < 0, result != -ENOENT { throw BPFError(.iterate, "map \(name)", errno: -result) }
    }
}

extension Map {
    /// Walks the entries in no order; ones that come or go meanwhile may be missed or seen twice.
    ///
    /// - Parameters:
    ///   - limit: The most keys to visit; without it as many as the map can hold, twice.
    ///   - body: Called with each entry; returning false ends the walk.
    public func forEachWhile(limit: Int? = nil, _ body: (Key, Value) -> Bool) throws(BPFError) {
        try forEachKey(of: fileDescriptor, name: name, limit: limit ?? 2 * maxEntries) { (key: Key) throws(BPFError) in
            guard let value = try value(forKey: key) else { return true }
            return body(key, value)
        }
    }

    /// Walks all entries, as `forEachWhile`.
    public func forEach(limit: Int? = nil, _ body: (Key, Value) -> Void) throws(BPFError) {
        try forEachWhile(limit: limit) { key, value in
            body(key, value)
            return true
        }
    }

    /// How many entries there are. Walks the keys: costs a system call for each.
    public func count() throws(BPFError) -> Int {
        var count = 0
        try forEachKey(of: fileDescriptor, name: name, limit: 2 * maxEntries) { (_: Key) in
            count += 1
            return true
        }
        return count
    }

    /// All keys, in no order.
    public func keys(limit: Int? = nil) throws(BPFError) -> [Key] {
        var keys: [Key] = []
        try forEachKey(of: fileDescriptor, name: name, limit: limit ?? 2 * maxEntries) { (key: Key) in
            keys.append(key)
            return true
        }
        return keys
    }
}
