import Glibc
import HTTPTypes
import Logging
import NIOPosix
import PolicyAPI
import PolicyCompiler
import PolicyModel
import Synchronization

/// Decides what is in force: every change goes through here, one after the other.
///
/// A change is made whole before it is seen: documents are checked, compiled and written to the state folder first; then the kernel
/// switches with one store; only then is it what the daemon answers with. Whatever fails before the switch leaves everything as it was.
final class Enforcer: Sendable {
    let live: LiveConfiguration
    let enforcement: Enforcement
    let logger: Logger
    let store: RevisionStore
    let ruleNames: RuleNames
    private let state: Mutex<State>
    /// Changes are made on a thread of their own: they take milliseconds to seconds and must not hold up those who ask for status.
    private let changes = NIOThreadPool(numberOfThreads: 1)
    let expiry = ExpiryTimer()
    /// Runs while a revision waits to be confirmed.
    let withdrawal = ExpiryTimer()

    private struct State {
        var inForce: InForce?
        /// The number the next revision gets; none is used twice.
        var next: UInt32 = 1
        /// What waits to be confirmed.
        var confirmation: Confirmation?
        /// What an operator should look at.
        var warnings: [String] = []
        /// Whether what can wait after a change is waiting to be done; until the daemon is ready it waits for that.
        var isSettling = true
        /// Whether one of the changes was more than entries of sets.
        var isWhole = false
    }

    init(
        _ configuration: LiveConfiguration, _ enforcement: Enforcement, _ store: RevisionStore, ruleNames: RuleNames, logger: Logger
    ) {
        live = configuration
        self.enforcement = enforcement
        self.ruleNames = ruleNames
        self.logger = logger
        self.store = store
        state = Mutex(State())
        changes.start()
    }

    /// What is in force; nil if nothing is.
    var inForce: InForce? { state.withLock { $0.inForce } }

    var configuration: Configuration { live.current }

    var warnings: [String] { state.withLock { $0.warnings } }

    /// What waits to be confirmed; nil if nothing does.
    var confirmation: Confirmation? { state.withLock { $0.confirmation } }

    /// Says what waits, to the state folder first. Only to be called on the thread of changes.
    func setConfirmation(_ confirmation: Confirmation?) throws {
        try store.setConfirmation(confirmation)
        state.withLock { $0.confirmation = confirmation }
    }

    /// Stops the timers and waits for a change under way.
    func stop() async {
        expiry.cancel()
        withdrawal.cancel()
        try? await changes.shutdownGracefully()
    }

    /// Does something on the thread of changes.
    func serially<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
        try await changes.runIfActive(body)
    }
}

// MARK: - A change

extension Enforcer {
    /// What is to be in force.
    struct Target {
        var documents: DocumentCollection
        var runtimeEntries: [String: [RuntimeEntry]]
        /// The documents put together, without run-time entries; made from the documents if nil.
        var policySet: PolicySet?
        var origin: String
    }

    /// Puts a target in force. Only to be called on the thread of changes.
    ///
    /// - Parameters:
    ///   - confirmWithin: Seconds after which it is withdrawn unless it is confirmed.
    ///   - warnings: What is being found out about it meanwhile; it is waited for at the end.
    /// - Throws: ``Refusal`` if it cannot be; what was in force stays.
    func change(
        to target: Target, dryRun: Bool = false, confirmWithin: Double? = nil, warnings: Ahead<[DiagnosticMessage]>? = nil,
        since start: ContinuousClock.Instant
    ) throws -> ChangeMessage {
        let before = inForce
        var policySet: PolicySet
        do throws(Diagnostics) {
            if let known = target.policySet { policySet = known } else { policySet = try target.documents.policySet() }
        } catch {
            throw Refusal(error)
        }
        // Entries of sets that are gone go with them.
        let runtime = target.runtimeEntries.filter { policySet.sets[$0.key] != nil && !$0.value.isEmpty }
        policySet = policySet.adding(runtime)

        let differences = target.documents.differences(from: before?.documents ?? DocumentCollection())
        let isChange = before == nil || !differences.isEmpty || runtime != before?.runtimeEntries
        func message(_ revision: UInt32?, changed: Bool) -> ChangeMessage {
            let microseconds = Int((ContinuousClock.now - start) / .microseconds(1))
            return ChangeMessage(
                revision: revision, changed: changed, dryRun: dryRun, counts: policySet.counts, differences: differences,
                warnings: (try? warnings?.get()) ?? [], microseconds: microseconds)
        }
        guard isChange else { return message(before?.number, changed: false) }

        var numbers = before?.compiled.numbers ?? RuleNumbers()
        let number = nextNumber
        let fresh = numbers.assign(for: policySet, revision: number)
        guard !dryRun else {
            _ = try compile(policySet, revision: number, numbers: numbers, before: before?.compiled)
            return message(before?.number, changed: false)
        }

        let waiting = try newConfirmation(of: number, within: confirmWithin, before: before)
        let stored = StoredRevision(
            number: number, created: .now, origin: target.origin, documents: [], runtimeEntries: runtime, ruleNumbers: numbers)
        let lists = before?.listsKept(for: target.documents) ?? [:]
        let items = target.documents.documents.map { RevisionStore.Item(document: $0, storedLists: lists[$0.identity] ?? [:]) }
        // The disk has its time while the tables are made.
        let writing = Ahead { [store] in try store.prepare(stored, items) }
        let after: InForce
        do {
            let compiled = try compile(policySet, revision: number, numbers: numbers, before: before?.compiled)
            let storedLists = try writing.get()
            // Whoever finds the revision after a loss of power is to find that it waits to be confirmed, and that it compiles.
            if let waiting { try setConfirmation(waiting) }
            try store.commit(number)
            after = InForce(
                number: number, base: RevisionBase(number: number), created: stored.created, origin: target.origin,
                documents: target.documents, storedLists: storedLists, runtimeEntries: runtime, policySet: policySet,
                compiled: compiled)
            ruleNames.add(revision: number, of: policySet, numbers)
            try install(after, fresh: fresh)
        } catch {
            // What is written after it was taken back would stay.
            _ = try? writing.get()
            try? store.remove(number)
            if waiting != nil { try? setConfirmation(nil) }
            try? store.prune(keeping: confirmation?.back)
            throw error
        }
        accept(after)
        if before == nil { enforceAgain() }
        if let waiting { awaitConfirmation(waiting) }
        var result = message(number, changed: true)
        result.confirmation = waiting?.message
        log(result, number, target.origin)
        return result
    }

    func log(_ change: ChangeMessage, _ number: UInt32, _ origin: String) {
        logger.info(
            "revision in force",
            metadata: [
                "revision": "\(number)", "origin": "\(origin)", "policies": "\(change.counts.policies)",
                "rules": "\(change.counts.rules)", "entries": "\(change.counts.entries)", "us": "\(change.microseconds)",
            ])
    }

    /// The number the next revision gets.
    var nextNumber: UInt32 { state.withLock { $0.next } }

    /// Switches the kernel to a revision that is on disk.
    func install(_ revision: InForce, fresh: [UInt32]) throws {
        let number = revision.number
        // A number is spent once it is on disk, whether the switch comes to pass or not.
        state.withLock { $0.next = number + 1 }
        do {
            try enforcement.install(revision.compiled, fresh: fresh)
        } catch {
            try? store.remove(number)
            throw Refusal(.internalServerError, "the kernel did not take revision \(number): \(error)")
        }
    }

    /// Makes a revision the one that is answered with.
    func accept(_ inForce: InForce) {
        let isFirst = state.withLock { state in
            state.inForce = inForce
            state.warnings = []
            if inForce.base?.changes == 0 { state.isWhole = true }
            defer { state.isSettling = true }
            return !state.isSettling
        }
        if isFirst { settleSoon() }
    }

    /// Does what changes leave to do, which those who asked for them need not wait for. To be called once the daemon is ready.
    func settleSoon() {
        Task { [weak self] in try? await self?.serially { [weak self] in self?.settle() } }
    }

    /// What is left to do after a change, or several.
    private func settle() {
        let isWhole = state.withLock { state in
            state.isSettling = false
            defer { state.isWhole = false }
            return state.isWhole
        }
        if let inForce { scheduleExpiry(inForce) }
        do {
            try store.prune(keeping: confirmation?.back)
        } catch {
            logger.warning("old revisions stay in the state folder", metadata: ["error": "\(error)"])
        }
        do {
            try enforcement.settle()
        } catch {
            logger.warning("the next change will take longer", metadata: ["error": "\(error)"])
        }
        returnFreedMemory()
        if isWhole { returnProgramPages() }
    }

    func compile(
        _ policySet: PolicySet, revision: UInt32, numbers: RuleNumbers, before: CompiledPolicy?
    ) throws -> CompiledPolicy {
        do {
            return try enforcement.compile(policySet, revision: revision, numbers: numbers, before: before)
        } catch let error as CompileError {
            throw Refusal(Diagnostics([Diagnostic(at: error.location, error.description)]))
        }
    }
}

// MARK: - After a start

extension Enforcer {
    /// Finds out what is in force, or puts something in force: what the kernel judges by comes first, then the newest revision of the
    /// state folder, then the policy folder.
    ///
    /// - Parameter first: what is being read for it; `settle` is left to be called when the daemon is ready.
    func start(_ first: Ahead<FirstReading>) async throws {
        try await serially { [self] in
            try readConfirmation()
            try restoreInForce(first.take())
            try resumeConfirmation()
            applyConnectionSettings()
        }
    }

    /// Gives the kernel's tables of connections the size and time-outs of the configuration. Only to be called on the thread of changes.
    func applyConnectionSettings() {
        do {
            try enforcement.setConnections(configuration.limits.connections, configuration.timeouts)
        } catch {
            warn("the tables of connections stay as large as they are: \(error)")
        }
    }

    private func restoreInForce(_ first: FirstReading) throws {
        let numbers = try store.numbers()
        let kernel = enforcement.revisionInForce
        if store.isDown, kernel == nil {
            state.withLock { $0.next = (numbers.last ?? 0) + 1 }
            return warn(Self.downWords)
        }
        state.withLock { $0.next = max(kernel ?? 0, numbers.last ?? 0) + 1 }
        if let kernel {
            for number in numbers where number > kernel {
                logger.warning("dropped a revision whose switch did not happen", metadata: ["revision": "\(number)"])
                try store.remove(number)
            }
            if numbers.contains(kernel) {
                // The programs of another build give way to this one's by the same store as a policy.
                if enforcement.isOutdated, restore(kernel, first, install: true) { return }
                if restore(kernel, first, install: false) {
                    if enforcement.isOutdated { warn("the programs of another build of policyd judge packets until the next apply") }
                    return
                }
            }
            warn("the kernel enforces revision \(kernel), which the state folder does not know; apply a policy to replace it")
            return
        }
        for number in numbers.reversed() where restore(number, first, install: true) { return }
        startWithFolder(first.folder)
    }

    /// Takes a stored revision for the one in force; false if that is not possible.
    private func restore(_ number: UInt32, _ first: FirstReading, install: Bool) -> Bool {
        do {
            let known = first.revision.flatMap { $0.number == number ? $0 : nil }
            let reading = try known ?? FirstReading.Revision(number, of: store)
            let (loaded, policySet) = (reading.loaded, reading.policySet)
            let runtime = loaded.revision.runtimeEntries
            var ruleNumbers = loaded.revision.ruleNumbers
            ruleNumbers.assign(for: policySet, revision: number)
            let compiled = try enforcement.compile(policySet, revision: number, numbers: ruleNumbers, before: nil)
            ruleNames.add(revision: number, of: policySet, ruleNumbers)
            let isInForce = enforcement.revisionInForce == number
            if install {
                try enforcement.install(compiled, fresh: [])
            } else {
                enforcement.adopt(compiled)
            }
            accept(
                InForce(
                    number: number, base: loaded.base, created: loaded.revision.created, origin: loaded.revision.origin,
                    documents: loaded.documents, storedLists: loaded.storedLists, runtimeEntries: runtime, policySet: policySet,
                    compiled: compiled))
            let words = isInForce ? "adopted revision\(install ? ", with this build's programs" : "")" : "revision in force again"
            logger.info("\(words)", metadata: ["revision": "\(number)"])
            return true
        } catch {
            logger.error("cannot restore revision", metadata: ["revision": "\(number)", "error": "\(error)"])
            return false
        }
    }

    private func startWithFolder(_ loaded: LoadedDocuments?) {
        let path = configuration.policies
        guard access(path, F_OK) == 0 else {
            return warn("no policy is in force: there is no revision and no policy folder \(path)")
        }
        do {
            _ = try applyFolderAtStart(loaded ?? DocumentLoader.load(folder: path))
        } catch let refusal as Refusal {
            for diagnostic in refusal.failure.diagnostics ?? [] { logger.error("policy folder: \(diagnostic.text)") }
            warn("no policy is in force: \(refusal.failure.error)")
        } catch {
            warn("no policy is in force: \(error)")
        }
    }

    /// Says something to the log and to those who ask for status, until the next change.
    func warn(_ words: String) {
        logger.warning("\(words)")
        state.withLock { $0.warnings.append(words) }
    }

    /// The first revision after `down` or after a start without one: the interfaces have to be attached to.
    private func enforceAgain() {
        do {
            try store.setDown(false)
            try synchronizeInterfaces()
        } catch {
            warn("the policy is in force, but not everywhere: \(error)")
        }
    }

    private static let downWords = "enforcement was taken out by `policyctl down`; apply a policy to enforce again"

    /// Attaches to the interfaces that exist and are selected. Only to be called on the thread of changes.
    func synchronizeInterfaces() throws {
        let configuration = configuration
        try enforcement.synchronizeInterfaces(InterfaceSelector(patterns: configuration.interfaces), xdp: configuration.xdp)
    }

    /// Takes enforcement out of the kernel. The revisions stay in the state folder for the history, but none comes into force by itself,
    /// not after a restart either.
    func down() async throws -> DownMessage {
        try await serially { [self] in
            let number = inForce?.number ?? enforcement.revisionInForce
            let interfaces = try enforcement.health().interfaces.map(\.name)
            // Before the kernel lets go: a daemon that ends in between must not put back what was to go.
            try store.setDown(true)
            try enforcement.remove()
            state.withLock {
                $0.inForce = nil
                $0.warnings = [Self.downWords]
            }
            expiry.cancel()
            // Nothing is in force that could be withdrawn.
            withdrawal.cancel()
            try setConfirmation(nil)
            logger.notice("enforcement taken out", metadata: ["revision": "\(number.map(String.init) ?? "none")"])
            return DownMessage(revision: number, interfaces: interfaces)
        }
    }
}
