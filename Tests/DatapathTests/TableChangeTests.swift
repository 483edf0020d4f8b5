import BPF
import BPFTesting
import CDatapath
import PolicyCompiler
import PolicyModel
import PolicyTesting
import Testing

@testable import Datapath

/// A small change of a large policy: the tables in the kernel become what they would be if they were written whole.
@Suite(.serialized) struct TableChangeTests {
    private static func entries(_ count: Int) -> [CIDR] {
        var random = SplitMix64(seed: 6)
        return (0..<count).map { _ in CIDR(IPAddress(v4: .random(in: 0 ... .max, using: &random))) }
    }

    /// The kernel's numbers of both generations' tries.
    private static func maps(_ hosts: TwoHosts) throws -> [UInt32] {
        try (1...2).map { slot in
            try WindowedArray<pd_line>(pinnedAt: hosts.bpffs.path("policyd/tables\(slot)/policyd_cells")).info.id
        }
    }

    /// - Parameter settles: whether there is time between the changes to get the other tables ready.
    @Test(arguments: [true, false])
    func theKernelHoldsWhatWasChanged(settles: Bool) throws {
        let hosts = try TwoHosts()
        let datapath = try hosts.datapath()
        let rule = Rule(name: "in", action: .deny, remote: AddressMatch([.set("s")]))
        // A rule with interfaces gives each interface classes of its own, which come behind those of the policy.
        let other = Rule(name: "wg", action: .deny, protocols: [.udp], interfaces: InterfaceSelector(["wg*"]))
        var policySet = try PolicySet(
            policies: [HostPolicy(name: "p", ingress: [other, rule])], sets: [AddressSet(name: "s", addresses: Self.entries(60_000))])
        var numbers = RuleNumbers()
        let given = numbers.assign(for: policySet, revision: 1)
        try datapath.install(
            try CompiledPolicy.compile(policySet, revision: 1, numbers: numbers, interfaces: []), newNumbers: given)
        _ = try hosts.protect(datapath)
        try hosts.host.run { try datapath.settle() }
        let maps = try Self.maps(hosts)
        let before = try #require(datapath.policyInForce)

        var random = SplitMix64(seed: 7)
        var added: [CIDR] = []
        for revision in 2...12 as ClosedRange<UInt32> {
            let isTaken = revision % 4 == 0
            let changed = isTaken ? added.removeFirst() : CIDR(IPAddress(v4: .random(in: 0 ... .max, using: &random)))
            if !isTaken { added.append(changed) }
            try policySet.setRuntimeEntries(added, of: "s")
            let inForce = try #require(datapath.policyInForce)
            let policy = try #require(inForce.changed([changed], of: "s", in: policySet, revision: revision))
            try hosts.host.run { try datapath.install(policy, newNumbers: []) }
            #expect(datapath.revisionInForce == revision)
            #expect(try datapath.cellsInForce(policy.cellWords) == policy.cells)
            if settles { try hosts.host.run { try datapath.settle() } }
        }
        let last = try #require(datapath.policyInForce)
        #expect(last.changes(since: before.position) != nil, "some change was made of a policy without the interfaces' classes")
        #expect(try Self.maps(hosts) == maps, "maps were made anew")
        for prefix in added {
            var packet = try KernelEngineTests.packet(.ingress, 47, "192.0.2.9", "192.0.2.1")
            packet.source = prefix.address
            #expect(try KernelEngine(last).verdict(for: packet).rule == "in")
        }
        try hosts.host.run { try datapath.remove() }
    }

    /// A policy that is put in force whole after small changes replaces all of them.
    @Test func aWholePolicyComesAfterAChange() throws {
        let hosts = try TwoHosts()
        let datapath = try hosts.datapath()
        let rule = Rule(name: "in", action: .deny, remote: AddressMatch([.set("s")]))
        var policySet = try PolicySet(
            policies: [HostPolicy(name: "p", ingress: [rule])], sets: [AddressSet(name: "s", addresses: Self.entries(2_000))])
        var numbers = RuleNumbers()
        let given = numbers.assign(for: policySet, revision: 1)
        let first = try CompiledPolicy.compile(policySet, revision: 1, numbers: numbers, interfaces: [])
        try datapath.install(first, newNumbers: given)
        let entry = CIDR(IPAddress(v4: 7))
        try policySet.setRuntimeEntries([entry], of: "s")
        let second = try #require(first.changed([entry], of: "s", in: policySet, revision: 2))
        try datapath.install(second, newNumbers: [])
        // The generation that held the first revision is the one to be written now, and lacks one change.
        let third = try CompiledPolicy.compile(policySet, revision: 3, numbers: numbers, interfaces: [], before: second)
        try datapath.install(third, newNumbers: [])
        #expect(try datapath.cellsInForce(third.cellWords) == third.cells)
        // And back to what was changed, on tables that hold something else.
        try datapath.install(second, newNumbers: [])
        #expect(try datapath.cellsInForce(second.cellWords) == second.cells)
        try hosts.host.run { try datapath.remove() }
    }
}
