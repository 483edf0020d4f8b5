import FoundationEssentials
import Glibc
import Hummingbird
import Logging
import PolicyAPI
import ServiceLifecycle
import UnixSignals

/// The daemon: what runs from start to SIGTERM.
struct Daemon: Sendable {
    private let configuration: Configuration
    private let logger: Logger
    private let server: ControlServer
    private let notification: ServiceNotification
    private let hub: EventHub
    private let ruleNames = RuleNames()
    private let enforcement: Enforcement
    private let enforcer: Enforcer
    private let probes: ProbeRegistry
    private let first: Ahead<FirstReading>
    private let flags: ConfigurationFlags
    private let settings: LogSettings
    /// What a reload may change.
    private let live: LiveConfiguration
    private let started = Timestamp.now
    // Held until the process ends.
    private let stateLock: InstanceLock
    private let socketLock: InstanceLock

    init(configuration: Configuration, flags: ConfigurationFlags, settings: LogSettings, logger: Logger) throws {
        self.configuration = configuration
        self.logger = logger
        self.flags = flags
        self.settings = settings
        live = LiveConfiguration(configuration)
        notification = ServiceNotification(address: environmentVariable("NOTIFY_SOCKET"))
        server = try ControlServer(configuration: configuration, logger: logger)

        try makeFolder(configuration.stateDirectory)
        stateLock = try InstanceLock(file: configuration.stateDirectory + "/lock", what: "the state folder \(configuration.stateDirectory)")
        try makeFolder(folder(of: configuration.socket), mode: 0o755)
        socketLock = try InstanceLock(file: configuration.socket + ".lock", what: "the socket \(configuration.socket)")
        try server.prepare()
        hub = EventHub(keep: configuration.events.keep, queueLimit: configuration.events.queue)
        let store = try RevisionStore(path: configuration.stateDirectory)
        first = Ahead { [folder = configuration.policies] in FirstReading(store, folder: folder) }
        enforcement = try Enforcement(configuration, isDown: store.isDown, logger: logger)
        enforcer = Enforcer(live, enforcement, store, ruleNames: ruleNames, logger: logger)
        probes = ProbeRegistry(live, try ProbeStore(path: configuration.stateDirectory), logger: logger)
    }

    func run() async throws {
        try await enforcer.start(first)
        let interfaces = InterfaceWatch(enforcement: enforcement, enforcer: enforcer, logger: logger)
        try await interfaces.synchronize()

        let router = Router(context: ConnectionContext.self)
        router.addMiddleware {
            PeerCheck(group: server.group)
            FailureResponses()
        }
        EventRoutes(hub: hub).add(to: router)
        FlowRoutes(enforcer: enforcer).add(to: router)
        PolicyRoutes(enforcer: enforcer, report: HealthReport(enforcer: enforcer, hub: hub, probes: probes, started: started))
            .add(to: router)
        ProbeRoutes(probes: probes).add(to: router)
        let (logger, notification, socket) = (logger, notification, configuration.socket)
        let (enforcer, enforcement) = (enforcer, enforcement)
        // After enforcement, and before anybody can ask for them.
        try await probes.start()
        let application = server.application(router) {
            logger.info("ready", metadata: ["socket": "\(socket)", "revision": "\(enforcer.inForce.map { "\($0.number)" } ?? "none")"])
            notification.ready(status: Self.statusLine(enforcer, enforcement))
            enforcer.settleSoon()
            // Whoever waited for the daemon asks for something now, and that needs no part of the start either.
            Task {
                try await Task.sleep(for: .milliseconds(250))
                returnProgramPages()
            }
        }
        let reload = Reload(
            flags: flags, settings: settings, live: live, interfaces: interfaces, notification: notification, logger: logger)
        // Services end in the order opposite to this. The server waits for its answers to end, and answers that are streams of events
        // end only when they are told to, and those that wait for another process late: first of all.
        let streams = ClosureService { [hub, probes] in
            try? await gracefulShutdown()
            hub.close()
            probes.closeAnswers()
        }
        let group = ServiceGroup(
            configuration: .init(
                services: [
                    .init(service: EventPump(enforcement: enforcement, hub: hub, ruleNames: ruleNames, logger: logger)),
                    .init(service: interfaces), .init(service: ClockWatch(enforcement: enforcement, logger: logger)),
                    .init(service: ConnectionWatch(enforcement: enforcement, logger: logger)),
                    .init(service: reload), .init(service: application), .init(service: streams),
                ],
                gracefulShutdownSignals: [.sigterm, .sigint], logger: logger))
        try await group.run()
        notification.stopping()
        server.removeSocket()
        await probes.stop()
        await enforcer.stop()
        logger.info("stopped; enforcement stays in place")
    }

    /// One line for the service manager.
    static func statusLine(_ enforcer: Enforcer, _ enforcement: Enforcement) -> String {
        let interfaces = (try? enforcement.health().interfaces.count) ?? 0
        guard let inForce = enforcer.inForce else { return "no policy in force; \(interfaces) interfaces" }
        return "revision \(inForce.number) in force on \(interfaces) interfaces"
    }
}
