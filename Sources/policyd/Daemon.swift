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
    private let started = Timestamp.now
    // Held until the process ends.
    private let stateLock: InstanceLock
    private let socketLock: InstanceLock
    private let bpffsLock: InstanceLock

    init(configuration: Configuration, flags: ConfigurationFlags, settings: LogSettings, logger: Logger) throws {
        self.configuration = configuration
        self.logger = logger
        notification = ServiceNotification(address: environmentVariable("NOTIFY_SOCKET"))
        server = try ControlServer(configuration: configuration, logger: logger)

        try makeFolder(configuration.stateDirectory)
        stateLock = try InstanceLock(file: configuration.stateDirectory + "/lock", what: "the state folder \(configuration.stateDirectory)")
        try makeFolder(folder(of: configuration.socket), mode: 0o755)
        socketLock = try InstanceLock(file: configuration.socket + ".lock", what: "the socket \(configuration.socket)")
        try makeFolder(configuration.bpffs)
        bpffsLock = try InstanceLock(folder: configuration.bpffs, what: "the bpffs folder \(configuration.bpffs)")
        try server.prepare()
        hub = EventHub(keep: configuration.events.keep, queueLimit: configuration.events.queue)
    }

    func run() async throws {
        let router = Router(context: ConnectionContext.self)
        router.addMiddleware {
            PeerCheck(group: server.group)
            FailureResponses()
        }
        EventRoutes(hub: hub).add(to: router)
        let (logger, notification, hub) = (logger, notification, hub)
        let application = server.application(router) {
            logger.info("serving")
            notification.ready(status: "serving")
        }
        let group = ServiceGroup(
            configuration: .init(
                services: [.init(service: application), .init(service: ClosureService { try? await gracefulShutdown(); hub.close() })],
                gracefulShutdownSignals: [.sigterm, .sigint], logger: logger))
        try await group.run()
        notification.stopping()
        server.removeSocket()
        logger.info("stopped; enforcement stays in place")
    }
}
