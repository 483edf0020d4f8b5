import BPFTesting
import Glibc
import Synchronization

/// Does something some thousand times a second, on a thread of its own, with numbers that go round: 0, 1, 2, … 499, 0, …
final class Traffic: Sendable {
    private let act: @Sendable (Int) -> Void
    private let next = Atomic<Int>(0)
    private let isEnding = Atomic<Bool>(false)
    private let hasEnded = Atomic<Bool>(true)

    /// How many numbers there are, which the programs of `places` know too.
    static let numbers = 500

    init(_ act: @escaping @Sendable (Int) -> Void) { self.act = act }

    /// How often it was done.
    var count: Int { next.load(ordering: .acquiring) }

    /// How often it was done with each number.
    var times: [Int] {
        let count = count
        return (0..<Self.numbers).map { count / Self.numbers + ($0 < count % Self.numbers ? 1 : 0) }
    }

    func start() {
        isEnding.store(false, ordering: .relaxed)
        hasEnded.store(false, ordering: .relaxed)
        var thread = pthread_t()
        let context = Unmanaged.passRetained(self).toOpaque()
        let started = pthread_create(
            &thread, nil,
            { context in
                if let context { Unmanaged<Traffic>.fromOpaque(context).takeRetainedValue().run() }
                return nil
            }, context)
        precondition(started == 0, "no thread could be started")
        pthread_detach(thread)
    }

    private func run() {
        while !isEnding.load(ordering: .relaxed) {
            once()
            usleep(100)
        }
        hasEnded.store(true, ordering: .releasing)
    }

    /// Does it once more, on this thread.
    func once() {
        act(count % Self.numbers)
        next.add(1, ordering: .releasing)
    }

    func stop() {
        isEnding.store(true, ordering: .relaxed)
        while !hasEnded.load(ordering: .acquiring) { usleep(500) }
    }
}

/// A number as the programs of `places` read it.
func digits(_ number: Int) -> String { String(String(number + 10_000).dropFirst()) }
