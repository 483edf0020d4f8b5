internal import BPF
internal import BPFObjects
internal import CDatapath
private import Glibc
public import Logging
public import PolicyCompiler
public import PolicyModel
internal import Synchronization

/// The kernel side of policyd: tables, the switch between them, attachments, connections, counters and events.
///
/// Everything lies pinned in a folder of a bpf filesystem, so packets go on being judged when this value, or the process, is gone; the
/// next `Datapath` on the same folder adopts it. Requires Linux 5.15, CAP_BPF, CAP_NET_ADMIN and CAP_PERFMON.
///
///     let datapath = try Datapath(DatapathConfiguration(bpffs: "/sys/fs/bpf/policyd"), logger: logger)
///     try datapath.install(policy, newNumbers: given)
///     try datapath.synchronizeInterfaces(InterfaceSelector(patterns: ["*", "!lo"]))
public final class Datapath: Sendable {
    public let configuration: DatapathConfiguration
    /// Whether kernel objects of an earlier process were taken over.
    public let adopted: Bool
    private let logger: Logger
    let state: Mutex<DatapathState>
    private let ring: RingBuffer
    private let lostEvents: LostEvents
    /// The rules there are counters for.
    private let ruleLimit: Int

    /// Makes the kernel objects, or adopts those pinned in the folder.
    ///
    /// - Throws: `DatapathError` if the folder is not on a bpf filesystem, or holds objects of another version.
    public convenience init(_ configuration: DatapathConfiguration, logger: Logger) throws(DatapathError) {
        try self.init(configuration, programs: .embedded, logger: logger)
    }

    /// As the public one, with the programs of any build.
    package init(_ configuration: DatapathConfiguration, programs: DatapathPrograms, logger: Logger) throws(DatapathError) {
        self.configuration = configuration
        self.logger = logger
        let pins = Pins(folder: configuration.bpffs)
        adopted = pins.isPopulated
        if adopted {
            let version = Switch.version(pins)
            guard version == UInt32(PD_STATE_VERSION) else {
                throw DatapathError(
                    "\(pins.folder) holds kernel state of version \(version.map { "\($0)" } ?? "unknown"); this policyd understands version \(PD_STATE_VERSION). Run `policyctl down` of the version that made it, then start again"
                )
            }
        } else {
            // What an earlier process left before it was done.
            pins.empty()
            try pins.makeFolders()
        }
        let isThere = adopted
        var made: DatapathState = try doing(isThere ? "cannot adopt what is pinned in \(pins.folder)" : "cannot make the datapath") {
            () throws(BPFError) in
            isThere ? try DatapathState.adopt(pins, configuration, programs) : try DatapathState.create(pins, configuration, programs)
        }
        if isThere {
            let present = try NetworkInterface.all()
            do {
                try made.upgradeEntry(present)
            } catch {
                // The ones that are there do their work.
                logger.error("the entry programs of an earlier build stay", metadata: ["error": "\(error)"])
            }
        }
        ring = made.shared.events
        lostEvents = try doing("cannot read the counters") { () throws(BPFError) in try made.shared.counters.lostEvents() }
        ruleLimit = made.shared.ruleLimit
        state = Mutex(made)
    }

    // MARK: Revisions

    /// The revision packets are judged by now, read from the kernel; nil while nothing is in force.
    public var revisionInForce: UInt32? { state.withLock { $0.entry.active?.revision } }

    /// Whether packets are judged by a program of another build than this process's. The next ``install(_:newNumbers:)``, of the same
    /// policy as well, puts this one's in force, by the same one store.
    public var isOutdated: Bool { state.withLock { $0.isOutdated } }

    /// How large a policy this kernel takes.
    public var limits: CompileLimits {
        var limits = KernelFeatures.hasLoop ? CompileLimits() : .withoutLoop
        limits.rules = ruleLimit
        return limits
    }

    /// Loads the program of a generation with tables of a usual size, for the first ``install(_:newNumbers:)`` to find: the kernel verifies
    /// it meanwhile, while the policy is still being read. Does nothing where something is in force.
    ///
    /// - Parameter onOpened: Called when what follows, which takes its time, leaves the datapath free for other calls.
    public func prepareFirst(onOpened: () -> Void = {}) throws(DatapathError) {
        try doing("cannot load the program ahead") { () throws(BPFError) in
            let object = try state.withLock { state throws(BPFError) -> OpenObject? in
                state.entry.active == nil && state.tables.isEmpty ? try state.open(.usual) : nil
            }
            onOpened()
            guard let object else { return }
            let made = try TableMaps(loading: object, build: state.withLock { $0.programs.policy.digest })
            try state.withLock { state throws(BPFError) in
                let slot = state.inactive
                if state.entry.active == nil, state.tables[slot] == nil { try state.place(made, slot) }
            }
        }
    }

    /// Puts a policy in force: fills the generation of tables that is not, then switches by one store.
    ///
    /// Nothing changes for packets if it throws.
    /// - Parameter newNumbers: the rule numbers given for the first time: their counters start at 0.
    public func install(_ policy: CompiledPolicy, newNumbers: [UInt32]) throws(DatapathError) {
        try whenQuiet { state throws(DatapathError) in
            try state.shared.checkRoom(for: policy.numbers)
            try doing("cannot put revision \(policy.revision) in force") { () throws(BPFError) in
                var policy = policy
                for interface in state.interfaces { policy.add(interface: interface.name) }
                let slot = state.inactive
                try state.prepare(slot, for: policy)
                try state.fill(slot, policy, configuration)
                try state.shared.counters.reset(newNumbers)
                try GracePeriod.order()
                state.activate(slot, policy)
            }
        }
    }

    /// The policy in force as this process knows it, with the classes of all interfaces: what a small change begins with.
    public var policyInForce: CompiledPolicy? { state.withLock { $0.policy } }

    /// The first words of the tries in force as they lie in the kernel.
    func cellsInForce(_ count: Int) throws -> [UInt32] {
        try state.withLock { state in try state.entry.active.flatMap { state.tables[$0.slot] }?.cellWords(count) ?? [] }
    }

    /// Tables above this size are kept ready for a small change; filling others costs next to nothing.
    private static let worthKeepingReady = 1 << 20

    /// Has the next small change cost what it changes: waits until no packet is judged any more by what is no longer in force, and
    /// brings large tables that are not in force to what is.
    ///
    /// To be called after an install, when nobody waits for it.
    public func settle() throws(DatapathError) {
        try whenQuiet { state throws(DatapathError) in
            guard let policy = state.policy, state.entry.active != nil, policy.tableSizes.total >= Self.worthKeepingReady else { return }
            try doing("cannot get tables ready for the next change") { () throws(BPFError) in
                try state.prepare(state.inactive, for: policy)
                try state.fill(state.inactive, policy, configuration)
            }
        }
    }

    /// Does something when no packet is judged any more by the generation that is not in force.
    private func whenQuiet(_ body: (inout DatapathState) throws(DatapathError) -> Void) throws(DatapathError) {
        while true {
            let (isQuiet, switches) = state.withLock { ($0.isQuiet, $0.switches) }
            // Not while the state is locked: it takes tens of milliseconds, and status is asked for meanwhile.
            if !isQuiet { try GracePeriod.wait() }
            let isDone = try state.withLock { state throws(DatapathError) -> Bool in
                guard state.switches == switches else { return false }
                state.isQuiet = true
                try body(&state)
                return true
            }
            if isDone { return }
        }
    }

    /// Says which policy it is that was found in force, so that interfaces that appear can be given their classes.
    public func resume(_ policy: CompiledPolicy) {
        state.withLock { $0.policy = policy }
    }

    /// Has rules expire by the clock as it is now. To be called again and again, for clocks are set.
    ///
    /// - Returns: by how many seconds, to the nearest, the clock was moved since the last call, or since the policy came into force; 0 if
    ///   it was not.
    @discardableResult
    public func synchronizeClock() -> Int { setWallOffset(WallClock.offset) }

    @discardableResult
    func setWallOffset(_ nanoseconds: Int64) -> Int {
        state.withLock { state in
            guard let active = state.entry.active, let tables = state.tables[active.slot] else { return 0 }
            let before = Int64(bitPattern: tables.header[0].wall_offset)
            tables.setWallOffset(nanoseconds)
            return Int((Double(nanoseconds &- before) / 1e9).rounded())
        }
    }

    // MARK: Interfaces

    /// Attaches to the interfaces that exist and are selected, and detaches from those that are not. What is right already is left alone.
    ///
    /// - Parameter earlyDrop: which of them also drop at XDP what the first rules deny. Where that cannot be they are protected without it.
    /// - Returns: the interfaces that are protected now. One that could not be attached to is logged and left out.
    @discardableResult
    public func synchronizeInterfaces(
        _ selector: InterfaceSelector, earlyDrop: EarlyDropSelection = .none
    ) throws(DatapathError) -> [ProtectedInterface] {
        let present = try NetworkInterface.all()
        let wanted = present.filter { selector.matches($0.name) }
        let isReinstalled = try prepareInterfaces(wanted)
        if let policy = isReinstalled { try install(policy, newNumbers: []) }
        return state.withLock { state in
            state.attachments.forgetVanished(present)
            var protected: [ProtectedInterface] = []
            for interface in present {
                let before = state.attachments.hook(interface, state.entry)
                guard wanted.contains(interface) else {
                    guard before != nil else { continue }
                    report("no longer protected", interface) { () throws(BPFError) in
                        try state.attachments.detach(interface, state.entry)
                    }
                    continue
                }
                if let before {
                    protected.append(ProtectedInterface(index: interface.index, name: interface.name, hook: before))
                    continue
                }
                report("protected", interface) { () throws(BPFError) in
                    let hook = try state.attachments.attach(interface, state.entry)
                    protected.append(ProtectedInterface(index: interface.index, name: interface.name, hook: hook))
                }
            }
            synchronizeEarlyDrop(&state, &protected, present, earlyDrop)
            return protected
        }
    }

    /// Gives interfaces their classes before packets come from them; returns the policy if its tables have to be installed again for that.
    private func prepareInterfaces(_ wanted: [NetworkInterface]) throws(DatapathError) -> CompiledPolicy? {
        try state.withLock { state throws(DatapathError) -> CompiledPolicy? in
            state.interfaces = wanted
            guard var policy = state.policy, policy.usesInterfaces, let active = state.entry.active else { return nil }
            var hasGrown = false
            for interface in wanted where policy.add(interface: interface.name) { hasGrown = true }
            state.policy = policy
            if hasGrown { return policy }
            try doing("cannot tell the tables of new interfaces") { () throws(BPFError) in
                try state.setInterfaces(active.slot, policy)
            }
            return nil
        }
    }

    private func synchronizeEarlyDrop(
        _ state: inout DatapathState, _ protected: inout [ProtectedInterface], _ present: [NetworkInterface],
        _ selection: EarlyDropSelection
    ) {
        let indices = Set(protected.map(\.index))
        let changes = state.synchronizeEarlyDrop(present.filter { indices.contains($0.index) }, selection)
        for (interface, mode, failure) in changes {
            let what: Logger.Metadata = ["interface": "\(interface.name)", "xdp": "\(mode?.rawValue ?? "off")"]
            if let failure {
                logger.warning("no early drop", metadata: what.merging(["reason": "\(failure)"]) { $1 })
            } else {
                logger.info("early drop", metadata: what)
            }
        }
        let attached = EarlyPrograms.attached(state.pins)
        for place in protected.indices {
            protected[place].earlyDrop = attached[protected[place].index]
            protected[place].earlyDropFailure = state.earlyFailures[protected[place].index]
        }
    }

    private func report(_ what: String, _ interface: NetworkInterface, _ body: () throws(BPFError) -> Void) {
        do {
            try body()
            logger.info("interface \(what)", metadata: ["interface": "\(interface.name)", "index": "\(interface.index)"])
        } catch {
            logger.error("interface not \(what)", metadata: ["interface": "\(interface.name)", "error": "\(error)"])
        }
    }

    /// An element for each burst of changes to the namespace's interfaces; ends when its reader is cancelled.
    public func interfaceChanges() throws(DatapathError) -> AsyncStream<Void> {
        try InterfaceChanges().stream()
    }

    // MARK: Observation

    /// What each rule has judged, by number.
    public func counters() throws(DatapathError) -> [UInt32: RuleCounter] {
        try state.withLock { state throws(DatapathError) in
            let numbers = state.policy?.numbers.all ?? []
            return try doing("cannot read the counters") { () throws(BPFError) in
                try state.shared.counters.sums(numbers)
            }
        }
    }

    /// The kernel's events, in batches.
    public func events() -> PacketEvents {
        PacketEvents(
            ring: ring,
            loss: { [lostEvents] in lostEvents.count },
            names: {
                Dictionary((try? NetworkInterface.all())?.map { (UInt32(bitPattern: $0.index), $0.name) } ?? []) { $1 }
            })
    }

    /// How everything is.
    public func status() throws(DatapathError) -> DatapathStatus {
        let present = try NetworkInterface.all()
        let connections = try sweepConnections()
        return try state.withLock { state throws(DatapathError) in
            try doing("cannot read the datapath's status") { () throws(BPFError) in
                let reasons = PacketEvent.Reason.allCases.filter { $0 != .rule }
                let places = reasons.map { EventDecoder.place($0) ?? 0 }
                let counters = try state.shared.counters.sums(places)
                var ethertypes: [UInt16: RuleCounter] = [:]
                try state.shared.ethertypes.forEach { ethertypes[$0] = RuleCounter(sum: $1) }
                let early = EarlyPrograms.attached(state.pins)
                return DatapathStatus(
                    revision: state.entry.active?.revision, tableBytes: state.tableBytes,
                    connections: connections,
                    reasons: Dictionary(uniqueKeysWithValues: zip(reasons, places.map { counters[$0] ?? RuleCounter() })),
                    ethertypes: ethertypes,
                    lostEvents: lostEvents.count,
                    interfaces: present.compactMap { interface in
                        state.attachments.hook(interface, state.entry).map {
                            ProtectedInterface(
                                index: interface.index, name: interface.name, hook: $0, earlyDrop: early[interface.index],
                                earlyDropFailure: state.earlyFailures[interface.index])
                        }
                    })
            }
        }
    }

    // MARK: Down

    /// Takes enforcement out: packets pass, and every program, map, link, filter and pin of ours goes. What others made stays.
    ///
    /// The value is of no use afterwards.
    public func remove() throws(DatapathError) {
        let present = try NetworkInterface.all()
        try state.withLock { state throws(DatapathError) in
            state.entry.deactivate()
            try doing("cannot take the programs from the interfaces") { () throws(BPFError) in
                try state.removeEarlyDrop()
                for interface in present { try state.attachments.detach(interface, state.entry) }
            }
            state.pins.removeAll()
            state.tables = [:]
            state.policy = nil
        }
    }

    /// Whether a folder holds a datapath.
    public static func exists(bpffs: String) -> Bool { Pins(folder: bpffs).isPopulated }
}
