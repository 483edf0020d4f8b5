import CLibBPF
import Glibc
import Synchronization

extension TypedProgram<SocketMessage> {
    /// Has the program judge what the sockets of a map send, as long as the attachment lives. A map takes one such program.
    ///
    /// Sockets that are in the map already are judged as before: they take the program that is there when they come in, and keep it until
    /// they leave the map.
    ///
    /// - Throws: `BPFError` with EEXIST if there is a program.
    ///
    /// The corresponding libbpf function is `bpf_prog_attach`.
    public func attach<M: MapHandle & ~Copyable>(toSocketsOf map: borrowing M) throws(BPFError) -> Attachment {
        try program.attach(sockets: .socketMessage, ofMap: map.fileDescriptor, map.name)
    }
}

extension TypedProgram<SocketStream> {
    /// Has the program find, or judge, the messages that the sockets of a map receive, as long as the attachment lives. A map takes one
    /// parser and one verdict.
    ///
    /// Sockets that are in the map already are judged as before.
    ///
    /// - Throws: `BPFError` with EINVAL if the program was loaded for another hook, EEXIST if there is a program.
    public func attach<M: MapHandle & ~Copyable>(
        _ hook: SocketStreamHook, toSocketsOf map: borrowing M
    ) throws(BPFError) -> Attachment {
        try program.attach(sockets: hook.attachType, ofMap: map.fileDescriptor, map.name)
    }
}

extension Program {
    func attach(sockets type: AttachType, ofMap map: CInt, _ mapName: String) throws(BPFError) -> Attachment {
        let subject = "program \(name) to \(type) of map \(mapName)"
        // Without being asked the kernel puts this program in the place of another's. Before Linux 5.17 it does not tell.
        var (flags, other, count) = (UInt32(0), UInt32(0), UInt32(1))
        if unsafe bpf_prog_query(map, type.cValue, 0, &flags, &other, &count) == 0, count > 0 {
            throw BPFError(.attach, subject, errno: EEXIST, reason: "program \(other) is there, and a map takes one")
        }
        try captured(.attach, subject) { bpf_prog_attach(fileDescriptor, map, type.cValue, 0) }
        do throws(BPFError) {
            return Attachment([
                SocketMapPart(
                    map: try Descriptor(duplicating: map, for: subject), program: try Descriptor(duplicating: fileDescriptor, for: subject),
                    type, mapName)
            ])
        } catch {
            _ = bpf_prog_detach2(fileDescriptor, map, type.cValue)
            throw error
        }
    }

    func attach(sockets type: AttachType, ofMapAt path: String) throws(BPFError) -> Attachment {
        let map = try Descriptor(pinnedAt: path, .map, subject: "map")
        return try attach(sockets: type, ofMap: map.rawValue, path)
    }
}

/// A program at the sockets of a map: no link on kernels before 6.10, so that it is taken away by hand.
private final class SocketMapPart: AttachmentPart {
    private let map: Descriptor
    private let state: Mutex<Held>
    private let type: AttachType
    private let mapName: String

    /// The program that is there now; nothing once it was taken away.
    private struct Held: ~Copyable, Sendable {
        var program: Descriptor?
    }

    init(map: consuming Descriptor, program: consuming Descriptor, _ type: AttachType, _ mapName: String) {
        self.map = map
        state = Mutex(Held(program: program))
        self.type = type
        self.mapName = mapName
    }

    deinit { try? detach() }

    var linkDescriptor: CInt? { nil }

    func detach() throws(BPFError) {
        let number: CInt = state.withLock { held in
            guard let program = held.program.take() else { return 0 }
            return bpf_prog_detach2(program.rawValue, map.rawValue, type.cValue)
        }
        // ENOENT: somebody has put another in its place.
        if number < 0, number != -ENOENT { throw BPFError(.detach, "program from \(type) of map \(mapName)", errno: -number) }
    }

    func pin(at path: String) throws(BPFError) {
        throw BPFError(.pin, "attachment at \(path)", reason: "an attachment to the sockets of a map cannot be pinned; pin the map")
    }

    func update(to program: borrowing Program) throws(BPFError) {
        let subject = "\(type) of map \(mapName) to program \(program.name)"
        let new = try Descriptor(duplicating: program.fileDescriptor, for: subject).release()
        let number = state.withLock { held in
            let number = bpf_prog_attach(new, map.rawValue, type.cValue, 0)
            if number >= 0 { held.program = Descriptor(adopting: new) }
            return number
        }
        if number < 0 {
            close(new)
            throw BPFError(.update, subject, errno: -number)
        }
    }
}
