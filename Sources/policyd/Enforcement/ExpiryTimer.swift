import PolicyAPI
import Synchronization

/// Does one thing at one time; a later order takes the place of an earlier.
final class ExpiryTimer: Sendable {
    private let task = Mutex<Task<Void, Never>?>(nil)

    func schedule(at time: Timestamp, _ action: @escaping @Sendable () async -> Void) {
        let new = Task {
            // The system's clock may be set; half a minute is as late as an entry may go for that.
            while true {
                let left = time.nanoseconds - Timestamp.now.nanoseconds
                if left <= 0 { break }
                do { try await Task.sleep(for: .nanoseconds(min(left, 30_000_000_000))) } catch { return }
            }
            // Cancelled while it waited for a thread it has not slept at all.
            guard !Task.isCancelled else { return }
            await action()
        }
        task.withLock {
            $0?.cancel()
            $0 = new
        }
    }

    func cancel() {
        task.withLock {
            $0?.cancel()
            $0 = nil
        }
    }
}
