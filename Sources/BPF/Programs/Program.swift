import CLibBPF
import Glibc

/// A program in the kernel.
///
/// The handle closes its descriptor when it goes; the program stays in the kernel while it is attached or pinned.
public struct Program: ~Copyable, Sendable {
    let descriptor: Descriptor

    /// The program's name: the C function's, or of a program from a pin or a number the kernel's 15 characters of it.
    public let name: String

    /// What the program was loaded for; nothing if it comes from a pin or a number, as the kernel does not tell.
    public let attachType: AttachType?

    /// Of a program for USDT probes: libbpf's side of it, which alone can attach it.
    let usdt: USDTProgram?

    init(_ descriptor: consuming Descriptor, name: String, attachType: AttachType? = nil, usdt: USDTProgram? = nil) {
        self.descriptor = descriptor
        self.name = name
        self.attachType = attachType
        self.usdt = usdt
    }

    /// The program pinned at a path of a bpf filesystem.
    public init(pinnedAt path: String) throws(BPFError) {
        let descriptor = try Descriptor(pinnedAt: path, .program, subject: "program")
        name = try ProgramInfo(descriptor: descriptor.rawValue, subject: "program at \(path)").name
        self.descriptor = descriptor
        attachType = nil
        usdt = nil
    }

    /// The program of a number the kernel gave it. The kernel wants CAP_SYS_ADMIN for that.
    public init(id: UInt32) throws(BPFError) {
        let descriptor = Descriptor(adopting: try check(.open, "program of id \(id)") { bpf_prog_get_fd_by_id(id) })
        name = try ProgramInfo(descriptor: descriptor.rawValue, subject: "program of id \(id)").name
        self.descriptor = descriptor
        attachType = nil
        usdt = nil
    }

    /// A handle of its own for the same program.
    ///
    /// Unlike one by the program's number it needs no CAP_SYS_ADMIN.
    public func duplicate() throws(BPFError) -> Program {
        Program(
            try Descriptor(duplicating: fileDescriptor, for: "program \(name)"), name: name, attachType: attachType, usdt: usdt)
    }

    /// The program's descriptor, for calls this library does not make. It stays the handle's: do not close it.
    public var fileDescriptor: CInt { descriptor.rawValue }

    /// What the kernel says about the program.
    public var info: ProgramInfo {
        get throws(BPFError) { try ProgramInfo(descriptor: fileDescriptor, subject: "program \(name)") }
    }

    /// Pins the program at a path of a bpf filesystem: it stays in the kernel without this handle, which goes on serving.
    public func pin(at path: String) throws(BPFError) {
        try descriptor.pin(at: path, subject: "program \(name)")
    }
}
