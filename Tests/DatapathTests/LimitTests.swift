import BPFTesting
import Datapath
import Logging
import PolicyCompiler
import PolicyModel
import Testing

/// A policy that is too large is refused before anything changes in the kernel.
@Suite(.serialized) struct LimitTests {
    private static func large(_ count: Int) throws -> AddressSet {
        AddressSet(name: "listed", addresses: (0..<UInt32(count)).map { CIDR(IPAddress(v4: 0x0A00_0000 + 2 * $0)) })
    }

    @Test func whatIsTooLargeChangesNothing() throws {
        let hosts = try TwoHosts()
        let datapath = try hosts.datapath()
        var numbers = RuleNumbers()
        let deny = HostPolicy(name: "small", ingress: [Rule(name: "udp", action: .deny, protocols: [.udp])])
        try datapath.install([deny], revision: 7, &numbers)
        _ = try hosts.protect(datapath)
        let client = try hosts.peer.run { try TestSocket.bound(.udp, "192.0.2.2", port: 0) }
        for _ in 0..<3 { try client.send("x", to: "192.0.2.1", port: 81) }
        let number = try #require(numbers.all.first)
        let counted = try hosts.host.run { try datapath.counters() }[number]
        #expect(counted?.packets == 3)
        let before = KernelObjects(namePrefix: "policyd_")
        let status = try hosts.host.run { try datapath.status() }

        let listed = HostPolicy(name: "listed", ingress: [Rule(name: "in", action: .deny, remote: AddressMatch([.set("listed")]))])
        let policySet = try PolicySet(policies: [listed], sets: [try Self.large(20_000)])
        var limits = datapath.limits
        limits.tableBytes = 100_000
        var next = numbers
        next.assign(for: policySet)
        let refused = #expect(throws: CompileError.self) {
            _ = try CompiledPolicy.compile(policySet, revision: 8, numbers: next, interfaces: [], limits: limits)
        }
        let words = try #require(refused?.description)
        #expect(words.contains("MiB; the limit is 0.1 MiB") && words.contains("set 'listed' has 20000 entries"), "\(words)")

        // One that fits the tables and not the counters, compiled with the limits of another kernel.
        let rules = (0...datapath.limits.rules).map { Rule(name: "r\($0)", action: .deny, protocols: [.tcp]) }
        let many = try PolicySet(policies: [HostPolicy(name: "many", ingress: rules)])
        let error = #expect(throws: CompileError.self) {
            _ = try CompiledPolicy.compile(many, revision: 8, numbers: next, interfaces: [], limits: datapath.limits)
        }
        #expect(error?.description.contains("\(rules.count) rules; the kernel's counters have room for \(datapath.limits.rules)") == true)

        #expect(datapath.revisionInForce == 7)
        #expect(try hosts.host.run { try datapath.counters() }[number] == counted)
        #expect(try hosts.host.run { try datapath.status() }.tableBytes == status.tableBytes)
        #expect(KernelObjects(namePrefix: "policyd_") == before)
        try client.send("x", to: "192.0.2.1", port: 81)
        #expect(try hosts.host.run { try datapath.counters() }[number]?.packets == 4)
        try hosts.host.run { try datapath.remove() }
    }

    /// Numbers that the counters have no place for would be counted nowhere.
    @Test func installRefusesRulesWithoutCounters() throws {
        let hosts = try TwoHosts()
        let datapath = try hosts.host.run {
            try Datapath(
                DatapathConfiguration(bpffs: hosts.bpffs.path("policyd"), connectionLimit: 1024, ruleLimit: 100),
                logger: Logger(label: "test", factory: RecordingLog.init))
        }
        var numbers = RuleNumbers()
        try datapath.install([HostPolicy(name: "one", ingress: [Rule(name: "r", action: .deny)])], revision: 1, &numbers)
        let before = KernelObjects(namePrefix: "policyd_")
        let rules = (0..<300).map { Rule(name: "r\($0)", action: .deny) }
        let error = #expect(throws: DatapathError.self) {
            try datapath.install([HostPolicy(name: "many", ingress: rules)], revision: 2, &numbers)
        }
        #expect(error?.description.contains("counters") == true)
        #expect(datapath.revisionInForce == 1)
        #expect(KernelObjects(namePrefix: "policyd_") == before)
        try hosts.host.run { try datapath.remove() }
    }
}
