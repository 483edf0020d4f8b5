import CLibBPF

/// A program in the kernel whose kind is known: it has the attach calls of that kind and no others.
///
///     let filter = try loaded.program("drop_ssh", as: XDP.self)
///     let link = try filter.attach(interface: "eth0", .native)
///
/// `Program.attach(to:)` is the way for programs whose kind only shows at run time.
public struct TypedProgram<Kind: ProgramKind>: ~Copyable, Sendable {
    /// The program, of whatever kind.
    public let program: Program

    /// Takes a program for one of this kind.
    ///
    /// - Throws: `BPFError` of step `find` if it is of another kind, which the error names. What a program was loaded for is only known
    ///   of those that come from a `LoadedObject`; of others only the kernel's type is checked.
    public init(_ program: consuming Program) throws(BPFError) {
        try program.require(Kind.self)
        self.program = program
    }

    /// The program pinned at a path of a bpf filesystem.
    public init(pinnedAt path: String) throws(BPFError) {
        try self.init(Program(pinnedAt: path))
    }

    /// The program of a number the kernel gave it.
    public init(id: UInt32) throws(BPFError) {
        try self.init(Program(id: id))
    }

    /// The program's name.
    public var name: String { program.name }

    /// The program's descriptor, for calls this library does not make. It stays the handle's: do not close it.
    public var fileDescriptor: CInt { program.fileDescriptor }

    /// What the kernel says about the program.
    public var info: ProgramInfo {
        get throws(BPFError) { try program.info }
    }

    /// Pins the program at a path of a bpf filesystem: it stays in the kernel without this handle, which goes on serving.
    public func pin(at path: String) throws(BPFError) { try program.pin(at: path) }
}

extension LoadedObject {
    /// A loaded program of a kind.
    ///
    /// - Throws: `BPFError` if the object has no such program, it was not loaded, or it is of another kind.
    public func program<Kind: ProgramKind>(_ name: String, as kind: Kind.Type) throws(BPFError) -> TypedProgram<Kind> {
        try TypedProgram(program(name))
    }
}

extension Program {
    /// Throws unless the program is of a kind.
    func require<Kind: ProgramKind>(_ kind: Kind.Type) throws(BPFError) {
        let type = try info.type
        let isWritableTracepoint = type == .writableRawTracepoint && Kind.programType == .rawTracepoint
        guard type == Kind.programType || isWritableTracepoint else {
            throw BPFError(.find, "program \(name)", reason: "it is no \(Kind.name) program, but one of type \(type)")
        }
        if let attachType, !Kind.attachTypes.isEmpty, !Kind.attachTypes.contains(attachType) {
            let found = attachType == .unspecified ? "for nothing of the kind" : "for \(attachType)"
            throw BPFError(.find, "program \(name)", reason: "it is no \(Kind.name) program: it was loaded \(found)")
        }
    }
}
