import CLibBPF
import Glibc

/// An array map that lies in this process's memory: programs and Swift read and write the same bytes, without system calls.
///
/// The map is declared with `BPF_F_MMAPABLE`. Elements lie `stride` bytes apart: the value's size rounded up to 8. Requires Linux 5.5.
///
/// Plain reads and writes are not ordered against the programs on other CPUs; publish with `storeRelease`, and read what programs publish
/// with `loadAcquire`.
public struct MappedArray<Value: BitwiseCopyable>: ~Copyable, @unchecked Sendable, MapHandle {
    let checked: CheckedMap
    let memory: MappedMemory

    public var fileDescriptor: CInt { checked.descriptor.rawValue }
    public var name: String { checked.name }
    /// The number of elements.
    public var count: Int { checked.maxEntries }
    /// The distance from one element to the next, in bytes.
    public var stride: Int { (MemoryLayout<Value>.size + 7) & ~7 }

    public init(adopting fileDescriptor: CInt) throws(BPFError) {
        let checked = try CheckedMap(
            adopting: Descriptor(adopting: fileDescriptor), keySize: 4, valueSize: MemoryLayout<Value>.size, kind: "MappedArray"
        ) { $0 == .array }
        memory = try MappedMemory(
            descriptor: checked.descriptor.rawValue, length: checked.maxEntries * ((MemoryLayout<Value>.size + 7) & ~7),
            subject: "map \(checked.name)")
        self.checked = checked
    }

    /// Makes a memory-mapped array.
    public static func create(name: String, count: Int, flags: MapFlags = []) throws(BPFError) -> MappedArray {
        try MappedArray(
            adopting: Descriptor(
                creating: .array, name: name, keySize: 4, valueSize: MemoryLayout<Value>.size, maxEntries: count,
                flags: flags.union(.memoryMappable)
            ).release())
    }

    /// The element at an index, which must be below `count`.
    public subscript(index: Int) -> Value {
        get {
            precondition(index >= 0 && index < count, "index \(index) of map \(name), which has \(count) elements")
            return unsafe memory.base.load(fromByteOffset: index * stride, as: Value.self)
        }
        nonmutating set {
            precondition(index >= 0 && index < count, "index \(index) of map \(name), which has \(count) elements")
            unsafe memory.base.storeBytes(of: newValue, toByteOffset: index * stride, as: Value.self)
        }
    }

    /// Gives access to the whole memory, `count * stride` bytes. The pointer must not leave the closure.
    public borrowing func withUnsafeMutableBytes<R, E: Error>(
        _ body: (UnsafeMutableRawBufferPointer) throws(E) -> R
    ) throws(E) -> R {
        try unsafe body(UnsafeMutableRawBufferPointer(start: memory.base, count: count * stride))
    }

    /// Copies bytes into the memory.
    ///
    /// - Throws: `BPFError` if they do not fit behind the offset.
    public func copy(_ bytes: borrowing RawSpan, toByteOffset offset: Int = 0) throws(BPFError) {
        guard offset >= 0, offset + bytes.byteCount <= count * stride else {
            throw BPFError(
                .update, "map \(name)", reason: "\(bytes.byteCount) bytes at \(offset) do not fit into \(count * stride)")
        }
        unsafe bytes.withUnsafeBytes { source in
            if let start = source.baseAddress { unsafe (memory.base + offset).copyMemory(from: start, byteCount: source.count) }
        }
    }
}

/// Single words, ordered against the programs.
extension MappedArray {
    /// Reads a 32-bit word at a byte offset, a multiple of 4; later reads see what the program wrote before it stored the word.
    public func loadAcquire(_ type: UInt32.Type = UInt32.self, atByteOffset offset: Int) -> UInt32 {
        unsafe swiftbpf_load_acquire_32(word(offset, size: 4))
    }

    /// Reads a 64-bit word at a byte offset, a multiple of 8.
    public func loadAcquire(_ type: UInt64.Type, atByteOffset offset: Int) -> UInt64 {
        unsafe swiftbpf_load_acquire_64(word(offset, size: 8))
    }

    /// Stores a 32-bit word at a byte offset, a multiple of 4; who reads it sees what was written before.
    public func storeRelease(_ value: UInt32, atByteOffset offset: Int) {
        unsafe swiftbpf_store_release_32(word(offset, size: 4), value)
    }

    /// Stores a 64-bit word at a byte offset, a multiple of 8.
    public func storeRelease(_ value: UInt64, atByteOffset offset: Int) {
        unsafe swiftbpf_store_release_64(word(offset, size: 8), value)
    }

    private func word(_ offset: Int, size: Int) -> UnsafeMutableRawPointer {
        precondition(offset >= 0 && offset % size == 0 && offset + size <= count * stride, "offset \(offset) of map \(name)")
        return unsafe memory.base + offset
    }
}

/// A map's memory in this process.
@safe struct MappedMemory: ~Copyable, @unchecked Sendable {
    let base: UnsafeMutableRawPointer
    private let length: Int

    /// - Parameter offset: Where in the map it begins, a multiple of a page.
    init(
        descriptor: CInt, offset: Int = 0, length: Int, isWritable: Bool = true, subject: String
    ) throws(BPFError) {
        let page = Int(sysconf(Int32(_SC_PAGESIZE)))
        let length = max(1, (length + page - 1) / page) * page
        let pointer = unsafe mmap(nil, length, isWritable ? PROT_READ | PROT_WRITE : PROT_READ, MAP_SHARED, descriptor, offset)
        guard let pointer = unsafe pointer, unsafe pointer != MAP_FAILED else {
            throw BPFError(
                .map, subject, errno: errno,
                remedy: errno == EINVAL ? "declare the map with BPF_F_MMAPABLE" : nil)
        }
        unsafe base = unsafe pointer
        self.length = length
    }

    deinit { unsafe munmap(base, length) }
}
