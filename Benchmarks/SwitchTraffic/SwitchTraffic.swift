internal import BPF
public import BPFTesting
internal import BPFTestObjects
internal import CBPFTestObjects
internal import Glibc

/// Two senders at work while policies change: each has an interface of the guarded host to itself and sends numbered datagrams without a
/// pause; witnesses before and behind the programs under test keep what became of each.
///
///     try SwitchTraffic.connect(host, peer)              // eth1 beside eth0
///     …                                                  // the programs under test are attached, one side is in force
///     let traffic = try SwitchTraffic(host: host, peer: peer, from: .straight)
///     traffic.start()
///     for _ in 0..<1000 { try traffic.change(to: traffic.side.other) { … } }
///     let report = traffic.finish()
///     #expect(report.misjudged == 0)
///
/// Requires root and Linux 6.6, for the order at the tcx hook.
public final class SwitchTraffic {
    private let floods: [FrameFlood]
    private let arrived: [MappedArray64]
    private let passed: [MappedArray64]
    private let latest: [MappedArray64]
    private var links: [HeldLink]
    private let wordsPerSender: Int
    private let first: Side
    /// The side that is in force.
    public private(set) var side: Side
    private var changes: [[Fates.Change]]

    /// The interfaces the datagrams come by, the same names on both ends.
    public static let interfaces = ["eth0", "eth1"]

    /// Joins two namespaces that are joined by eth0 a second time.
    public static func connect(_ host: NetworkNamespace, _ peer: NetworkNamespace) throws {
        try host.connect(interfaces[1], to: peer, interfaces[1])
    }

    /// Puts the witnesses around what is attached to the host's interfaces now.
    ///
    /// - Parameters:
    ///   - side: The side in force.
    ///   - capacity: How many datagrams of each sender are kept account of; those beyond pass unseen.
    public init(host: NetworkNamespace, peer: NetworkNamespace, from side: Side, capacity: Int = 64 << 20) throws {
        (first, self.side) = (side, side)
        wordsPerSender = (capacity + 63) / 64
        var made: (arrived: [MappedArray64], passed: [MappedArray64], latest: [MappedArray64], links: [HeldLink]) = ([], [], [], [])
        var floods: [FrameFlood] = []
        for (number, interface) in Self.interfaces.enumerated() {
            var object = try OpenObject(.fates)
            // A sender's words alone: each interface has an object of its own.
            try object.setMaxEntries(wordsPerSender, ofMap: "bt_arrived")
            try object.setMaxEntries(wordsPerSender, ofMap: "bt_passed")
            try object.setGlobal("words", to: UInt32(wordsPerSender))
            let loaded = try object.load()
            made.arrived.append(MappedArray64(try loaded.mappedArray("bt_arrived")))
            made.passed.append(MappedArray64(try loaded.mappedArray("bt_passed")))
            made.latest.append(MappedArray64(try loaded.mappedArray("bt_latest")))
            try host.run { () throws -> Void in
                let index = Int32(if_nametoindex(interface))
                for (name, order) in [("bt_before", TCXOrder.first), ("bt_behind", .last)] {
                    let program = try loaded.program(name, as: TrafficControl.self)
                    made.links.append(HeldLink(try program.attach(interface: .index(index), .ingress, order: order)))
                }
            }
            let frames = Self.frames(sender: number)
            let flood = try peer.run { () throws(TestingError) in
                try FrameFlood(interface: interface, frames: frames, processor: number, limit: UInt32(clamping: capacity))
            }
            floods.append(flood)
        }
        (arrived, passed, latest, links) = made
        self.floods = floods
        changes = Self.interfaces.map { _ in [] }
    }

    private static func frames(sender: Int) -> [FrameFlood.Frame] {
        let payload = withUnsafeBytes(of: (UInt32(BT_NUMBERED), UInt32(0))) { Array($0) }
        return Kind.all.map { kind in
            let source = Kind.sources[kind.source]
            let network =
                kind.isIPv6
                ? Packet.ethernet().ipv6(source.v6, Kind.host.v6) : Packet.ethernet().ipv4(source.v4, Kind.host.v4)
            let frame = network.udp(UInt16(40_000 + sender), Kind.ports[kind.port]).payload(payload).bytes
            return (frame, frame.count - 4)
        }
    }

    /// Begins to send, and waits until datagrams of both senders arrive.
    public func start() {
        for flood in floods { flood.start() }
        for latest in latest {
            // Where none arrives the report will say so.
            for _ in 0..<20_000 where latest.load(0) < 64 { usleep(1_000) }
        }
    }

    /// How many datagrams have been sent.
    public var sent: Int { floods.reduce(0) { $0 + Int($1.sent) } }

    /// Does what changes the policy, or leaves it as it is, and notes between which datagrams it happened.
    ///
    /// - Parameter body: returns the side that is in force when it is done.
    public func change(_ body: () throws -> Side) rethrows {
        let begin = latest.map { Int($0.load(0)) }
        side = try body()
        for (sender, latest) in latest.enumerated() {
            // The last that had arrived may still have been on its way through the programs, before as after.
            changes[sender].append(Fates.Change(begin: max(0, begin[sender] - 1), end: Int(latest.load(0)), side: side))
        }
    }

    public func change(to side: Side, _ body: () throws -> Void) rethrows {
        try change {
            try body()
            return side
        }
    }

    /// Waits until both senders' datagrams have come since the last change, so that its success shows.
    public func settle(datagrams: Int = 64) {
        let now = latest.map { $0.load(0) }
        for (latest, before) in zip(latest, now) {
            for _ in 0..<2_000 where latest.load(0) < before + UInt64(datagrams) { usleep(200) }
        }
    }

    /// Ends the senders, takes the witnesses from the interfaces, and takes account.
    public func finish() -> Report {
        for flood in floods { flood.stop() }
        // What is in a queue yet.
        usleep(50_000)
        links = []
        var report = Report(sent: sent, changes: changes.first?.count ?? 0)
        for sender in Self.interfaces.indices {
            let fates = Fates(arrived: arrived[sender].all, passed: passed[sender].all)
            let found = fates.misjudged(from: first, changes[sender])
            let counts = fates.counts
            report.arrived += counts.arrived
            report.passed += counts.passed
            report.misjudged += found.count
            if let number = found.first, report.firstMisjudged == nil { report.firstMisjudged = (sender, number) }
        }
        return report
    }

    /// What became of all datagrams.
    public struct Report {
        public var sent: Int
        /// How often the policy was changed, or might have been.
        public var changes: Int
        /// Those that came to the programs under test.
        public var arrived = 0
        /// Those that these let pass.
        public var passed = 0
        /// Those whose fate neither the policy in force nor, during a change, the next one gives them in its turn.
        public var misjudged = 0
        public var firstMisjudged: (sender: Int, number: Int)?
    }
}

/// A link that is held, in an array.
private final class HeldLink {
    private let link: Link
    init(_ link: consuming Link) { self.link = link }
}

/// Words in the kernel, in an array.
private final class MappedArray64 {
    private let map: MappedArray<UInt64>
    init(_ map: consuming MappedArray<UInt64>) { self.map = map }

    func load(_ index: Int) -> UInt64 { map.loadAcquire(UInt64.self, atByteOffset: index * 8) }

    var all: [UInt64] { map.withUnsafeMutableBytes { Array($0.bindMemory(to: UInt64.self)) } }
}
