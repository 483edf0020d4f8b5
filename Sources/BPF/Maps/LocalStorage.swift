import CLibBPF
import Glibc

/// What a value of local storage belongs to.
public enum StorageOwner: Sendable, Hashable {
    /// A process, by its number: the value of its first thread. For `taskStorage`; requires Linux 5.3.
    case process(Int32)
    /// The file or folder at a path. For `inodeStorage`, and with a cgroup's folder for `cgroupStorage`.
    case path(String)
    /// An open descriptor of the caller's: a socket, a file, a cgroup's folder, a pidfd.
    case descriptor(CInt)

    fileprivate var words: String {
        switch self {
        case .process(let number): "process \(number)"
        case .path(let path): path
        case .descriptor(let descriptor): "descriptor \(descriptor)"
        }
    }
}

/// A map whose values belong to sockets, tasks, files or cgroups, and go with them: nothing has to be cleaned up.
///
/// Programs reach the value by the object they are handed; here the object is named.
///
///     let states = try object.localStorage("states", of: state.self)
///     let mine = try states.value(of: .process(getpid()))
public struct LocalStorage<Value: BitwiseCopyable>: ~Copyable, Sendable, MapHandle {
    let checked: CheckedMap

    public var fileDescriptor: CInt { checked.descriptor.rawValue }
    public var name: String { checked.name }
    /// What the values belong to.
    public var type: MapType { checked.type }

    public init(adopting fileDescriptor: CInt) throws(BPFError) {
        checked = try CheckedMap(
            adopting: Descriptor(adopting: fileDescriptor), keySize: 4, valueSize: MemoryLayout<Value>.size, kind: "LocalStorage"
        ) { $0.isLocalStorage }
    }

    /// Makes a storage of one of the kinds `socketStorage`, `inodeStorage`, `taskStorage`, `cgroupStorage`.
    public static func create(_ type: MapType, name: String) throws(BPFError) -> LocalStorage {
        guard type.isLocalStorage else {
            throw BPFError(.create, "map \(name)", reason: "\(type) is no kind of local storage")
        }
        let size = MemoryLayout<Value>.size
        // The kernel wants to know the types by BTF, if only by their sizes.
        let types = try KeyValueTypes(valueSize: size)
        return try LocalStorage(
            adopting: Descriptor(
                creating: type, name: name, keySize: 4, valueSize: size, maxEntries: 0, flags: .noPreallocation,
                {
                    $0.btf_fd = types.fileDescriptor
                    $0.btf_key_type_id = types.key
                    $0.btf_value_type_id = types.value
                }
            ).release())
    }

    /// The value of an object, or nothing if it has none.
    public func value(of owner: StorageOwner) throws(BPFError) -> Value? {
        try with(owner) { key throws(BPFError) in try checked.value(forKey: key) }
    }

    /// Sets the value of an object.
    public func set(_ value: Value, of owner: StorageOwner, mode: UpdateMode = .any) throws(BPFError) {
        try with(owner) { key throws(BPFError) in
            for _ in 0..<Self.attempts - 1 {
                do throws(BPFError) {
                    return try checked.set(value, forKey: key, mode: mode, with: " for \(owner.words)")
                } catch {
                    guard error.errno == EAGAIN else { throw error }
                }
            }
            try checked.set(value, forKey: key, mode: mode, with: " for \(owner.words)")
        }
    }

    /// Of several that give an object its first value at once the kernel has one succeed, and the others ask again
    /// (`bpf_local_storage_alloc` in kernel/bpf/bpf_local_storage.c).
    private static var attempts: Int { 100 }

    /// Takes the value of an object away; says whether it had one.
    @discardableResult
    public func removeValue(of owner: StorageOwner) throws(BPFError) -> Bool {
        try with(owner) { key throws(BPFError) in try checked.remove(key: key) }
    }

    private func with<R>(_ owner: StorageOwner, _ body: (CInt) throws(BPFError) -> R) throws(BPFError) -> R {
        let subject = "\(owner.words), for map \(name)"
        switch owner {
        case .descriptor(let descriptor): return try body(descriptor)
        case .process(let number):
            let opened = Descriptor(adopting: try system(.open, subject) { swiftbpf_pidfd_open(number) })
            return try body(opened.rawValue)
        case .path(let path):
            let opened = Descriptor(adopting: try system(.open, subject) { unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK) })
            return try body(opened.rawValue)
        }
    }
}

/// BTF of a four-byte key and a value of so many bytes, in the kernel as long as this value or a map of these types lives.
private struct KeyValueTypes: ~Copyable {
    private let descriptor: Descriptor
    let key: UInt32
    let value: UInt32
    var fileDescriptor: UInt32 { UInt32(descriptor.rawValue) }

    init(valueSize: Int) throws(BPFError) {
        let subject = "types of a local storage"
        let btf = unsafe try captured(.create, subject, pointer: { unsafe btf__new_empty() })
        defer { unsafe btf__free(btf) }
        let int = try check(.create, subject) { unsafe btf__add_int(btf, "int", 4, Int32(BTF_INT_SIGNED)) }
        let byte = try check(.create, subject) { unsafe btf__add_int(btf, "unsigned char", 1, 0) }
        let bytes = try check(.create, subject) { unsafe btf__add_array(btf, int, byte, UInt32(valueSize)) }
        var size: UInt32 = 0
        let data = unsafe btf__raw_data(btf, &size)
        descriptor = Descriptor(adopting: try captured(.create, subject) { unsafe bpf_btf_load(data, Int(size), nil) })
        (key, value) = (UInt32(int), UInt32(bytes))
    }
}
