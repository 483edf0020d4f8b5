import CLibBPF
import Glibc
import Synchronization

extension LoadedObject {
    /// Registers programs as the operations of a struct of the kernel's: a congestion control for TCP (`struct tcp_congestion_ops`), for
    /// example, which sockets then choose by its name.
    ///
    /// The struct is a variable of the section `.struct_ops`, whose fields name the programs, of section `struct_ops`.
    ///
    ///     let attachment = try loaded.attach(operations: "my_congestion_control")
    ///
    /// On Linux 6.4 and later it is a link, which can be pinned. On older kernels the operations are taken away when the value goes, and
    /// stay if the process is killed before that: `bpftool struct_ops unregister` takes them away then. Sockets that use them keep them.
    ///
    /// - Parameter name: The variable.
    /// - Throws: `BPFError` of step `attach`: EEXIST if there are operations of the same name, EINVAL if a needed one is missing.
    ///
    /// Requires Linux 5.6. The corresponding libbpf function is `bpf_map__attach_struct_ops`.
    public func attach(operations name: String) throws(BPFError) -> Attachment {
        let map = unsafe try handle.map(named: name, for: .find)
        guard unsafe bpf_map__type(map) == BPF_MAP_TYPE_STRUCT_OPS else {
            throw BPFError(.find, "map \(name)", reason: "it holds no operations of a kernel struct: it is a \(try mapInfo(name).type)")
        }
        let subject = "operations \(name)"
        let isForLinks = unsafe bpf_map__map_flags(map) & UInt32(SWIFTBPF_F_LINK) != 0
        do throws(BPFError) {
            // Writes the programs into the struct. Where that alone does not register it, a link does.
            let registration = unsafe try captured(.attach, subject, pointer: { unsafe bpf_map__attach_struct_ops(map) })
            guard isForLinks else { return Attachment([unsafe OperationsPart(registration, of: handle, subject)]) }
            unsafe bpf_link__disconnect(registration)
            unsafe bpf_link__destroy(registration)
        } catch {
            // A struct for links is written once, and stays so when a link was refused or has gone.
            guard isForLinks, error.errno == EBUSY else { throw error }
        }
        let link = try captured(.attach, subject) {
            unsafe bpf_link_create(bpf_map__fd(map), 0, bpf_attach_type(UInt32(SWIFTBPF_STRUCT_OPS)), nil)
        }
        return Attachment(Link(adopting: link))
    }
}

extension ObjectHandle {
    /// Has maps of operations made for links, where the kernel has such links: they end with the process, and can be pinned.
    func linkOperations() {
        let maps = unsafe maps
        // swift-format makes one word of `for unsafe map`.
        for position in unsafe maps.indices where unsafe bpf_map__type(maps[position]) == BPF_MAP_TYPE_STRUCT_OPS {
            guard Features.structOperationsLink == .available else { return }
            unsafe bpf_map__set_map_flags(maps[position], bpf_map__map_flags(maps[position]) | UInt32(SWIFTBPF_F_LINK))
        }
    }
}

/// Registered operations, which are no link on kernels before 6.4.
private final class OperationsPart: AttachmentPart {
    /// libbpf's registration; nothing once it was ended.
    private let state: Mutex<Held>
    /// What libbpf's registration belongs to.
    private let handle: ObjectHandle
    private let subject: String

    @safe private struct Held: @unchecked Sendable {
        var registration: OpaquePointer?
    }

    init(_ registration: OpaquePointer, of handle: ObjectHandle, _ subject: String) {
        state = unsafe Mutex(Held(registration: registration))
        self.handle = handle
        self.subject = subject
    }

    deinit { try? detach() }

    var linkDescriptor: CInt? { nil }

    func detach() throws(BPFError) {
        let number: CInt = state.withLock { held in
            guard let registration = unsafe held.registration.take() else { return 0 }
            return unsafe bpf_link__destroy(registration)
        }
        if number < 0 { throw BPFError(.detach, subject, errno: -number) }
    }

    func pin(at path: String) throws(BPFError) {
        throw BPFError(.pin, "\(subject) at \(path)", reason: "this kernel has no links of operations")
    }

    func update(to program: borrowing Program) throws(BPFError) {
        throw BPFError(.update, "\(subject) to program \(program.name)", reason: "operations are not replaced one by one")
    }
}
