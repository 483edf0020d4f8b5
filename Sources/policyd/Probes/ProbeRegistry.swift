import FoundationEssentials
import Glibc
import HTTPTypes
import Logging
import NIOCore
import NIOPosix
import PolicyAPI
import PolicyModel
import Probes
import Synchronization

/// Decides which probes are loaded: every change goes through here, one after the other.
///
/// Probes have nothing to do with what is in force: one that fails keeps no policy from coming into force, and enforcement goes on without
/// them all.
final class ProbeRegistry: Sendable {
    private let live: LiveConfiguration
    private let store: ProbeStore
    private let logger: Logger
    private let state = Mutex(State())
    /// Loading takes up to seconds, and objects are looked at by another process: not on the threads that answer requests.
    private let changes = NIOThreadPool(numberOfThreads: 1)
    /// Looks at objects of others before they are opened here.
    private let inspection = Inspection()
    /// Loads them before they are loaded here.
    private let trial = ProbeTrial()

    /// The largest object, in bytes.
    static let objectLimit = 64 << 20

    private struct State {
        var running: [String: RunningProbe] = [:]
        /// Probes of the state folder that are not at work, and why.
        var failed: [String: String] = [:]
        /// Probes of which the state folder says something else than the kernel, and why.
        var unkept: [String: String] = [:]
        /// The generation that the next pins get.
        var generation = 1
        /// Ends what another process does at the moment.
        var endTrial: (@Sendable () -> Void)?
        var isStopping = false
    }

    init(_ configuration: LiveConfiguration, _ store: ProbeStore, logger: Logger) {
        live = configuration
        self.store = store
        self.logger = logger
        changes.start()
    }

    /// The folder of the pins of all probes.
    private var pinFolder: String { "\(live.current.bpffs)/probes" }

    /// Does something on the thread of changes.
    private func serially<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
        try await changes.runIfActive(body)
    }

    /// What an operator should look at.
    var warnings: [String] {
        let folder = pinFolder
        return state.withLock { state in
            let failed = state.failed.sorted { $0.key < $1.key }.map { name, reason in
                let isLeft = ProbePins.isAnything(of: name, in: folder)
                return "probe \(name) is not at work: \(reason)"
                    + (isLeft ? "; what it has in the kernel stays there until it is loaded or unloaded" : "")
            }
            let unkept = state.unkept.sorted { $0.key < $1.key }.map { "probe \($0.key): \($0.value)" }
            let running = state.running.values.sorted { $0.name < $1.name }.flatMap { probe in
                probe.loaded.warnings.map { "probe \(probe.name): \($0)" }
            }
            return failed + unkept + running
        }
    }
}

// MARK: - From start to end

extension ProbeRegistry {
    /// Finds the probes of the state folder at work, or loads them; what fails is told and left.
    func start() async throws {
        let started = try await serially { [self] in
            let names = try store.names()
            // Pins of probes that cannot be read are met by nobody's.
            let highest = ProbePins.highestGeneration(in: pinFolder)
            state.withLock { $0.generation = max($0.generation, highest + 1) }
            for name in names { restore(name) }
            ProbePins.removeAll(in: pinFolder, but: Set(names))
            return state.withLock { Array($0.running.values) }
        }
        for probe in started { probe.start() }
    }

    private func restore(_ name: String) {
        do {
            let (stored, document, object) = try store.load(name)
            state.withLock { $0.generation = max($0.generation, stored.generation + 1) }
            let digest = SHA256Digest(of: object)
            if let record = stored.record,
                let loaded = try? ProbeLoader(document, object: object, pins: pins(name, stored.generation)).adopt(record)
            {
                keep(RunningProbe(document, loaded, digest: digest, since: stored.loaded, adopted: true, hub: nil, logger: logger))
                return
            }
            // After a reboot, or what cannot be pinned.
            let generation = nextGeneration()
            let loader = try ProbeLoader(document, object: object, pins: pins(name, generation))
            if !isBundled(document) { try waiting { [trial] in try await trial.run(document, object: object) } }
            // What a daemon that was killed in the midst of a replacement has left would hold places that only one program can have.
            pins(name, generation).removeOthers()
            let loaded = try loader.load()
            let probe = RunningProbe(document, loaded, digest: digest, since: .now, adopted: false, hub: nil, logger: logger)
            keep(probe)
            _ = note(probe, object)
            logger.info("probe loaded again", metadata: ["probe": "\(name)"])
        } catch {
            state.withLock { $0.failed[name] = "\(error)" }
            logger.error("a probe cannot be loaded again", metadata: ["probe": "\(name)", "error": "\(error)"])
        }
    }

    /// Ends reading; probes that are pinned stay at work, the others leave the kernel.
    func stop() async {
        let running = state.withLock { state in
            defer { state.running = [:] }
            return Array(state.running.values)
        }
        for probe in running {
            if probe.loaded.pins == nil { await probe.end() } else { await probe.pause() }
            probe.hub.close()
        }
        try? await changes.shutdownGracefully()
    }

    /// Ends answers that end late or only when they are told to: the streams of all followers, and what waits for another process.
    func closeAnswers() {
        let (probes, endTrial) = state.withLock { state in
            state.isStopping = true
            return (Array(state.running.values), state.endTrial)
        }
        endTrial?()
        for probe in probes { probe.hub.close() }
    }

    private func keep(_ probe: RunningProbe) {
        state.withLock { state in
            state.running[probe.name] = probe
            state.failed[probe.name] = nil
        }
    }

    private func pins(_ name: String, _ generation: Int) -> ProbePins {
        ProbePins(probes: pinFolder, name: name, generation: generation)
    }

    private func nextGeneration() -> Int {
        state.withLock { state in
            defer { state.generation += 1 }
            return state.generation
        }
    }

    /// Has the state folder say of a probe what is so: that it comes back, or that none does.
    ///
    /// It is at work all the same, and that is what was asked for first.
    ///
    /// - Returns: Why the folder says something else; nil if it does not.
    private func note(_ probe: RunningProbe, _ object: [UInt8]) -> String? {
        let isKept = probe.loaded.probe.persist
        return note(probe.name, isKept ? "in force, but not kept" : "in force, but one that persists is still kept") {
            guard isKept else { return try store.remove(probe.name) }
            let pins = probe.loaded.pins
            try store.write(
                ProbeStore.Stored(
                    source: probe.document.source, object: "\(probe.digest)", generation: pins?.generation ?? 0, loaded: probe.since,
                    record: pins == nil ? nil : probe.loaded.record),
                name: probe.name, object: object)
        }
    }

    private func note(_ name: String, _ what: String, _ change: () throws -> Void) -> String? {
        do {
            try change()
            state.withLock { $0.unkept[name] = nil }
            return nil
        } catch {
            let words = "\(what): \(error); when policyd starts again, what the state folder holds comes back"
            state.withLock { $0.unkept[name] = words }
            logger.error("the state folder does not take a change of probes", metadata: ["probe": "\(name)", "error": "\(error)"])
            return words
        }
    }
}

// MARK: - What clients ask for

extension ProbeRegistry {
    /// All probes, by name.
    var messages: [ProbeMessage] {
        state.withLock { Array($0.running.values) }.map(\.message).sorted { $0.name < $1.name }
    }

    /// A probe at work.
    ///
    /// - Throws: ``Refusal`` if there is none of this name.
    func probe(_ name: String) throws -> RunningProbe {
        let (found, names) = state.withLock { ($0.running[name], Array($0.running.keys)) }
        if let found { return found }
        let near = Spelling.nearest(to: name, among: names).map { "; did you mean '\($0)'?" } ?? ""
        throw Refusal(.notFound, "there is no probe '\(name)'\(near)")
    }

    /// Loads a probe, or puts it in the place of the one of its name.
    func load(_ request: ProbeLoadRequest, by peer: String) async throws -> ProbeChangeMessage {
        let start = ContinuousClock.now
        let change = try await serially { [self] in try load(request, peer) }
        var warnings = change.warnings
        if change.outcome == .loaded || change.outcome == .replaced {
            // The old one's last events before the new one's first, as far as they are apart at all.
            if let left = await change.old?.end() { warnings.append("something of the one before stays in the kernel: \(left)") }
            change.probe.start()
        }
        return ProbeChangeMessage(
            outcome: change.outcome, probe: change.probe.message,
            microseconds: Int((ContinuousClock.now - start) / .microseconds(1)), warnings: warnings)
    }

    /// What a request to load came to.
    private struct Change {
        var outcome: ProbeChangeMessage.Outcome
        var probe: RunningProbe
        /// The one whose place it took.
        var old: RunningProbe?
        /// What could not be done.
        var warnings: [String] = []
    }

    /// Only to be called on the thread of changes.
    private func load(_ request: ProbeLoadRequest, _ peer: String) throws -> Change {
        let document = try document(of: request)
        let object = try object(of: request, document)
        let digest = SHA256Digest(of: object)
        let name = document.name
        let old = state.withLock { $0.running[name] }
        if let old, !request.dryRun, old.digest == digest, old.document.source.text == document.source.text {
            // What could not be written then may be now.
            let isUnkept = state.withLock { $0.unkept[name] != nil }
            return Change(outcome: .unchanged, probe: old, warnings: isUnkept ? note(old, object).map { [$0] } ?? [] : [])
        }
        guard case .probe(let probe) = document.value else { throw Refusal(.badRequest, "\(document.identity) is no probe") }
        let generation = nextGeneration()
        let loader: ProbeLoader
        let loaded: LoadedProbe
        do throws(ProbeError) {
            loader = try ProbeLoader(document, object: object, pins: probe.persist ? pins(name, generation) : nil)
            // One that could not be loaded again may have left something.
            let isOver = old == nil && !request.dryRun && ProbePins.isAnything(of: name, in: pinFolder)
            loaded = try isOver ? loader.load(overRemainsIn: pinFolder) : loader.load(replacing: old?.loaded, isTrial: request.dryRun)
        } catch {
            throw refusal(error, of: name)
        }
        let running = RunningProbe(
            document, loaded, digest: digest, since: .now, adopted: false, hub: request.dryRun ? nil : old?.hub, logger: logger)
        if request.dryRun { return Change(outcome: .checked, probe: running) }
        keep(running)
        let unkept = note(running, object)
        logger.info(
            "probe loaded",
            metadata: [
                "probe": "\(name)", "object": "\(probe.object)", "sha256": "\(digest)", "replaced": "\(old != nil)", "by": "\(peer)",
            ])
        return Change(outcome: old == nil ? .loaded : .replaced, probe: running, old: old, warnings: unkept.map { [$0] } ?? [])
    }

    /// Takes a probe out of the kernel and of the state folder.
    func unload(_ name: String, by peer: String) async throws -> ProbeChangeMessage {
        let start = ContinuousClock.now
        let (probe, left) = try await serially { [self] in
            let isKnown = state.withLock { $0.running[name] == nil && ($0.failed[name] != nil || $0.unkept[name] != nil) }
            let probe = isKnown ? nil : try self.probe(name)
            var left: [String] = []
            // One that could not be loaded again has nobody who would take it out.
            if probe == nil {
                do throws(ProbeError) {
                    try ProbePins.remove(name, in: pinFolder)
                } catch {
                    left.append(error.message)
                }
            }
            let isLeft = !left.isEmpty
            if let unkept = note(name, "unloaded, but still kept", { try store.remove(name) }) { left.append(unkept) }
            state.withLock { state in
                state.running[name] = nil
                state.failed[name] = isLeft ? state.failed[name] : nil
            }
            return (probe, left)
        }
        var warnings = left
        if let left = await probe?.end() { warnings.append("something of it stays in the kernel: \(left)") }
        let message = probe?.message ?? .unloadable(name)
        probe?.hub.close()
        logger.info("probe unloaded", metadata: ["probe": "\(name)", "by": "\(peer)"])
        return ProbeChangeMessage(
            outcome: .unloaded, probe: message, microseconds: Int((ContinuousClock.now - start) / .microseconds(1)), warnings: warnings)
    }

    private func document(of request: ProbeLoadRequest) throws -> Document {
        let file = SourceFile(path: request.document.name, text: request.document.text, firstLine: request.document.line ?? 1)
        let loaded = DocumentLoader.load(bundles: [SourceBundle(files: [file])])
        guard !loaded.hasErrors else {
            let count = Diagnostics(loaded.diagnostics).errors.count
            throw Refusal(
                .unprocessableContent, "refused: \(count) \(count == 1 ? "error" : "errors"); nothing was loaded",
                diagnostics: loaded.diagnostics.map { DiagnosticMessage($0) })
        }
        guard let document = loaded.documents.first, loaded.documents.count == 1, document.kind == .probe else {
            throw Refusal(.badRequest, "one document of kind Probe is expected")
        }
        return document
    }

    private func refusal(_ error: ProbeError, of name: String) -> Refusal {
        let isLoaded = state.withLock { $0.running[name] != nil }
        return Refusal(
            .unprocessableContent, error.message + (isLoaded ? "; the probe that is loaded stays" : ""),
            diagnostics: error.diagnostics.isEmpty ? nil : error.diagnostics.map { DiagnosticMessage($0) })
    }

    /// Whether the object is our own.
    private func isBundled(_ document: Document) -> Bool {
        if case .probe(let probe) = document.value, case .bundled = probe.object { true } else { false }
    }

    /// Waits on the thread of changes for what another process does: of these, too, there is one at a time.
    private func waiting<Result: Sendable>(_ body: @escaping @Sendable () async throws -> Result) throws -> Result {
        let task = Task { try await body() }
        let isStopping = state.withLock { state in
            state.endTrial = { task.cancel() }
            return state.isStopping
        }
        if isStopping { task.cancel() }
        defer { state.withLock { $0.endTrial = nil } }
        do {
            return try MultiThreadedEventLoopGroup.singleton.next().makeFutureWithTask { try await task.value }.wait()
        } catch {
            guard task.isCancelled else { throw error }
            throw Refusal(.serviceUnavailable, "policyd is stopping; nothing was loaded")
        }
    }

    /// The bytes of the object, after other processes have looked at them and loaded them if they are not our own.
    private func object(of request: ProbeLoadRequest, _ document: Document) throws -> [UInt8] {
        guard case .probe(let probe) = document.value else { return [] }
        if case .bundled(let name) = probe.object {
            guard let bundled = BundledProbes.object(name) else {
                let names = BundledProbes.names
                let near = Spelling.nearest(to: name, among: names).map { "; did you mean '\($0)'?" } ?? ""
                throw Refusal(.unprocessableContent, "object: there is no bundled object '\(name)'\(near)")
            }
            return bundled
        }
        guard let text = request.object else {
            throw Refusal(.badRequest, "key 'object' is missing: the bytes of \(probe.object) in base64")
        }
        guard let data = Data(base64Encoded: text) else { throw Refusal(.badRequest, "'object' is not base64") }
        guard data.count <= Self.objectLimit else {
            throw Refusal(.unprocessableContent, "the object has \(data.count) bytes, and at most \(Self.objectLimit >> 20) MiB are read")
        }
        let bytes = [UInt8](data)
        do {
            // What is not what the document wants is not even looked at.
            _ = try ProbeLoader(document, object: bytes, pins: nil)
            _ = try waiting { [inspection] in try await inspection.report(on: bytes, name: probe.name) }
            try waiting { [trial] in try await trial.run(document, object: bytes) }
        } catch let error as ProbeError {
            throw refusal(error, of: document.name)
        } catch let error as InspectionError {
            throw Refusal(.unprocessableContent, "refused: \(error)")
        }
        return bytes
    }
}
