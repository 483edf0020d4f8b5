import BPF
import BPFTesting
import Datapath
import Logging
import PolicyCompiler
import PolicyModel
import Testing

/// Two private namespaces joined by a veth pair, and a datapath that guards the first one.
///
/// The guarded host is 192.0.2.1 and 2001:db8::1, the other 192.0.2.2 and 2001:db8::2; both ends are called `eth0`.
final class TwoHosts: Sendable {
    let host: NetworkNamespace
    let peer: NetworkNamespace
    let bpffs: PrivateBPFFS

    static let addresses: [TestSocket.Family: (host: String, peer: String)] = [
        .v4: ("192.0.2.1", "192.0.2.2"), .v6: ("2001:db8::1", "2001:db8::2"),
    ]

    init() throws {
        host = try NetworkNamespace()
        peer = try NetworkNamespace()
        bpffs = try PrivateBPFFS()
        try host.connect("eth0", to: peer, "eth0")
        for (namespace, addresses) in [(host, ["192.0.2.1/24", "2001:db8::1/64"]), (peer, ["192.0.2.2/24", "2001:db8::2/64"])] {
            for address in addresses { try namespace.addAddress(address, to: "eth0") }
        }
    }

    func datapath(_ attachment: DatapathConfiguration.Attachment = .auto, connectionLimit: Int = 1024) throws -> Datapath {
        try host.run {
            try Datapath(
                DatapathConfiguration(bpffs: bpffs.path("policyd"), attachment: attachment, connectionLimit: connectionLimit),
                logger: Logger(label: "test", factory: RecordingLog.init))
        }
    }

    /// The numbers of the programs on the tcx hooks of the guarded interface; none where the kernel has no tcx.
    func attachedPrograms() throws -> [UInt32] {
        guard Features.tcx == .available else { return [] }
        return try host.run {
            let index = try host.index(of: "eth0")
            return try TrafficDirection.allCases.flatMap { try TCXChain(interface: index, $0).entries.map(\.programID) }
        }
    }

    func protect(_ datapath: Datapath) throws -> [ProtectedInterface] {
        try host.run { try datapath.synchronizeInterfaces(InterfaceSelector(["*"], except: ["lo"])) }
    }
}

extension Datapath {
    /// Compiles and installs in one step.
    func install(_ policies: [HostPolicy], sets: [AddressSet] = [], revision: UInt32, _ numbers: inout RuleNumbers) throws {
        let policySet = try PolicySet(policies: policies, sets: sets)
        let given = numbers.assign(for: policySet, revision: revision)
        let policy = try CompiledPolicy.compile(policySet, revision: revision, numbers: numbers, interfaces: [])
        try install(policy, newNumbers: given)
    }
}

/// Makes a failed test of what the datapath logs as an error.
struct RecordingLog: LogHandler {
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.error

    init(_ label: String) {}

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        Issue.record("\(event.message) \(event.metadata ?? [:])")
    }
}
