import CLibBPF
import Glibc

extension TypedProgram<SocketLookup> {
    /// Attaches to a network namespace by its path, `/run/netns/NAME` or `/proc/PID/ns/net`; without one, to that of this thread.
    ///
    /// A namespace takes several such programs.
    ///
    /// Requires Linux 5.9. The corresponding libbpf function is `bpf_program__attach_netns`.
    public func attach(namespace path: String? = nil) throws(BPFError) -> Link { try program.attach(.socketLookup, namespace: path) }
}

extension TypedProgram<FlowDissector> {
    /// Attaches to a network namespace by its path; without one, to that of this thread.
    ///
    /// - Throws: `BPFError` with E2BIG if the namespace has a flow dissector, EEXIST if it was attached without a link, or the initial
    ///   namespace has one.
    ///
    /// Requires Linux 5.8. The corresponding libbpf function is `bpf_program__attach_netns`.
    public func attach(namespace path: String? = nil) throws(BPFError) -> Link { try program.attach(.flowDissector, namespace: path) }
}

extension Program {
    func attach(_ type: AttachType, namespace path: String?) throws(BPFError) -> Link {
        let target = "\(type) of \(path ?? "this network namespace")"
        let namespace = try openTarget(path ?? "/proc/thread-self/ns/net", target)
        return try unsafe linked(to: namespace.rawValue, type, target)
    }
}
