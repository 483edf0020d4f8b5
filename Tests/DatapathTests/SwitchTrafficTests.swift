import BPF
import BPFTesting
@testable import Datapath
import Logging
import OtherBuild
import PolicyCompiler
import PolicyModel
import SwitchTraffic
import Testing

/// Datagrams of two senders under full load while policies, and the programs that judge by them, are changed.
@Suite(.serialized) struct SwitchTrafficTests {
    static let other = DatapathPrograms(entry: .otherEntry, policy: .otherPolicy)

    /// A guarded host with one side in force.
    struct Guarded {
        let hosts: TwoHosts
        var datapath: Datapath
        var revision: UInt32 = 0
        var numbers = RuleNumbers()

        init() throws {
            hosts = try TwoHosts()
            try SwitchTraffic.connect(hosts.host, hosts.peer)
            datapath = try hosts.datapath()
            try install(.straight)
            #expect(try hosts.protect(datapath).count == 2)
        }

        mutating func install(_ side: Side, fillers: Int = 0) throws {
            let document = SourceBundle(files: [SourceFile(path: "sides.yaml", text: side.document(fillers: fillers))])
            let policySet = try DocumentLoader.load(bundles: [document]).policySet()
            revision += 1
            let given = numbers.assign(for: policySet, revision: revision)
            try datapath.install(
                CompiledPolicy.compile(policySet, revision: revision, numbers: numbers, interfaces: []), newNumbers: given)
        }

        /// As the next process of another build finds it.
        mutating func adopt(_ programs: DatapathPrograms) throws {
            datapath = try hosts.host.run {
                try Datapath(
                    DatapathConfiguration(bpffs: hosts.bpffs.path("policyd"), connectionLimit: 1024), programs: programs,
                    logger: Logger(label: "test", factory: RecordingLog.init))
            }
        }

        /// The links at both interfaces, and the programs they run.
        func attached() throws -> (links: [UInt32], programs: [UInt32]) {
            let entries = try hosts.host.run {
                try SwitchTraffic.interfaces.flatMap { name in
                    let index = try hosts.host.index(of: name)
                    return try TrafficDirection.allCases.flatMap { try TCXChain(interface: index, $0).entries }
                }
            }
            return (entries.compactMap(\.linkID), entries.map(\.programID))
        }
    }

    @Test func everyDatagramIsJudgedByOneWholeRevision() throws {
        var guarded = try Guarded()
        let traffic = try SwitchTraffic(host: guarded.hosts.host, peer: guarded.hosts.peer, from: .straight, capacity: 8 << 20)
        traffic.start()
        for turn in 0..<24 {
            let side = traffic.side.other
            // Tables of the same size as before, of a larger one, and of a smaller.
            try traffic.change(to: side) { try guarded.install(side, fillers: [0, 0, 900, 130][turn % 4]) }
            if turn % 8 == 0 { traffic.settle() }
        }
        traffic.settle()
        let report = traffic.finish()
        #expect(report.misjudged == 0, "\(report)")
        #expect(report.changes == 24)
        #expect(report.passed > 0 && report.arrived > report.passed && report.arrived > 1_000)
        // Each was counted once, by a rule of the side that judged it: half of them passed, by one of two rules.
        let counters = try guarded.datapath.counters()
        func counted(_ rules: String...) -> Int {
            rules.reduce(0) { sum, rule in
                let number = guarded.numbers.number(of: RuleKey(policy: "sides", direction: .ingress, rule: rule))
                return sum + Int(number.flatMap { counters[$0]?.packets } ?? 0)
            }
        }
        #expect(counted("from0", "from1") == report.passed)
        #expect(counted("from0", "from1", "rest") == report.arrived)
        try guarded.hosts.host.run { try guarded.datapath.remove() }
    }

    @Test func anotherBuildsProgramsTakeOverWithoutADatagramLost() throws {
        var guarded = try Guarded()
        let traffic = try SwitchTraffic(host: guarded.hosts.host, peer: guarded.hosts.peer, from: .straight, capacity: 8 << 20)
        let before = try guarded.attached()
        traffic.start()
        var programs: Set<UInt32> = Set(before.programs)
        for turn in 0..<6 {
            let build = turn % 2 == 0 ? Self.other : .embedded
            // The same policy, by the new build's programs: no datagram may see a difference.
            try traffic.change(to: traffic.side) {
                try guarded.adopt(build)
                #expect(guarded.datapath.isOutdated)
                try guarded.install(traffic.side)
                #expect(!guarded.datapath.isOutdated)
            }
            let now = try guarded.attached()
            #expect(now.links == before.links, "attached anew, with a gap")
            #expect(programs.isDisjoint(with: now.programs.filter { !Self.isWitness($0) }), "an old program is attached still")
            programs.formUnion(now.programs)
            // And another policy, with the other generation.
            let side = traffic.side.other
            try traffic.change(to: side) { try guarded.install(side) }
            traffic.settle()
        }
        let report = traffic.finish()
        #expect(report.misjudged == 0, "\(report)")
        #expect(report.arrived > 1_000)
        // Nothing of the builds before is left but what the last generation holds.
        #expect(try guarded.hosts.protect(guarded.datapath).count == 2)
        try guarded.hosts.host.run { try guarded.datapath.remove() }
    }

    private static func isWitness(_ program: UInt32) -> Bool {
        (try? Program(id: program).name.hasPrefix("bt_")) == true
    }

    /// A process that ended in the midst of replacing the entry programs.
    @Test func aBrokenOffReplacementIsDoneAnew() throws {
        var guarded = try Guarded()
        let before = try guarded.attached()
        // Half way: the switch says so, one pin is the new build's already, and one more lies beside its place.
        let pins = Pins(folder: guarded.hosts.bpffs.path("policyd"))
        let state = try Switch(pinned: pins)
        state.build = 0
        let loaded = try OpenObject(.otherEntry).load()
        let names = Switch.EntryPrograms.names
        Pins.remove(pins.entry(names[0]))
        try loaded.program(names[0]).pin(at: pins.entry(names[0]))
        try loaded.program(names[1]).pin(at: pins.newEntry(names[1]))
        try guarded.adopt(.embedded)
        let after = try guarded.attached()
        #expect(after.links == before.links)
        #expect(Set(after.programs).isDisjoint(with: before.programs))
        #expect(Directory.names(in: "\(pins.folder)/entry") == names.sorted())
        #expect(!guarded.datapath.isOutdated)
        // They judge: nothing but what the policy allows comes through.
        let traffic = try SwitchTraffic(host: guarded.hosts.host, peer: guarded.hosts.peer, from: .straight, capacity: 1 << 20)
        traffic.start()
        try traffic.change(to: .crossed) { try guarded.install(.crossed) }
        traffic.settle()
        #expect(traffic.finish().misjudged == 0)
        try guarded.hosts.host.run { try guarded.datapath.remove() }
    }

    @Test func anotherBuildTakesOverAtClsactToo() throws {
        let hosts = try TwoHosts()
        let datapath = try hosts.datapath(.clsact)
        var numbers = RuleNumbers()
        try datapath.install([LiveTrafficTests.web(80)], revision: 1, &numbers)
        _ = try hosts.protect(datapath)
        func filters() throws -> [ClassicTC.Filter] {
            try hosts.host.run {
                let tc = ClassicTC(interface: try hosts.host.index(of: "eth0"))
                return try TrafficDirection.allCases.flatMap { try tc.filters($0) }
            }
        }
        let before = try filters()
        #expect(before.count == 2)
        let next = try hosts.host.run {
            try Datapath(
                DatapathConfiguration(bpffs: hosts.bpffs.path("policyd"), attachment: .clsact, connectionLimit: 1024),
                programs: Self.other, logger: Logger(label: "test", factory: RecordingLog.init))
        }
        let after = try filters()
        #expect(after.map(\.handle) == before.map(\.handle) && after.map(\.priority) == before.map(\.priority))
        #expect(Set(after.map(\.programID)).isDisjoint(with: before.map(\.programID)))
        #expect(try hosts.protect(next).map(\.hook) == [.clsact])
        let server = try hosts.host.run { try TestSocket.listener("192.0.2.1", port: 80) }
        let client = try hosts.peer.run { try TestSocket(.tcp, family: .v4) }
        #expect(try client.connect(to: "192.0.2.1", port: 80) == .connected)
        withExtendedLifetime(server) {}
        let refused = try hosts.peer.run { try TestSocket(.tcp, family: .v4) }
        #expect(try refused.connect(to: "192.0.2.1", port: 81, milliseconds: 200) == .timedOut)
        try hosts.host.run { try next.remove() }
        #expect(try filters().isEmpty)
    }
}
