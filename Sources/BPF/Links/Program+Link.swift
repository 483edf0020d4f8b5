import CLibBPF
import Glibc

/// The ways by which links are made.
extension Program {
    /// Makes a link by the system call, for targets libbpf 1.1 does not know whole.
    func linked<Request>(_ request: inout Request, _ target: String) throws(BPFError) -> Link {
        let link = try system(.attach, "program \(name) to \(target)") {
            unsafe withUnsafeMutablePointer(to: &request) {
                unsafe swiftbpf_bpf(CInt(BPF_LINK_CREATE.rawValue), $0, UInt32(MemoryLayout<Request>.size))
            }
        }
        return Link(adopting: link)
    }

    /// Makes a link to what a descriptor refers to: an event, a control group, a namespace.
    ///
    /// The corresponding libbpf function is `bpf_link_create`.
    func linked(
        to descriptor: CInt, _ type: AttachType, _ target: String, options configure: (inout bpf_link_create_opts) -> Void = { _ in }
    ) throws(BPFError) -> Link {
        var options = unsafe bpf_link_create_opts()
        unsafe options.sz = swiftbpf_size_of_bpf_link_create_opts()
        unsafe configure(&options)
        let link = try captured(.attach, "program \(name) to \(target)") {
            unsafe bpf_link_create(fileDescriptor, descriptor, type.cValue, &options)
        }
        return Link(adopting: link)
    }

    /// The index of an interface of this thread's network namespace.
    func index(of interface: InterfaceReference) throws(BPFError) -> Int32 {
        switch interface {
        case .index(let index): return index
        case .name(let name):
            let index = unsafe if_nametoindex(name)
            guard index > 0 else {
                throw BPFError(
                    .attach, "program \(self.name) to interface \(name)", errno: ENODEV, remedy: "ip link lists the interfaces there are")
            }
            return Int32(bitPattern: index)
        }
    }

    /// Opens a folder or file that a program is attached to.
    func openTarget(_ path: String, _ target: String, flags: CInt = 0) throws(BPFError) -> Descriptor {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | flags)
        guard descriptor >= 0 else { throw BPFError(.attach, "program \(name) to \(target)", errno: errno, reason: "cannot open \(path)") }
        return Descriptor(adopting: descriptor)
    }
}
