import CLibBPF
import Glibc

/// Sockets by key or index, among which programs choose: sockmap, sockhash, and the sockets of a reuse-port group.
///
/// A socket leaves the map when it is closed. The key of a sockmap and of a reuse-port group is a `UInt32` index. Declare values of 8
/// bytes: only then the kernel says which socket is where.
public struct SocketMap<Key: BitwiseCopyable>: ~Copyable, Sendable, MapHandle {
    let checked: CheckedMap

    public var fileDescriptor: CInt { checked.descriptor.rawValue }
    public var name: String { checked.name }
    public var type: MapType { checked.type }
    /// The most sockets it takes.
    public var maxEntries: Int { checked.maxEntries }

    public init(adopting fileDescriptor: CInt) throws(BPFError) {
        checked = try CheckedMap(
            adopting: Descriptor(adopting: fileDescriptor), keySize: MemoryLayout<Key>.size, valueSize: nil, kind: "SocketMap"
        ) { [.socketMap, .socketHash, .reusePortSockets].contains($0) }
    }

    /// Makes a map of sockets: of the kind `socketMap`, `socketHash` or `reusePortSockets`.
    public static func create(_ type: MapType, name: String, maxEntries: Int) throws(BPFError) -> SocketMap {
        try SocketMap(
            adopting: Descriptor(
                creating: type, name: name, keySize: MemoryLayout<Key>.size, valueSize: 8, maxEntries: maxEntries
            ).release())
    }

    /// Puts a socket at a key. The descriptor stays the caller's.
    ///
    /// - Throws: `BPFError` with EOPNOTSUPP if the socket is of a kind or in a state the map does not take: TCP must be established or
    ///   listening; EINVAL for the group of another reuse-port map.
    public func set(socket: CInt, forKey key: Key, mode: UpdateMode = .any) throws(BPFError) {
        if checked.valueSize == 4 {
            try checked.set(UInt32(bitPattern: socket), forKey: key, mode: mode, with: " with socket \(socket)")
        } else {
            try checked.set(UInt64(UInt32(bitPattern: socket)), forKey: key, mode: mode, with: " with socket \(socket)")
        }
    }

    /// The cookie of the socket at a key (SO_COOKIE), or nothing if there is none.
    ///
    /// - Throws: `BPFError` with ENOSPC if the map's values have 4 bytes.
    public func cookie(forKey key: Key) throws(BPFError) -> UInt64? { try checked.value(forKey: key) }

    /// Takes the socket at a key out; says whether there was one.
    @discardableResult
    public func removeSocket(forKey key: Key) throws(BPFError) -> Bool {
        do throws(BPFError) { return try checked.remove(key: key) } catch {
            // A sockmap has this word for an empty place.
            if error.errno == EINVAL, checked.type == .socketMap { return false }
            throw error
        }
    }
}

/// Kernel objects by index, which programs use by it: perf events, cgroups, and AF_XDP sockets.
public struct DescriptorArray: ~Copyable, Sendable, MapHandle {
    let checked: CheckedMap

    public var fileDescriptor: CInt { checked.descriptor.rawValue }
    public var name: String { checked.name }
    public var type: MapType { checked.type }
    /// The number of places.
    public var count: Int { checked.maxEntries }

    public init(adopting fileDescriptor: CInt) throws(BPFError) {
        checked = try CheckedMap(adopting: Descriptor(adopting: fileDescriptor), keySize: 4, valueSize: 4, kind: "DescriptorArray") {
            [.perfEventArray, .cgroupArray, .xdpSockets].contains($0)
        }
    }

    /// Makes an array of the kind `perfEventArray`, `cgroupArray` or `xdpSockets`.
    public static func create(_ type: MapType, name: String, count: Int) throws(BPFError) -> DescriptorArray {
        try DescriptorArray(
            adopting: Descriptor(creating: type, name: name, keySize: 4, valueSize: 4, maxEntries: count).release())
    }

    /// Puts what a descriptor refers to at an index. The descriptor stays the caller's. A perf event leaves with it.
    public func set(_ descriptor: CInt, at index: UInt32) throws(BPFError) {
        try checked.set(descriptor, forKey: index, with: " with descriptor \(descriptor)")
    }

    /// Puts the cgroup of a folder (`/sys/fs/cgroup/…`) at an index of a cgroup array.
    public func set(cgroup path: String, at index: UInt32) throws(BPFError) {
        let folder = Descriptor(adopting: try system(.open, "cgroup \(path)") { unsafe open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) })
        try checked.set(folder.rawValue, forKey: index, with: " with cgroup \(path)")
    }

    /// Empties the place of an index; says whether there was something.
    @discardableResult
    public func remove(at index: UInt32) throws(BPFError) -> Bool { try checked.remove(key: index) }
}
