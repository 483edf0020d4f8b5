import CLibBPF

/// An eBPF object whose maps and programs are in the kernel.
///
/// Programs and maps taken from it have descriptors of their own and outlive it. What is neither taken, pinned nor attached leaves the
/// kernel with this value.
public struct LoadedObject: ~Copyable, Sendable {
    let handle: ObjectHandle

    init(_ handle: ObjectHandle) { self.handle = handle }

    /// The object's name.
    public var name: String { handle.name }

    /// The programs in the order of the file; those that are not autoloaded were not loaded.
    public var programs: [ProgramDescription] { unsafe handle.programs.map { unsafe ProgramDescription($0) } }

    /// The maps in the order of the file.
    public var maps: [MapDescription] { unsafe handle.maps.map { unsafe MapDescription($0) } }

    /// A loaded program.
    ///
    /// - Throws: `BPFError` if the object has no such program, or it was not loaded.
    public func program(_ name: String) throws(BPFError) -> Program {
        let program = unsafe try handle.program(named: name, for: .find)
        let descriptor = unsafe bpf_program__fd(program)
        guard descriptor >= 0 else {
            throw BPFError(.find, "program \(name)", reason: "it was not loaded", remedy: "turn its autoload on")
        }
        return Program(try Descriptor(duplicating: descriptor, for: "program \(name)"), name: name)
    }
}
