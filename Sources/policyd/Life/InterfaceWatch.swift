import Logging
import ServiceLifecycle

/// Protects interfaces that appear, and keeps account of those that go.
struct InterfaceWatch: Service, CustomStringConvertible {
    var description: String { "interface watch" }

    let enforcement: Enforcement
    let enforcer: Enforcer
    let logger: Logger

    func run() async throws {
        // While enforcement is taken out there is nothing to watch for; the apply that brings it back attaches by itself.
        while !Task.isShuttingDownGracefully {
            guard let changes = try enforcement.interfaceChanges() else {
                try? await cancelWhenGracefulShutdown { try await Task.sleep(for: .seconds(1)) }
                continue
            }
            // What changed between the look before and now.
            await synchronizeOrComplain()
            for await _ in changes.cancelOnGracefulShutdown() { await synchronizeOrComplain() }
        }
    }

    private func synchronizeOrComplain() async {
        do {
            try await synchronize()
        } catch {
            logger.error("interfaces cannot be brought up to date: \(error)")
        }
    }

    /// Attaches to the interfaces that exist and are selected, and lets go of the others.
    func synchronize() async throws {
        try await enforcer.serially { [enforcer] in try enforcer.synchronizeInterfaces() }
    }

    var statusLine: String { Daemon.statusLine(enforcer, enforcement) }
}
