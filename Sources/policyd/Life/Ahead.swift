import Dispatch
import Synchronization

/// Something that is being done on a thread of its own, for whoever needs it later to wait for.
///
/// Not a task: what is done ahead blocks in system calls, and Swift's own threads are as few as the processors.
final class Ahead<Value: Sendable>: Sendable {
    private let group = DispatchGroup()
    private let result = Mutex<Result<Value, any Error>?>(nil)

    init(_ body: @escaping @Sendable () throws -> Value) {
        group.enter()
        DispatchQueue.global().async { [self] in
            let value = Result { try body() }
            result.withLock { $0 = value }
            group.leave()
        }
    }

    /// Waits for it.
    ///
    /// - Throws: what it threw.
    func get() throws -> Value {
        group.wait()
        guard let result = result.withLock({ $0 }) else { throw CancellationError() }
        return try result.get()
    }

    /// As `get`, and lets go of it: to be called once.
    func take() throws -> Value {
        defer { result.withLock { $0 = nil } }
        return try get()
    }
}
