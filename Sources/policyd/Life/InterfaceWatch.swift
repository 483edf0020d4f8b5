import Logging
import ServiceLifecycle

/// Protects interfaces that appear, and keeps account of those that go.
struct InterfaceWatch: Service {
    let enforcement: Enforcement
    let enforcer: Enforcer
    let logger: Logger

    func run() async throws {
        for await _ in try enforcement.interfaceChanges().cancelOnGracefulShutdown() {
            do {
                try await synchronize()
            } catch {
                logger.error("interfaces cannot be brought up to date: \(error)")
            }
        }
    }

    /// Attaches to the interfaces that exist and are selected, and lets go of the others.
    func synchronize() async throws {
        try await enforcer.serially { [enforcer] in try enforcer.synchronizeInterfaces() }
    }

    var statusLine: String { Daemon.statusLine(enforcer, enforcement) }
}
