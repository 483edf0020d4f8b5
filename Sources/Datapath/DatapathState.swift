internal import BPF
internal import BPFObjects
internal import CDatapath
internal import PolicyCompiler

/// What a `Datapath` guards by its lock: the kernel objects of ours.
struct DatapathState: ~Copyable {
    let pins: Pins
    let programs: DatapathPrograms
    var entry: Switch
    var shared: SharedMaps
    let attachments: Attachments
    /// The two generations, by their number: 1 and 2.
    var tables: [Int: TableMaps] = [:]
    /// How far the tables of each generation were written by this process.
    private var positions: [Int: TablePosition] = [:]
    /// Whether no packet is judged any more by the generation that is not in force.
    var isQuiet = false
    /// How often the switch was set: what became quiet before is not quiet after.
    private(set) var switches = 0
    /// The policy in force, once this process has installed it or was told.
    var policy: CompiledPolicy?
    /// The interfaces that are selected and exist.
    var interfaces: [NetworkInterface] = []
    /// The programs at XDP of the modes that are in use.
    var early: [EarlyDrop: EarlyPrograms] = [:]
    /// By interface, why it has no early drop though it should have.
    var earlyFailures: [Int32: String] = [:]
    /// How long connections outlive their last packet.
    var timeouts: DatapathConfiguration.Timeouts
    var evictions: EvictionHistory

    static func create(
        _ pins: Pins, _ configuration: DatapathConfiguration, _ programs: DatapathPrograms
    ) throws(BPFError) -> DatapathState {
        do throws(BPFError) {
            var state = DatapathState(
                pins: pins, programs: programs, entry: try Switch(programs), shared: try SharedMaps(creating: configuration),
                attachments: try Attachments(creating: pins, configuration.attachment), timeouts: configuration.timeouts,
                evictions: EvictionHistory(isFresh: true))
            try state.shared.pin(pins)
            try state.attachments.pin()
            try state.entry.pin(pins)
            // No packet has been judged by anything.
            state.isQuiet = true
            return state
        } catch {
            pins.removeAll()
            throw error
        }
    }

    static func adopt(
        _ pins: Pins, _ configuration: DatapathConfiguration, _ programs: DatapathPrograms
    ) throws(BPFError) -> DatapathState {
        try finishResizing(pins)
        var state = DatapathState(
            pins: pins, programs: programs, entry: try Switch(pinned: pins), shared: try SharedMaps(pinned: pins),
            attachments: try Attachments(pinned: pins, configuration.attachment), timeouts: configuration.timeouts,
            evictions: EvictionHistory(isFresh: false))
        // The other generation may have been half written when its process ended; it is made anew when it is needed.
        let active = state.entry.active?.slot
        for slot in 1...2 {
            if slot == active {
                let tables = try TableMaps(pinnedIn: pins.tables(slot))
                tables.setTimeouts(pd_timeouts(configuration.timeouts))
                state.tables[slot] = tables
            } else {
                Pins.empty(pins.tables(slot))
            }
        }
        state.adoptEarlyPrograms()
        for slot in 1...2 where slot != active { try state.unloadEarlyPrograms(slot) }
        return state
    }

    private static func finishResizing(_ pins: Pins) throws(BPFError) {
        let active = try Switch(pinned: pins).active
        let program = try active.map { active throws(BPFError) in
            try Program(pinnedAt: TableMaps.programPin(in: pins.tables(active.slot)))
        }
        ConnectionMaps.finishResizing(pins, mapIDs: try program?.info.mapIDs ?? [])
    }

    /// Whether packets are judged by a program of another build than this process's.
    var isOutdated: Bool {
        guard let active = entry.active, let tables = tables[active.slot] else { return false }
        return tables.build != programs.policy.digest
    }

    /// Puts this build's entry programs in the place of another build's, at every interface in one step each.
    ///
    /// The new ones read the same switch and lead to the same generations, so it does not matter which of them a packet meets, nor whether
    /// this is broken off: then the next process finds that it is not done, and does it anew.
    mutating func upgradeEntry(_ present: [NetworkInterface]) throws(BPFError) {
        guard entry.build != programs.entryBuild else { return }
        entry.build = 0
        try Switch.replacePrograms(programs, pins)
        entry = try Switch(pinned: pins)
        for interface in present { try attachments.upgrade(interface, entry) }
        entry.build = programs.entryBuild
    }

    /// Bytes of the tables in force.
    var tableBytes: Int {
        entry.active.flatMap { tables[$0.slot]?.bytes } ?? 0
    }

    /// Sees to it that the generation has maps large enough for a policy, and a program that uses them.
    mutating func prepare(_ slot: Int, for policy: CompiledPolicy) throws(BPFError) {
        let wanted = TableMaps.Capacity(holding: policy)
        if let there = tables[slot], there.build == programs.policy.digest, there.capacity.serves(wanted) { return }
        try place(TableMaps(loading: open(wanted), build: programs.policy.digest), slot)
    }

    /// The object of a generation with tables of a size, ready to be loaded.
    func open(_ capacity: TableMaps.Capacity) throws(BPFError) -> OpenObject {
        try TableMaps.open(programs.policy, capacity: capacity, hasLoop: KernelFeatures.hasLoop) { object throws(BPFError) in
            try shared.lend(to: &object)
        }
    }

    /// Has a generation use other tables, in which nothing is written.
    mutating func place(_ made: TableMaps, _ slot: Int) throws(BPFError) {
        tables[slot] = nil
        positions[slot] = nil
        Pins.empty(pins.tables(slot))
        try unloadEarlyPrograms(slot)
        try made.pin(in: pins.tables(slot))
        try entry.setProgram(made.program, slot: slot)
        tables[slot] = made
        loadEarlyPrograms(slot)
    }

    /// Writes what the generation lacks of a policy.
    mutating func fill(_ slot: Int, _ policy: CompiledPolicy, _ configuration: DatapathConfiguration) throws(BPFError) {
        let timeouts = pd_timeouts(timeouts)
        let interval = configuration.eventInterval.nanoseconds
        let changes = positions[slot].flatMap { policy.changes(since: $0) }
        // Written in part it is neither what it was nor what it is to be.
        positions[slot] = nil
        try tables[slot]?.fill(policy, changes: changes, timeouts: timeouts, eventInterval: interval)
        try setInterfaces(slot, policy)
        positions[slot] = policy.position
    }

    /// The generation that packets are not judged by.
    var inactive: Int { entry.active?.slot == 1 ? 2 : 1 }

    /// Has packets judged by a policy that was written.
    mutating func activate(_ slot: Int, _ policy: CompiledPolicy) {
        isQuiet = false
        switches += 1
        entry.activate(slot, revision: policy.revision)
        self.policy = policy
    }

    func setInterfaces(_ slot: Int, _ policy: CompiledPolicy) throws(BPFError) {
        var classes: [UInt32: pd_interface] = [:]
        if policy.usesInterfaces {
            for interface in interfaces { classes[UInt32(bitPattern: interface.index)] = policy.interfaces[interface.name] }
        }
        try tables[slot]?.setInterfaces(classes)
    }
}

extension pd_timeouts {
    init(_ timeouts: DatapathConfiguration.Timeouts) {
        self.init(
            fragment: timeouts.fragment.nanoseconds, tcp_opening: timeouts.tcpOpening.ticks,
            tcp_established: timeouts.tcpEstablished.ticks, tcp_half_closed: timeouts.tcpHalfClosed.ticks,
            tcp_closing: timeouts.tcpClosing.ticks, tcp_reset: timeouts.tcpReset.ticks, udp: timeouts.udp.ticks,
            udp_stream: timeouts.udpStream.ticks, icmp: timeouts.icmp.ticks, other: timeouts.other.ticks, reserved: 0)
    }
}

extension Duration {
    /// In the unit that connections' times are in, one at least and a year at most: times begin again at 0 after more than two.
    fileprivate var ticks: UInt32 {
        UInt32(min(max(1, nanoseconds >> UInt64(PD_TICK_SHIFT)), (365 * 86_400 * 1_000_000_000) >> UInt64(PD_TICK_SHIFT)))
    }
}
