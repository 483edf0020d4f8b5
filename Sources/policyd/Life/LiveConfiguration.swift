import Synchronization

/// The configuration as it is now: a reload may change it while the daemon runs.
final class LiveConfiguration: Sendable {
    private let value: Mutex<Configuration>

    init(_ configuration: Configuration) {
        value = Mutex(configuration)
    }

    var current: Configuration {
        get { value.withLock { $0 } }
        set { value.withLock { $0 = newValue } }
    }
}
