import Logging
import PolicyAPI
import PolicyModel
import ServiceLifecycle

/// Protects interfaces that appear, and keeps account of those that go.
struct InterfaceWatch: Service {
    let enforcement: Enforcement
    let enforcer: Enforcer
    let configuration: LiveConfiguration
    let logger: Logger

    func run() async throws {
        for await _ in enforcement.interfaceChanges().cancelOnGracefulShutdown() {
            do {
                try await synchronize()
            } catch {
                logger.error("interfaces cannot be brought up to date: \(error)")
            }
        }
    }

    /// Attaches to the interfaces that exist and are selected, and lets go of the others.
    func synchronize() async throws {
        let selector = InterfaceSelector(patterns: configuration.current.interfaces)
        let changes = try await enforcer.serially { [enforcement] in
            let before = Set(try enforcement.health().interfaces.map(\.name))
            let now = try enforcement.synchronizeInterfaces(selector)
            return (before: before, now: now)
        }
        for interface in changes.now where !changes.before.contains(interface.name) {
            if let failure = interface.failure {
                logger.error("interface is not protected", metadata: ["interface": "\(interface.name)", "error": "\(failure)"])
            } else {
                logger.info("interface protected", metadata: ["interface": "\(interface.name)", "by": "\(interface.attachment)"])
            }
        }
        for name in changes.before.subtracting(changes.now.map(\.name)).sorted() {
            logger.info("interface no longer protected", metadata: ["interface": "\(name)"])
        }
    }

    var statusLine: String { Daemon.statusLine(enforcer, enforcement) }
}
