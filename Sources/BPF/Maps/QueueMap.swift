import CLibBPF
import Glibc

/// A queue or a stack: elements without keys, which programs and Swift push and pop. Requires Linux 4.20.
///
///     let jobs: QueueMap<job> = try object.queue("jobs")
///     while let job = try jobs.pop() { … }
public struct QueueMap<Element: BitwiseCopyable>: ~Copyable, Sendable, MapHandle {
    let checked: CheckedMap

    public var fileDescriptor: CInt { checked.descriptor.rawValue }
    public var name: String { checked.name }
    /// Queue, first in first out, or stack, last in first out.
    public var type: MapType { checked.type }
    /// The most elements it takes.
    public var capacity: Int { checked.maxEntries }

    public init(adopting fileDescriptor: CInt) throws(BPFError) {
        checked = try CheckedMap(
            adopting: Descriptor(adopting: fileDescriptor), keySize: 0, valueSize: MemoryLayout<Element>.size, kind: "QueueMap"
        ) { $0 == .queue || $0 == .stack }
    }

    /// Makes a queue, or a stack.
    public static func create(_ type: MapType = .queue, name: String, capacity: Int) throws(BPFError) -> QueueMap {
        try QueueMap(
            adopting: Descriptor(
                creating: type, name: name, keySize: 0, valueSize: MemoryLayout<Element>.size, maxEntries: capacity
            ).release())
    }

    /// Adds an element.
    ///
    /// - Parameter isEvicting: Whether the oldest element makes room when it is full.
    /// - Returns: False if it is full, and nothing was to make room.
    @discardableResult
    public func push(_ element: Element, evictingOldest isEvicting: Bool = false) throws(BPFError) -> Bool {
        var element = element
        // BPF_EXIST, of which there is nothing in a queue, stands for eviction.
        let flags = isEvicting ? UpdateMode.replace.rawValue : 0
        let result = unsafe bpf_map_update_elem(fileDescriptor, nil, &element, flags)
        if result == -E2BIG { return false }
        if result < 0 { throw BPFError(.update, "map \(name)", errno: -result) }
        return true
    }

    /// Takes the next element out, or nothing if there is none.
    public func pop() throws(BPFError) -> Element? {
        unsafe try checked.received(step: .delete) { unsafe bpf_map_lookup_and_delete_elem(fileDescriptor, nil, $0) }
    }

    /// The next element, which stays, or nothing if there is none.
    public func peek() throws(BPFError) -> Element? {
        unsafe try checked.received { unsafe bpf_map_lookup_elem(fileDescriptor, nil, $0) }
    }
}
