import CLibBPF
import Glibc

/// A map's descriptor after its kind and sizes were checked against the types it is used with.
struct CheckedMap: ~Copyable, Sendable {
    let descriptor: Descriptor
    let name: String
    let type: MapType
    let valueSize: Int
    let maxEntries: Int

    /// Takes the descriptor over, also when it throws.
    init(
        adopting descriptor: consuming Descriptor, keySize: Int?, valueSize: Int?, kind: String, accepts: (MapType) -> Bool
    ) throws(BPFError) {
        let info = try MapInfo(descriptor: descriptor.rawValue, subject: "map")
        guard accepts(info.type) else {
            throw BPFError(.open, "map \(info.name)", reason: "it is of kind \(info.type), which \(kind) does not serve")
        }
        for (role, given, wanted) in [("keys", keySize, info.keySize), ("values", valueSize, info.valueSize)] {
            if let given, given != wanted {
                throw BPFError(.open, "map \(info.name)", reason: "its \(role) have \(wanted) bytes, those of the Swift type \(given)")
            }
        }
        name = info.name
        type = info.type
        self.valueSize = info.valueSize
        maxEntries = info.maxEntries
        self.descriptor = descriptor
    }
}

/// Single entries, as most kinds have them. Keys and values are of the map's sizes: `init` has seen to that.
extension CheckedMap {
    /// The value of a key, or nothing if the key is not there.
    func value<Key: BitwiseCopyable, Value: BitwiseCopyable>(forKey key: Key, as type: Value.Type = Value.self) throws(BPFError) -> Value? {
        var key = key
        return unsafe try received { memory in unsafe bpf_map_lookup_elem(descriptor.rawValue, &key, memory) }
    }

    /// The value that a call leaves in memory, or nothing if it says that there is none.
    func received<Value: BitwiseCopyable>(
        step: BPFError.Step = .lookup, _ call: (UnsafeMutablePointer<Value>) -> CInt
    ) throws(BPFError) -> Value? {
        unsafe try withUnsafeTemporaryAllocation(of: Value.self, capacity: 1) { memory throws(BPFError) -> Value? in
            guard let value = memory.baseAddress else { return nil }
            let result = unsafe call(value)
            if result == -ENOENT { return nil }
            if result < 0 { throw BPFError(step, "map \(name)", errno: -result) }
            return unsafe value.pointee
        }
    }

    func set<Key: BitwiseCopyable, Value: BitwiseCopyable>(
        _ value: Value, forKey key: Key, mode: UpdateMode = .any, with subject: @autoclosure () -> String = ""
    ) throws(BPFError) {
        var key = key
        var value = value
        try check(.update, "map \(name)\(subject())") {
            unsafe bpf_map_update_elem(descriptor.rawValue, &key, &value, mode.rawValue)
        }
    }

    /// Takes a key out; says whether it was there.
    func remove<Key: BitwiseCopyable>(key: Key) throws(BPFError) -> Bool {
        var key = key
        let result = unsafe bpf_map_delete_elem(descriptor.rawValue, &key)
        if result == -ENOENT { return false }
        if result < 0 { throw BPFError(.delete, "map \(name)", errno: -result) }
        return true
    }

    /// Walks the keys, at most `limit` of them; without it as many as the map can hold, twice.
    ///
    /// The kernel starts again at the first key when the one it was given has gone meanwhile, so a walk over a busy hash must be bounded;
    /// keys may then come twice.
    func forEachKey<Key: BitwiseCopyable>(limit: Int? = nil, _ body: (Key) throws(BPFError) -> Bool) throws(BPFError) {
        let limit = limit ?? 2 * maxEntries
        unsafe try withUnsafeTemporaryAllocation(of: Key.self, capacity: 2) { keys throws(BPFError) in
            guard let current = keys.baseAddress else { return }
            let next = unsafe current + 1
            var visited = 0
            var result = unsafe bpf_map_get_next_key(descriptor.rawValue, nil, next)
            while result == 0, visited < limit {
                unsafe current.pointee = unsafe next.pointee
                // Asked before the body runs, which may take the key out.
                result = unsafe bpf_map_get_next_key(descriptor.rawValue, current, next)
                visited += 1
                if !(try body(unsafe current.pointee)) { return }
            }
            if result < 0, result != -ENOENT { throw BPFError(.iterate, "map \(name)", errno: -result) }
        }
    }

    /// All keys, in no order.
    func keys<Key: BitwiseCopyable>(limit: Int? = nil) throws(BPFError) -> [Key] {
        var keys: [Key] = []
        try forEachKey(limit: limit) { (key: Key) in
            keys.append(key)
            return true
        }
        return keys
    }
}

extension Descriptor {
    /// The map of a number the kernel gave it.
    init(mapID id: UInt32) throws(BPFError) {
        self.init(adopting: try check(.open, "map of id \(id)") { bpf_map_get_fd_by_id(id) })
    }

    /// A new map.
    ///
    /// - Parameter edit: Sets what only some kinds have.
    init(
        creating type: MapType, name: String, keySize: Int, valueSize: Int, maxEntries: Int, flags: MapFlags = [],
        _ edit: (inout bpf_map_create_opts) -> Void = { _ in }
    ) throws(BPFError) {
        guard let count = UInt32(exactly: maxEntries) else {
            throw BPFError(.create, "map \(name)", reason: "\(maxEntries) is no number of entries")
        }
        var options = bpf_map_create_opts()
        options.sz = swiftbpf_size_of_bpf_map_create_opts()
        options.map_flags = flags.rawValue
        edit(&options)
        let fd = try captured(.create, "map \(name)") {
            // The kernel refuses names of more than 15 characters; libbpf cuts those of objects the same way.
            unsafe bpf_map_create(
                bpf_map_type(type.rawValue), String(name.prefix(15)), UInt32(keySize), UInt32(valueSize), count, &options)
        }
        self.init(adopting: fd)
    }
}
