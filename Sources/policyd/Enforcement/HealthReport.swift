import FoundationEssentials
import Glibc
import PolicyAPI
import PolicyModel

/// The answer of `GET /v1/status`, put together.
struct HealthReport: Sendable {
    let enforcer: Enforcer
    let hub: EventHub
    let probes: ProbeRegistry
    let started: Timestamp
    private let folder = PolicyFolder()

    init(enforcer: Enforcer, hub: EventHub, probes: ProbeRegistry, started: Timestamp) {
        self.enforcer = enforcer
        self.hub = hub
        self.probes = probes
        self.started = started
    }

    func message() throws -> StatusMessage {
        let configuration = enforcer.configuration
        let inForce = enforcer.inForce
        let health = try enforcer.enforcement.health()
        let totals = hub.totals
        var warnings = enforcer.warnings
        let kernel = enforcer.enforcement.revisionInForce
        if let inForce, kernel != inForce.number {
            warnings.append(
                "the kernel enforces \(kernel.map { "revision \($0)" } ?? "nothing"), the daemon believes revision \(inForce.number)")
        }
        for interface in health.interfaces {
            guard let failure = interface.xdpFailure else { continue }
            warnings.append("\(interface.name) has no early drop: \(failure)")
        }
        warnings += health.warnings + probes.warnings
        // One that pushes out what is oldest is told of once it does.
        for map in health.maps where map.evicted == nil && map.limit > 0 && map.entries * 10 >= map.limit * 9 {
            warnings.append("\(map.name) is \(map.entries * 100 / map.limit) % full")
        }
        return StatusMessage(
            daemon: DaemonMessage(
                version: Build.version, pid: Int(getpid()), started: started, adopted: enforcer.enforcement.adopted,
                stateDirectory: configuration.stateDirectory, bpffs: configuration.bpffs, memoryBytes: Self.residentBytes()),
            revision: inForce?.message, counts: inForce?.policySet.counts ?? .none, folder: folder.message(configuration.policies, inForce),
            interfaces: health.interfaces, awaited: awaited(health.interfaces),
            events: EventStatusMessage(
                received: totals.received, lostInKernel: health.lostEvents, lostToFollowers: totals.lostToFollowers,
                followers: totals.followers, kept: totals.kept),
            maps: health.maps, reasons: health.reasons, warnings: warnings, confirmation: enforcer.confirmation?.message)
    }

    /// Names without a wildcard that no protected interface has.
    private func awaited(_ interfaces: [InterfaceMessage]) -> [String] {
        let present = Set(interfaces.map(\.name))
        return enforcer.configuration.interfaces.filter { pattern in
            !pattern.hasPrefix("!") && !pattern.contains("*") && !pattern.contains("?") && !present.contains(pattern)
        }
    }

    /// The second number of /proc/self/statm, in pages.
    private static func residentBytes() -> Int {
        guard let data = FileManager.default.contents(atPath: "/proc/self/statm") else { return 0 }
        let fields = String(decoding: data, as: UTF8.self).split(separator: " ")
        return (fields.count > 1 ? Int(fields[1]) ?? 0 : 0) * sysconf(CInt(_SC_PAGESIZE))
    }
}
