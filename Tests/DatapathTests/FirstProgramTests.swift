import BPF
import BPFTesting
import Datapath
import PolicyCompiler
import PolicyModel
import Testing

/// The program that is loaded while the first policy is still being read.
@Suite(.serialized) struct FirstProgramTests {
    /// The kernel's number of a generation's program; nil if it has none.
    private static func program(_ hosts: TwoHosts, _ slot: Int) -> UInt32? {
        try? Program(pinnedAt: hosts.bpffs.path("policyd/tables\(slot)/policyd_judge")).info.id
    }

    private static func deny(_ addresses: Int) -> (HostPolicy, AddressSet) {
        let set = AddressSet(name: "s", addresses: (0..<UInt32(addresses)).map { CIDR(IPAddress(v4: 0x0A00_0000 + 256 * $0)) })
        return (HostPolicy(name: "p", ingress: [Rule(name: "in", action: .deny, remote: AddressMatch([.set("s")]))]), set)
    }

    @Test func theFirstPolicyIsJudgedByIt() throws {
        let hosts = try TwoHosts()
        let datapath = try hosts.datapath()
        try hosts.host.run { try datapath.prepareFirst() }
        #expect(datapath.revisionInForce == nil)
        let prepared = try #require(Self.program(hosts, 1))
        var numbers = RuleNumbers()
        let udp = HostPolicy(name: "small", ingress: [Rule(name: "udp", action: .deny, protocols: [.udp])])
        try datapath.install([udp], revision: 1, &numbers)
        #expect(Self.program(hosts, 1) == prepared)

        _ = try hosts.protect(datapath)
        let client = try hosts.peer.run { try TestSocket.bound(.udp, "192.0.2.2", port: 0) }
        for _ in 0..<3 { try client.send("x", to: "192.0.2.1", port: 81) }
        let number = try #require(numbers.all.first)
        #expect(try hosts.host.run { try datapath.counters() }[number]?.packets == 3)

        // With something in force there is nothing to prepare.
        try hosts.host.run { try datapath.prepareFirst() }
        #expect(Self.program(hosts, 1) == prepared && Self.program(hosts, 2) == nil)
        try hosts.host.run { try datapath.remove() }
    }

    @Test func aPolicyThatNeedsLargerTablesHasItsOwn() throws {
        let hosts = try TwoHosts()
        let datapath = try hosts.datapath()
        try hosts.host.run { try datapath.prepareFirst() }
        let prepared = try #require(Self.program(hosts, 1))
        var numbers = RuleNumbers()
        let (policy, set) = Self.deny(60_000)
        try datapath.install([policy], sets: [set], revision: 1, &numbers)
        #expect(Self.program(hosts, 1) != prepared && Self.program(hosts, 1) != nil)
        #expect(datapath.revisionInForce == 1)
        try hosts.host.run { try datapath.remove() }
    }

    @Test func interfacesMayBeAttachedMeanwhile() throws {
        let hosts = try TwoHosts()
        let datapath = try hosts.datapath()
        let attached = try hosts.host.run {
            var attached: [ProtectedInterface] = []
            try datapath.prepareFirst {
                attached = (try? datapath.synchronizeInterfaces(InterfaceSelector(["*"], except: ["lo"]))) ?? []
            }
            return attached
        }
        #expect(!attached.isEmpty)
        #expect(Self.program(hosts, 1) != nil)
        try hosts.host.run { try datapath.remove() }
    }
}
