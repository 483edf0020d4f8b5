import Datapath
import Logging
import PolicyAPI
import PolicyCompiler
import PolicyModel
import Synchronization

/// The kernel's side of the daemon: the only file that speaks with the datapath.
///
/// There is a datapath from the start, but for a daemon that was told to take enforcement out: then the next apply makes a new one.
final class Enforcement: Sendable {
    /// How full the kernel's tables are and what it counted.
    struct Health: Sendable {
        var interfaces: [InterfaceMessage] = []
        var maps: [MapMessage] = []
        var reasons: [ReasonMessage] = []
        var lostEvents = 0
        /// What an operator should look at.
        var warnings: [String] = []
    }

    struct State {
        fileprivate var made: Made?
        /// What the next datapath is made with.
        var configuration: Configuration
        /// Told of every datapath that takes the place of another.
        var onReplacement: AsyncStream<Void>.Continuation?
    }

    /// Whether kernel objects of an earlier process were taken over at the start.
    let adopted: Bool
    /// The program that the first policy will be judged by, while it is being loaded; nil where something was taken over.
    private let firstProgram: Ahead<Void>?
    let logger: Logger
    let state: Mutex<State>

    /// Adopts what is in the kernel, or makes it.
    ///
    /// - Parameter isDown: enforcement was taken out on purpose: nothing is made until it is needed.
    init(_ configuration: Configuration, isDown: Bool, logger: Logger) throws {
        state = Mutex(State(configuration: configuration))
        self.logger = logger
        guard !isDown || Datapath.exists(bpffs: configuration.bpffs) else {
            adopted = false
            firstProgram = nil
            return
        }
        let made = try Made(configuration, logger)
        adopted = made.datapath.adopted
        firstProgram = adopted ? nil : Self.prepare(made.datapath, configuration, logger)
        take(made)
    }

    /// Has the kernel verify the program and attach those that lead to it, which passes packets until something is in force, while the
    /// policy is still being read: the one takes a processor for tens of milliseconds, the other waits as long.
    private static func prepare(_ datapath: Datapath, _ configuration: Configuration, _ logger: Logger) -> Ahead<Void> {
        Ahead {
            var attaching: Ahead<Void>?
            // What fails here is tried again, and told, once the policy is in force. Nobody else is to look at interfaces before this has,
            // as what it knows of them would then be old.
            defer { try? attaching?.get() }
            try datapath.prepareFirst {
                attaching = Ahead { try attach(datapath, InterfaceSelector(patterns: configuration.interfaces), configuration.xdp) }
            }
        }
    }

    /// A datapath, and the lock that is held as long as its folder is used.
    fileprivate struct Made {
        let datapath: Datapath
        let lock: InstanceLock

        init(_ configuration: Configuration, _ logger: Logger) throws {
            try makeFolder(configuration.bpffs)
            // Before anything is touched: another daemon may be at work there.
            lock = try InstanceLock(folder: configuration.bpffs, what: "the bpffs folder \(configuration.bpffs)")
            datapath = try Datapath(
                DatapathConfiguration(
                    bpffs: configuration.bpffs, attachment: configuration.attach.datapath,
                    connectionLimit: configuration.limits.connections,
                    ruleLimit: configuration.limits.rules, eventBufferBytes: configuration.events.bufferBytes,
                    timeouts: configuration.timeouts.datapath),
                logger: logger)
        }
    }

    private func take(_ made: Made?) {
        state.withLock { state in
            state.made = made
            state.onReplacement?.yield()
        }
    }

    var datapath: Datapath? { state.withLock { $0.made?.datapath } }

    /// The datapath, made anew if there is none.
    private func present() throws -> Datapath {
        if let datapath { return datapath }
        let made = try Made(state.withLock { $0.configuration }, logger)
        take(made)
        return made.datapath
    }
}

// MARK: - Revisions

extension Enforcement {
    /// What packets are judged by now, as the kernel says; nil if nothing is in force.
    var revisionInForce: UInt32? { datapath?.revisionInForce }

    /// Whether packets are judged by the programs of another build of this daemon; installing the policy once more replaces them.
    var isOutdated: Bool { datapath?.isOutdated ?? false }

    /// Puts a policy into tables.
    ///
    /// - Parameter before: What was in force before, of which some sets may be the same.
    func compile(_ policySet: PolicySet, revision: UInt32, numbers: RuleNumbers, before: CompiledPolicy?) throws -> CompiledPolicy {
        // The datapath adds the classes of the interfaces it protects.
        try CompiledPolicy.compile(
            policySet, revision: revision, numbers: numbers, interfaces: [], limits: datapath?.limits ?? CompileLimits(), before: before)
    }

    /// The policy in force after entries of sets came and went; nil if it has to be compiled whole.
    ///
    /// - Parameter before: What is in force, as it was installed.
    func change(
        _ before: CompiledPolicy, _ entries: EntryChange, to policySet: PolicySet, revision: UInt32
    ) -> CompiledPolicy? {
        // The datapath's own has the classes of the interfaces as well.
        var policy = datapath?.policyInForce.flatMap { $0.revision == before.revision ? $0 : nil } ?? before
        let limits = datapath?.limits ?? CompileLimits()
        for name in entries.sets.sorted() {
            guard let next = policy.changed(entries.prefixes(of: name), of: name, in: policySet, revision: revision, limits: limits) else {
                return nil
            }
            policy = next
        }
        return policy
    }

    /// Has the next small change cost what it changes. To be called when nobody waits for it.
    func settle() throws { try datapath?.settle() }

    /// Takes a policy for the one that the kernel enforces already.
    func adopt(_ policy: CompiledPolicy) { datapath?.resume(policy) }

    /// Puts a policy in force; if that fails nothing changes for packets.
    ///
    /// - Parameter fresh: numbers of rules that are new: their counters start at 0.
    func install(_ policy: CompiledPolicy, fresh: [UInt32]) throws {
        // Where that failed, the install says why.
        try? firstProgram?.get()
        try present().install(policy, newNumbers: fresh)
    }

    /// The `kernel` engine: the program, loaded once more with the policy's tables.
    func verdicts(for packets: [Packet], by policy: CompiledPolicy, at time: Instant) throws -> [Verdict] {
        let engine = try KernelEngine(policy)
        return try packets.map { packet throws(DatapathError) in try engine.verdict(for: packet, at: time) }
    }

    /// Has rules expire by the clock as it is now; by how many seconds it was set, nil if it was not.
    func synchronizeClock() -> Int? {
        guard let seconds = datapath?.synchronizeClock(), seconds != 0 else { return nil }
        return seconds
    }

    /// Takes everything of ours out of the kernel.
    func remove() throws {
        try? firstProgram?.get()
        try datapath?.remove()
        take(nil)
    }
}

// MARK: - Interfaces

extension Enforcement {
    /// Attaches to the interfaces that exist and are selected, and lets go of the others.
    func synchronizeInterfaces(_ selector: InterfaceSelector, xdp: Configuration.XDP) throws {
        try? firstProgram?.get()
        if let datapath { try Self.attach(datapath, selector, xdp) }
    }

    private static func attach(_ datapath: Datapath, _ selector: InterfaceSelector, _ xdp: Configuration.XDP) throws {
        try datapath.synchronizeInterfaces(selector, earlyDrop: EarlyDropSelection(native: xdp.native, generic: xdp.generic))
    }

    /// An element for each burst of changes to the interfaces; nil while enforcement is taken out.
    func interfaceChanges() throws -> AsyncStream<Void>? { try datapath?.interfaceChanges() }
}

// MARK: - What the kernel says

extension Enforcement {
    /// What each rule has judged, by number.
    func counters() throws -> [UInt32: RuleCounter] { try datapath?.counters() ?? [:] }

    func health() throws -> Health {
        guard let status = try datapath?.status() else { return Health() }
        var health = Health(
            interfaces: status.interfaces.map {
                InterfaceMessage(
                    name: $0.name, index: Int($0.index), attachment: $0.hook.rawValue, xdp: $0.earlyDrop?.rawValue,
                    xdpFailure: $0.earlyDropFailure)
            },
            maps: status.connections.map(\.message)
                + [MapMessage(name: "policy tables", entries: 0, limit: 0, bytes: status.tableBytes)],
            lostEvents: Int(clamping: status.lostEvents), warnings: status.connections.compactMap(\.warning))
        for reason in PacketEvent.Reason.allCases where reason != .rule {
            guard let counter = status.reasons[reason] else { continue }
            health.reasons.append(
                ReasonMessage(reason: reason.rawValue, packets: Int(clamping: counter.packets), bytes: Int(clamping: counter.bytes)))
        }
        for (ethertype, counter) in status.ethertypes.sorted(by: { $0.key < $1.key }) {
            let digits = String(ethertype, radix: 16)
            let name = "ethertype 0x" + String(repeating: "0", count: 4 - digits.count) + digits
            health.reasons.append(
                ReasonMessage(reason: name, packets: Int(clamping: counter.packets), bytes: Int(clamping: counter.bytes)))
        }
        return health
    }

    /// Hands every batch of events to a closure, with the number of those lost before it, until the task is cancelled.
    ///
    /// - Parameter names: the names of a revision's rules by number.
    func readEvents(
        names: @escaping @Sendable (UInt32) -> [UInt32: RuleName], _ deliver: @escaping @Sendable ([EventRecord], _ lost: Int) -> Void
    ) async throws {
        let (replacements, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        state.withLock { $0.onReplacement = continuation }
        while !Task.isCancelled {
            let datapath = datapath
            try await withThrowingTaskGroup(of: Void.self) { group in
                if let datapath {
                    group.addTask { try await Self.read(datapath, names, deliver) }
                }
                group.addTask {
                    var iterator = replacements.makeAsyncIterator()
                    _ = await iterator.next()
                }
                defer { group.cancelAll() }
                try await group.next()
            }
        }
    }

    private static func read(
        _ datapath: Datapath, _ names: @Sendable (UInt32) -> [UInt32: RuleName], _ deliver: @Sendable ([EventRecord], Int) -> Void
    ) async throws {
        var revision: UInt32?
        var rules: [UInt32: RuleName] = [:]
        for try await batch in datapath.events() {
            let records = batch.events.map { event in
                if event.revision != revision {
                    revision = event.revision
                    rules = names(event.revision)
                }
                return EventRecord(event, rule: event.rule.flatMap { rules[$0] })
            }
            deliver(records, Int(clamping: batch.lost))
        }
    }
}

extension EventRecord {
    fileprivate init(_ event: PacketEvent, rule: RuleName?) {
        self.init(
            time: Timestamp(nanoseconds: event.time), verdict: event.verdict, direction: event.direction, interface: event.interface,
            protocol: event.protocol, source: event.source, destination: event.destination, sourcePort: event.sourcePort ?? 0,
            destinationPort: event.destinationPort ?? 0, icmpType: event.icmpType ?? 0, icmpCode: event.icmpCode ?? 0, rule: rule,
            reason: event.reason.rawValue, revision: event.revision, length: event.length, count: event.count)
    }
}

extension Configuration.Attachment {
    fileprivate var datapath: DatapathConfiguration.Attachment {
        switch self {
        case .auto: .auto
        case .tcx: .tcx
        case .clsact: .clsact
        }
    }
}
