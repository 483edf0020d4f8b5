import CLibBPF
import Glibc
import Synchronization

extension TypedProgram<USDT> {
    /// Attaches to all places of a probe that a program's authors put into it (systemtap's `sdt.h`).
    ///
    /// - Parameters:
    ///   - binary: The path of the program or library, or its name: see `CodePlace`.
    ///   - provider: Whose probe it is.
    ///   - name: The probe.
    ///   - pid: The process to watch; without one all, those started later too.
    ///   - cookie: What `bpf_usdt_cookie` returns in the program.
    /// - Throws: `BPFError` with ENOENT if the file has no such probe. Only programs that come from a `LoadedObject` can be attached.
    ///
    /// The attachment cannot be pinned: what its places' arguments are is kept in maps of the object, which libbpf writes.
    ///
    /// The corresponding libbpf function is `bpf_program__attach_usdt`.
    public func attach(
        binary: String, provider: String, name: String, pid: Int32? = nil, cookie: UInt64 = 0
    ) throws(BPFError) -> Attachment {
        try program.attach(usdt: binary, provider, name, pid: pid, cookie: cookie)
    }
}

/// libbpf's side of a program for USDT probes: it parses the notes of the file and tells the program, through maps of its object, where
/// the arguments lie.
@safe final class USDTProgram: @unchecked Sendable {
    private let program: OpaquePointer
    private let handle: ObjectHandle

    init(_ program: OpaquePointer, of handle: ObjectHandle) {
        unsafe self.program = program
        self.handle = handle
    }

    fileprivate func attach(
        _ path: String, _ provider: String, _ name: String, pid: Int32, cookie: UInt64, subject: String
    ) throws(BPFError) -> USDTLink {
        var options = bpf_usdt_opts()
        options.sz = swiftbpf_size_of_bpf_usdt_opts()
        options.usdt_cookie = cookie
        return try handle.usdt.withLock { _ throws(BPFError) in
            let link = unsafe try captured(
                .attach, subject, pointer: { unsafe bpf_program__attach_usdt(program, pid, path, provider, name, &options) })
            return unsafe USDTLink(link, of: handle)
        }
    }
}

/// libbpf's link to the places of a probe; it holds the object, whose table of probes it is part of.
@safe private final class USDTLink: AttachmentPart, @unchecked Sendable {
    private let link: OpaquePointer
    private let handle: ObjectHandle

    init(_ link: OpaquePointer, of handle: ObjectHandle) {
        unsafe self.link = link
        self.handle = handle
    }

    // Several programs of an object may be attached and detached at once.
    deinit { handle.usdt.withLock { _ in _ = unsafe bpf_link__destroy(link) } }

    var linkDescriptor: CInt? { nil }
    func detach() throws(BPFError) {}

    func pin(at path: String) throws(BPFError) {
        throw BPFError(.pin, "attachment at \(path)", reason: "an attachment to USDT probes cannot be pinned")
    }

    func update(to program: borrowing Program) throws(BPFError) {
        throw BPFError(.update, "attachment to program \(program.name)", reason: "an attachment to USDT probes cannot change its program")
    }
}

extension Program {
    func attach(usdt binary: String, _ provider: String, _ probe: String, pid: Int32?, cookie: UInt64) throws(BPFError) -> Attachment {
        let subject = "program \(name) to usdt \(binary):\(provider):\(probe)"
        guard let usdt else {
            throw BPFError(
                .attach, subject, reason: "only programs of a loaded object whose section is usdt can be attached to USDT probes")
        }
        let path = try BinaryFile.path(of: binary, subject: subject)
        return Attachment([try usdt.attach(path, provider, probe, pid: pid ?? -1, cookie: cookie, subject: subject)])
    }
}
