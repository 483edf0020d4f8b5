import Logging
import PolicyAPI
import ServiceLifecycle

/// Carries events from the kernel to the hub.
struct EventPump: Service, CustomStringConvertible {
    var description: String { "event pump" }

    let enforcement: Enforcement
    let hub: EventHub
    let ruleNames: RuleNames
    let logger: Logger

    func run() async throws {
        do {
            try await cancelWhenGracefulShutdown {
                try await enforcement.readEvents(names: ruleNames.names) { events, lost in
                    hub.publish(events)
                    hub.publish(LossRecord(time: .now, place: .kernel, count: lost))
                }
            }
        } catch is CancellationError {
            // The end of the daemon.
        } catch {
            // Enforcement does not hang on events: go on without them rather than end.
            logger.critical("events cannot be read any more: \(error)")
            try? await gracefulShutdown()
        }
        // Followers are told that the stream ends, and the server need not wait for them.
        hub.close()
    }
}
