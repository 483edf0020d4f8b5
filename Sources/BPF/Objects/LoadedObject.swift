import CLibBPF

/// An eBPF object whose maps and programs are in the kernel.
///
/// Programs and maps taken from it have descriptors of their own and outlive it. What is neither taken, pinned nor attached leaves the
/// kernel with this value. Only programs for USDT probes hold on to it: libbpf attaches them, and wants its object for that.
public struct LoadedObject: ~Copyable, Sendable {
    let handle: ObjectHandle

    /// The programs that are not in the kernel, in the order of the file, each with the reason.
    public let leftOut: [LeftOutProgram]

    init(_ handle: ObjectHandle, leftOut: [LeftOutProgram]) {
        self.handle = handle
        self.leftOut = leftOut
    }

    /// The object's name.
    public var name: String { handle.name }

    /// The programs in the order of the file; those that are not autoloaded were not loaded.
    public var programs: [ProgramDescription] { unsafe handle.programs.map { unsafe ProgramDescription($0, in: handle) } }

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
        let section = unsafe String(cString: bpf_program__section_name(program))
        return Program(
            try Descriptor(duplicating: descriptor, for: "program \(name)"), name: name,
            attachType: unsafe AttachType(rawValue: bpf_program__expected_attach_type(program).rawValue),
            usdt: section == "usdt" || section.hasPrefix("usdt/") ? unsafe USDTProgram(program, of: handle) : nil)
    }
}
