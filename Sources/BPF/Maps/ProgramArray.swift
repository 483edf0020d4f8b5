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

    public init(adopting fileDescriptor: CInt) throws(BPFError) {
        checked = try CheckedMap(adopting: Descriptor(adopting: fileDescriptor), keySize: 4, valueSize: 4, kind: "ProgramArray") {
            $0 == .programArray
        }
    }

    /// Makes a table.
    public static func create(name: String, count: Int) throws(BPFError) -> ProgramArray {
        try ProgramArray(
            adopting: Descriptor(creating: .programArray, name: name, keySize: 4, valueSize: 4, maxEntries: count, flags: []).release())
    }

    /// Puts a program at an index.
    public func set(_ program: borrowing Program, at index: UInt32) throws(BPFError) {
        let programName = program.name
        try checked.set(program.fileDescriptor, forKey: index, with: " with program \(programName)")
    }

    /// Empties the place of an index; says whether there was a program.
    @discardableResult
    public func remove(at index: UInt32) throws(BPFError) -> Bool { try checked.remove(key: index) }

    /// The number of the program at an index, or nothing if the place is empty.
    public func programID(at index: UInt32) throws(BPFError) -> UInt32? { try checked.value(forKey: index) }
}
