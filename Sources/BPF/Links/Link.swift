import CLibBPF
import Glibc

/// A program's attachment.
///
/// When the handle goes, the program is detached, unless the link is pinned: then it stays until `detach()`, or until pin and target
/// have gone. A link to an interface ends with the interface.
///
/// Where the moment matters, call `detach()`: a child that another thread is just starting holds copies of all descriptors until it has
/// replaced its program, and with them the link.
///
///     let link = try program.attachTCX(interface: 4, .ingress)
///     try link.pin(at: "/sys/fs/bpf/mine/link")
public struct Link: ~Copyable, Sendable {
    private let descriptor: Descriptor

    init(adopting descriptor: CInt) { self.descriptor = Descriptor(adopting: descriptor) }

    /// The link pinned at a path of a bpf filesystem.
    public init(pinnedAt path: String) throws(BPFError) {
        self.init(adopting: try Descriptor(pinnedAt: path, .link, subject: "link").release())
    }

    /// The link of a number the kernel gave it.
    public init(id: UInt32) throws(BPFError) {
        self.init(adopting: try check(.open, "link of id \(id)") { bpf_link_get_fd_by_id(id) })
    }

    /// The link's descriptor, for calls this library does not make. It stays the handle's: do not close it.
    public var fileDescriptor: CInt { descriptor.rawValue }

    /// What the kernel says about the link.
    public var info: LinkInfo {
        get throws(BPFError) { try LinkInfo(descriptor: fileDescriptor, subject: "link") }
    }

    /// Pins the link at a path of a bpf filesystem: the program stays attached without this handle, which goes on serving.
    public func pin(at path: String) throws(BPFError) {
        try check(.pin, "link at \(path)") { unsafe bpf_obj_pin(fileDescriptor, path) }
    }

    /// Puts another program in the place of the attached one, in one atomic step.
    ///
    /// - Throws: `BPFError` with EINVAL if the program's kind differs, or for kinds of links that cannot be updated (also EOPNOTSUPP).
    public func update(to program: borrowing Program) throws(BPFError) {
        let new = program.fileDescriptor
        let name = program.name
        try check(.update, "link to program \(name)") { bpf_link_update(fileDescriptor, new, nil) }
    }

    /// Puts another program in the place of the attached one if that is still the one expected, in one atomic step.
    ///
    /// - Throws: `BPFError` with EPERM if another program is there.
    public func update(to program: borrowing Program, replacing old: borrowing Program) throws(BPFError) {
        var options = bpf_link_update_opts()
        options.sz = swiftbpf_size_of_bpf_link_update_opts()
        options.flags = UInt32(BPF_F_REPLACE)
        options.old_prog_fd = UInt32(bitPattern: old.fileDescriptor)
        let new = program.fileDescriptor
        let result = unsafe bpf_link_update(fileDescriptor, new, &options)
        if result < 0 {
            throw BPFError(
                .update, "link to program \(program.name)", errno: -result, reason: result == -EPERM ? "another program is there" : "",
                remedy: result == -EPERM ? "look what it is: info.programID" : nil)
        }
    }

    /// Puts another program of a known kind in the place of the attached one, in one atomic step.
    public func update<Kind: ProgramKind>(to program: borrowing TypedProgram<Kind>) throws(BPFError) { try update(to: program.program) }

    /// Detaches the program now, also where the link is pinned or others hold it: what they hold is attached to nothing.
    ///
    /// - Throws: `BPFError` with EOPNOTSUPP for kinds that can only be detached by letting go of every handle and pin.
    public consuming func detach() throws(BPFError) {
        try check(.detach, "link") { bpf_link_detach(fileDescriptor) }
    }
}
