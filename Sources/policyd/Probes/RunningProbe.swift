import HTTPTypes
import Logging
import PolicyAPI
import PolicyModel
import Probes
import Synchronization

/// A probe at work, and the tasks that read its events.
final class RunningProbe: Sendable {
    let document: Document
    let loaded: LoadedProbe
    /// The SHA-256 of the object.
    let digest: SHA256Digest
    let since: Timestamp
    /// Whether it was at work when the daemon started.
    let adopted: Bool
    /// Followers stay when another object takes the place of this one.
    let hub: Hub<ProbeRecord>
    private let allowance: Mutex<EventAllowance>
    /// What reads its events; nil once it has ended.
    private let pumps: Mutex<[Task<Void, Never>]?>
    private let logger: Logger

    /// Events kept for those who ask for the last.
    static let keep = 1_000
    /// Events that may wait for a follower.
    static let queue = 65_536

    init(
        _ document: Document, _ loaded: LoadedProbe, digest: SHA256Digest, since: Timestamp, adopted: Bool, hub: Hub<ProbeRecord>?,
        logger: Logger
    ) {
        self.document = document
        self.loaded = loaded
        self.digest = digest
        self.since = since
        self.adopted = adopted
        self.hub = hub ?? Hub(keep: Self.keep, queueLimit: Self.queue)
        self.logger = logger
        allowance = Mutex(EventAllowance(perSecond: loaded.probe.limits.eventsPerSecond))
        pumps = Mutex([])
    }

    var name: String { loaded.probe.name }

    /// Begins to hand events on.
    func start() {
        pumps.withLock { pumps in
            // Another request may have ended it before it began.
            guard pumps != nil else { return }
            pumps = loaded.streams.map { stream in
                Task { [self] in
                    do {
                        try await stream.read(taking: take, publish)
                    } catch is CancellationError {
                        // The probe's end, or the daemon's.
                    } catch {
                        logger.error("events of a probe cannot be read any more", metadata: ["probe": "\(name)", "error": "\(error)"])
                    }
                }
            }
        }
    }

    private func take(_ count: Int) -> Int { allowance.withLock { $0.take(count) } }

    private func publish(_ batch: ProbeBatch) {
        hub.publish(batch.records)
        hub.publish(LossRecord(time: .now, place: .kernel, count: batch.lostInKernel))
        hub.publish(LossRecord(time: .now, place: .limit, count: batch.lostToLimit))
    }

    /// Stops reading. What has not been read stays in the kernel.
    func pause() async {
        let tasks = pumps.withLock { pumps in
            defer { pumps = nil }
            return pumps ?? []
        }
        for task in tasks { task.cancel() }
        for task in tasks { await task.value }
    }

    /// Takes the programs out of the kernel, and hands on what they have written until then.
    ///
    /// - Returns: Why something of it stays in the kernel; nil if nothing does.
    @discardableResult
    func end() async -> String? {
        await pause()
        let left = loaded.unload()
        // A program that began before the detachment may still be writing.
        try? await Task.sleep(for: .milliseconds(20))
        for stream in loaded.streams { stream.readRest(taking: take, publish) }
        return left
    }
}

// MARK: - As clients see it

extension RunningProbe {
    var message: ProbeMessage {
        let totals = hub.totals
        let probe = loaded.probe
        return ProbeMessage(
            name: probe.name, labels: probe.labels, object: "\(probe.object)", sha256: "\(digest)", loaded: since, persist: probe.persist,
            adopted: adopted, location: probe.location.lineText,
            programs: loaded.programs.map {
                ProbeProgramMessage(name: $0.name, type: $0.type, attached: $0.attached, leftOut: $0.leftOut)
            },
            maps: loaded.maps.map { ProbeMapMessage(name: $0.name, type: $0.type, maxEntries: $0.maxEntries, record: $0.record) },
            memoryBytes: loaded.memoryBytes,
            limits: ProbeLimitsMessage(
                memory: probe.limits.memory, programs: probe.limits.programs, eventsPerSecond: probe.limits.eventsPerSecond),
            events: ProbeEventsMessage(
                received: totals.received, lostInKernel: totals.lostInKernel, lostToLimit: totals.lostToLimit,
                lostToFollowers: totals.lostToFollowers, followers: totals.followers, kept: totals.kept),
            warnings: loaded.warnings)
    }
}

extension ProbeMessage {
    /// What is to be said of a probe of the state folder that could not be loaded.
    static func unloadable(_ name: String) -> ProbeMessage {
        ProbeMessage(
            name: name, labels: [:], object: "", sha256: "", loaded: Timestamp(nanoseconds: 0), persist: true, adopted: false, location: "",
            programs: [], maps: [], memoryBytes: 0, limits: ProbeLimitsMessage(memory: 0, programs: 0, eventsPerSecond: 0),
            events: ProbeEventsMessage(received: 0, lostInKernel: 0, lostToLimit: 0, lostToFollowers: 0, followers: 0, kept: 0),
            warnings: [])
    }
}
