import CLibBPF
import Glibc

/// An array map that is written now and then: only the part that is being written lies in this process's memory, and only as long.
///
/// A `MappedArray` of tens of megabytes counts as memory of every process that has it open; this one does not. The map is declared with
/// `BPF_F_MMAPABLE`. Elements lie `stride` bytes apart: the value's size rounded up to 8. Requires Linux 5.5.
public struct WindowedArray<Value: BitwiseCopyable>: ~Copyable, Sendable, MapHandle {
    let checked: CheckedMap

    public var fileDescriptor: CInt { checked.descriptor.rawValue }
    public var name: String { checked.name }
    /// The number of elements.
    public var count: Int { checked.maxEntries }
    /// The distance from one element to the next, in bytes.
    public var stride: Int { (MemoryLayout<Value>.size + 7) & ~7 }

    public init(adopting fileDescriptor: CInt) throws(BPFError) {
        checked = try CheckedMap(
            adopting: Descriptor(adopting: fileDescriptor), keySize: 4, valueSize: MemoryLayout<Value>.size, kind: "WindowedArray"
        ) { $0 == .array }
    }

    /// Makes such an array.
    public static func create(name: String, count: Int, flags: MapFlags = []) throws(BPFError) -> WindowedArray {
        try WindowedArray(
            adopting: Descriptor(
                creating: .array, name: name, keySize: 4, valueSize: MemoryLayout<Value>.size, maxEntries: count,
                flags: flags.union(.memoryMappable)
            ).release())
    }

    /// Copies bytes into the map.
    ///
    /// - Throws: `BPFError` if they do not fit behind the offset.
    public func copy(_ bytes: borrowing RawSpan, toByteOffset offset: Int = 0) throws(BPFError) {
        if bytes.byteCount == 0 { return }
        let count = bytes.byteCount
        let copied = unsafe bytes.withUnsafeBytes { source in
            Result { () throws(BPFError) in
                unsafe try withWindow(offset, count) { window in unsafe window.copyMemory(from: source) }
            }
        }
        try copied.get()
    }

    /// Reads bytes of the map.
    public func bytes(_ range: Range<Int>) throws(BPFError) -> [UInt8] {
        if range.isEmpty { return [] }
        return unsafe try withWindow(range.lowerBound, range.count) { unsafe [UInt8]($0) }
    }

    /// Some elements that stay in this process's memory, to be read often: of each the pages it lies in.
    ///
    /// - Throws: `BPFError` if an index is not below `count`.
    public func mapped(_ indices: [Int]) throws(BPFError) -> MappedElements<Value> {
        let page = Int(sysconf(Int32(_SC_PAGESIZE)))
        var windows: [MappedElements<Value>.Window] = []
        for index in indices {
            guard (0..<count).contains(index) else {
                throw BPFError(.map, "map \(name)", reason: "there is no element \(index): it has \(count)")
            }
            let offset = index * stride
            let start = offset / page * page
            windows.append(
                MappedElements.Window(
                    try MappedMemory(
                        descriptor: fileDescriptor, offset: start, length: offset + stride - start, isWritable: false,
                        subject: "map \(name)"), offset: offset - start))
        }
        return MappedElements(windows: windows)
    }

    /// Has a part of the map in memory, from the page it begins in to the page it ends in.
    private func withWindow<R>(_ offset: Int, _ length: Int, _ body: (UnsafeMutableRawBufferPointer) -> R) throws(BPFError) -> R {
        guard offset >= 0, offset + length <= count * stride else {
            throw BPFError(.update, "map \(name)", reason: "\(length) bytes at \(offset) do not fit into \(count * stride)")
        }
        let page = Int(sysconf(Int32(_SC_PAGESIZE)))
        let start = offset / page * page
        let memory = try MappedMemory(
            descriptor: fileDescriptor, offset: start, length: offset + length - start, subject: "map \(name)")
        return unsafe body(UnsafeMutableRawBufferPointer(start: memory.base + (offset - start), count: length))
    }
}

/// Elements of a ``WindowedArray`` that lie in this process's memory: programs write and Swift reads the same bytes, without system calls.
///
/// Plain reads are not ordered against the programs on other CPUs.
public struct MappedElements<Value: BitwiseCopyable>: Sendable {
    /// The pages of an element, and where it begins in them.
    final class Window: Sendable {
        let memory: MappedMemory
        let offset: Int

        init(_ memory: consuming MappedMemory, offset: Int) {
            self.memory = memory
            self.offset = offset
        }
    }

    fileprivate let windows: [Window]

    /// How many there are.
    public var count: Int { windows.count }

    /// The element in a place among those that were asked for, below `count`.
    public subscript(place: Int) -> Value {
        let window = windows[place]
        return unsafe window.memory.base.loadUnaligned(fromByteOffset: window.offset, as: Value.self)
    }
}
