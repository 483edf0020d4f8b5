import Glibc
import Synchronization

/// A thread that calls `getpgid` with 0, 1, 2, … some thousand times a second.
final class Caller: Sendable {
    private let next = Atomic<UInt32>(0)
    private let isEnding = Atomic<Bool>(false)
    private let hasEnded = Atomic<Bool>(false)

    func start() {
        var thread = pthread_t()
        let context = Unmanaged.passRetained(self).toOpaque()
        pthread_create(
            &thread, nil,
            { context in
                guard let context else { return nil }
                let caller = Unmanaged<Caller>.fromOpaque(context).takeRetainedValue()
                while !caller.isEnding.load(ordering: .relaxed) {
                    getpgid(pid_t(caller.next.load(ordering: .relaxed)))
                    caller.next.add(1, ordering: .relaxed)
                    usleep(200)
                }
                caller.hasEnded.store(true, ordering: .releasing)
                return nil
            }, context)
        pthread_detach(thread)
    }

    /// Ends it, and says what it called with last.
    func stop() -> UInt32 {
        isEnding.store(true, ordering: .relaxed)
        while !hasEnded.load(ordering: .acquiring) { usleep(1_000) }
        return next.load(ordering: .relaxed) - 1
    }
}
