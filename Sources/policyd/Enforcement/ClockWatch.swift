import Logging
import ServiceLifecycle

/// Tells the kernel's program of changes of the time of day, by which rules expire.
struct ClockWatch: Service, CustomStringConvertible {
    var description: String { "clock" }

    let enforcement: Enforcement
    let logger: Logger
    var interval: Duration = .seconds(10)

    func run() async throws {
        let (enforcement, logger, interval) = (enforcement, logger, interval)
        try? await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                if let seconds = enforcement.synchronizeClock() {
                    logger.notice("the clock was set: rules expire by the new time", metadata: ["seconds": "\(seconds)"])
                }
                try await Task.sleep(for: interval)
            }
        }
    }
}
