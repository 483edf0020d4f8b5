import BPFTesting
import Datapath
import Logging
import OtherBuild
import PolicyCompiler
import PolicyModel
import SwitchTraffic

/// A datapath without a daemon: changes come as fast as tables can be filled.
struct BareDatapath {
    private let host: NetworkNamespace
    private let peer: NetworkNamespace
    private let bpffs: PrivateBPFFS
    private var datapath: Datapath
    private var numbers = RuleNumbers()
    private var revision: UInt32 = 0
    private let policies: [Side: [Int: PolicySet]]

    private static let fillers = [0, 200, 0, 3_000]

    private init() throws {
        (host, peer) = (try NetworkNamespace(), try NetworkNamespace())
        bpffs = try PrivateBPFFS()
        try host.connect("eth0", to: peer, "eth0")
        try SwitchTraffic.connect(host, peer)
        var policies: [Side: [Int: PolicySet]] = [:]
        for side in Side.allCases {
            for count in Set(Self.fillers) {
                let bundle = SourceBundle(files: [SourceFile(path: "sides.yaml", text: side.document(fillers: count))])
                policies[side, default: [:]][count] = try DocumentLoader.load(bundles: [bundle]).policySet()
            }
        }
        self.policies = policies
        datapath = try Self.open(host, bpffs, .embedded)
        try install(.straight)
        let protected = try host.run { [datapath] in try datapath.synchronizeInterfaces(InterfaceSelector(["eth*"], except: [])) }
        precondition(protected.count == 2, "\(protected)")
    }

    private static func open(_ host: NetworkNamespace, _ bpffs: PrivateBPFFS, _ programs: DatapathPrograms) throws -> Datapath {
        var logger = Logger(label: "switches")
        logger.logLevel = .warning
        return try host.run { [logger] in
            try Datapath(
                DatapathConfiguration(bpffs: bpffs.path("policyd"), connectionLimit: 4096), programs: programs, logger: logger)
        }
    }

    private mutating func install(_ side: Side, fillers: Int = 0) throws {
        guard let policySet = policies[side]?[fillers] else { return }
        revision += 1
        let given = numbers.assign(for: policySet, revision: revision)
        try datapath.install(
            CompiledPolicy.compile(policySet, revision: revision, numbers: numbers, interfaces: []), newNumbers: given)
    }

    private func end() throws { try host.run { try datapath.remove() } }

    /// Policies of changing sizes, one after the other.
    static func installs(_ count: Int) throws -> Row {
        var bare = try BareDatapath()
        let row = try measure("tables changed", bare.host, bare.peer, count) { traffic, turn in
            let side = traffic.side.other
            try traffic.change(to: side) { try bare.install(side, fillers: fillers[turn % fillers.count]) }
        }
        try bare.end()
        return row
    }

    /// The programs at the interfaces and those of the generations, of two builds in turn; the policy stays.
    static func upgrades(_ count: Int) throws -> Row {
        var bare = try BareDatapath()
        let other = DatapathPrograms(entry: .otherEntry, policy: .otherPolicy)
        let row = try measure("programs replaced", bare.host, bare.peer, count) { traffic, turn in
            try traffic.change(to: traffic.side) {
                bare.datapath = try open(bare.host, bare.bpffs, turn % 2 == 0 ? other : .embedded)
                guard bare.datapath.isOutdated else { throw TestFailure("not taken for another build") }
                try bare.install(traffic.side)
            }
        }
        try bare.end()
        return row
    }
}

struct TestFailure: Error, CustomStringConvertible {
    var description: String
    init(_ description: String) { self.description = description }
}

/// Makes changes under full load, and takes account.
func measure(
    _ what: String, _ host: NetworkNamespace, _ peer: NetworkNamespace, from side: Side = .straight, _ count: Int,
    capacity: Int = 256 << 20, note: () -> String = { "" }, _ body: (SwitchTraffic, _ turn: Int) throws -> Void
) throws -> Row {
    let traffic = try SwitchTraffic(host: host, peer: peer, from: side, capacity: capacity)
    traffic.start()
    let start = ContinuousClock.now
    var each: [Duration] = []
    for turn in 0..<count {
        each.append(try ContinuousClock().measure { try body(traffic, turn) })
        if turn % 16 == 0 { traffic.settle() }
    }
    traffic.settle()
    let took = ContinuousClock.now - start
    let report = traffic.finish()
    return Row(what, report, took: took, each: each, note: note())
}
