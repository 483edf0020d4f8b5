import CLibBPF
import Glibc
import Synchronization

/// The producing end of a user ring buffer, from which programs take records with `bpf_user_ringbuf_drain`.
///
///     let commands = try object.userRingBuffer("commands")
///     if try !commands.write(command(kind: 1)) { … }  // full until a program drains it
///
/// One process writes; its tasks share the value and their records come one after the other. Requires Linux 6.1.
///
/// The corresponding libbpf functions are `user_ring_buffer__new`, `user_ring_buffer__reserve` and `user_ring_buffer__submit`.
@safe public final class UserRingBuffer: @unchecked Sendable {
    private let map: Descriptor
    private let ring: OpaquePointer
    /// libbpf's producer is for one thread at a time.
    private let writing = Mutex<Void>(())

    /// The kernel's name of the map.
    public let name: String
    /// Its size in bytes. A record takes its size rounded up to 8, and 8 more.
    public let byteCount: Int

    /// The ring's map descriptor, for `OpenObject.reuse(descriptor:asMap:)`. It stays the ring's: do not close it.
    public var fileDescriptor: CInt { map.rawValue }

    /// Takes over the open descriptor of a user ring buffer map, also when it throws.
    public convenience init(adopting fileDescriptor: CInt) throws(BPFError) { try self.init(Descriptor(adopting: fileDescriptor)) }

    /// The user ring buffer pinned at a path of a bpf filesystem.
    public convenience init(pinnedAt path: String) throws(BPFError) {
        try self.init(Descriptor(pinnedAt: path, .map, subject: "user ring buffer"))
    }

    /// Makes a user ring buffer map of a size in bytes, a power of two of at least a page.
    public static func create(name: String, byteCount: Int) throws(BPFError) -> UserRingBuffer {
        try UserRingBuffer(Descriptor(creating: .userRingBuffer, name: name, keySize: 0, valueSize: 0, maxEntries: byteCount))
    }

    private init(_ map: consuming Descriptor) throws(BPFError) {
        let info = try MapInfo(descriptor: map.rawValue, subject: "user ring buffer")
        guard info.type == .userRingBuffer else {
            throw BPFError(.open, "map \(info.name)", reason: "it is of kind \(info.type), and no user ring buffer")
        }
        let descriptor = map.rawValue
        unsafe ring = try captured(
            .open, "user ring buffer \(info.name)", pointer: { unsafe user_ring_buffer__new(descriptor, nil) })
        name = info.name
        byteCount = info.maxEntries
        self.map = map
    }

    deinit { unsafe user_ring_buffer__free(ring) }

    /// Pins the map at a path of a bpf filesystem.
    public func pin(at path: String) throws(BPFError) { try map.pin(at: path, subject: "user ring buffer \(name)") }

    /// Writes a record. Types with padding hand on whatever is in it.
    ///
    /// - Returns: False if the ring is full: nothing was written.
    /// - Throws: `BPFError` with E2BIG if the record is larger than the ring.
    public func write<Record: BitwiseCopyable>(_ record: Record) throws(BPFError) -> Bool {
        let result = unsafe withUnsafeBytes(of: record) { unsafe write($0) }
        return try checked(result, size: MemoryLayout<Record>.size)
    }

    /// Writes a record of the given bytes.
    ///
    /// - Returns: False if the ring is full: nothing was written.
    /// - Throws: `BPFError` with E2BIG if the record is larger than the ring.
    public func write(_ bytes: borrowing RawSpan) throws(BPFError) -> Bool {
        let size = bytes.byteCount
        let result = unsafe bytes.withUnsafeBytes { unsafe write($0) }
        return try checked(result, size: size)
    }

    /// Zero or an error number.
    private func write(_ bytes: UnsafeRawBufferPointer) -> CInt {
        writing.withLock { _ in
            guard let place = unsafe user_ring_buffer__reserve(ring, UInt32(clamping: bytes.count)) else { return errno }
            if let start = bytes.baseAddress { unsafe place.copyMemory(from: start, byteCount: bytes.count) }
            unsafe user_ring_buffer__submit(ring, place)
            return 0
        }
    }

    private func checked(_ result: CInt, size: Int) throws(BPFError) -> Bool {
        if result == ENOSPC { return false }
        if result != 0 { throw BPFError(.update, "user ring buffer \(name) with a record of \(size) bytes", errno: result) }
        return true
    }
}
