import Logging
import PolicyAPI
import ServiceLifecycle

/// Takes connections out of the kernel's tables whose time is over, and says when the tables are flooded.
///
/// The kernel's programs do not need it: to them such a connection is none. But the tables are bounded, and should not be full of them.
struct ConnectionWatch: Service, CustomStringConvertible {
    var description: String { "connections" }

    let enforcement: Enforcement
    let logger: Logger
    var interval: Duration = .seconds(10)

    func run() async throws {
        let (enforcement, logger, interval) = (enforcement, logger, interval)
        try? await cancelWhenGracefulShutdown {
            var warnings: [String] = []
            while !Task.isCancelled {
                do {
                    let now = try enforcement.sweepConnections()
                    if !now.isEmpty, warnings.isEmpty { for warning in now { logger.warning("\(warning)") } }
                    if now.isEmpty, !warnings.isEmpty { logger.notice("the tables of connections are not flooded any more") }
                    warnings = now
                } catch {
                    logger.error("connections that are over stay in the tables: \(error)")
                }
                try await Task.sleep(for: interval)
            }
        }
    }
}
