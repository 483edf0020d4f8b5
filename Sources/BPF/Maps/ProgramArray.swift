import CLibBPF
import Glibc

/// The table of tail calls: programs by index.
///
/// Replacing an entry takes effect for the next packet that comes to it; entries replaced one after the other may be seen half old, half
/// new. The kernel empties the table when the last descriptor and pin of it goes.
public struct ProgramArray: ~Copyable, Sendable, MapHandle {
    let checked: CheckedMap

    public var fileDescriptor: CInt { checked.descriptor.rawValue }
    public var name: String { checked.name }
    /// The number of places.
    public var count: Int { checked.maxEntries }

    /// Takes over a map's open descriptor, also when it throws.
    public init(adopting fileDescriptor: CInt) throws(BPFError) {
        checked = try CheckedMap(adopting: Descriptor(adopting: fileDescriptor), keySize: 4, valueSize: 4, kind: "ProgramArray") {
            $0 == .programArray
        }
    }

    /// The table pinned at a path of a bpf filesystem.
    public init(pinnedAt path: String) throws(BPFError) {
        try self.init(adopting: Descriptor(pinnedAt: path, .map, subject: "map").release())
    }

    /// Makes a table.
    public static func create(name: String, count: Int) throws(BPFError) -> ProgramArray {
        try ProgramArray(
            adopting: Descriptor(creating: .programArray, name: name, keySize: 4, valueSize: 4, maxEntries: count, flags: []).release())
    }

    /// Puts a program at an index.
    public func set(_ program: borrowing Program, at index: UInt32) throws(BPFError) {
        var index = index
        var descriptor = program.fileDescriptor
        let programName = program.name
        try check(.update, "map \(name) with program \(programName)") {
            unsafe bpf_map_update_elem(fileDescriptor, &index, &descriptor, 0)
        }
    }

    /// Empties the place of an index; says whether there was a program.
    @discardableResult
    public func remove(at index: UInt32) throws(BPFError) -> Bool {
        var index = index
        let result = unsafe bpf_map_delete_elem(fileDescriptor, &index)
        if result == -ENOENT { return false }
        if result < 0 { throw BPFError(.delete, "map \(name)", errno: -result) }
        return true
    }

    /// The number of the program at an index, or nothing if the place is empty.
    public func programID(at index: UInt32) throws(BPFError) -> UInt32? {
        var index = index
        var id: UInt32 = 0
        let result = unsafe bpf_map_lookup_elem(fileDescriptor, &index, &id)
        if result == -ENOENT { return nil }
        if result < 0 { throw BPFError(.lookup, "map \(name)", errno: -result) }
        return id
    }
}
