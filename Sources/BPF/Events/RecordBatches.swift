import Synchronization

/// What batches are taken from.
protocol RecordSource: AnyObject, Sendable {
    /// A descriptor that is readable when records are there.
    var readinessDescriptor: CInt { get }
    /// Takes up to about `limit` records out without waiting.
    func drain(limit: Int) throws(BPFError) -> RecordBatch
}

/// The records of a ring or perf buffer as they come, in batches.
///
/// The consuming task takes the records out itself and is suspended, holding no thread, only while there are none. Cancelling the task
/// ends the sequence; records not yet taken stay in the buffer for the next consumer.
public struct RecordBatches: AsyncSequence, Sendable {
    public typealias Element = RecordBatch
    public typealias Failure = BPFError

    let source: any RecordSource
    let limit: Int

    public func makeAsyncIterator() -> Iterator { Iterator(source: source, limit: limit) }

    public struct Iterator: AsyncIteratorProtocol {
        let source: any RecordSource
        let limit: Int

        /// The next records, at least one or a loss; nothing once the task is cancelled.
        public mutating func next() async throws(BPFError) -> RecordBatch? {
            try await next(isolation: nil)
        }

        /// The next records, at least one or a loss; nothing once the task is cancelled.
        public mutating func next(isolation actor: isolated (any Actor)?) async throws(BPFError) -> RecordBatch? {
            while !Task.isCancelled {
                let batch = try source.drain(limit: limit)
                if !batch.isEmpty || batch.lost > 0 { return batch }
                // What comes between this and the arming of the wait is looked for once more behind it.
                let late = Mutex<RecordBatch?>(nil)
                let (source, limit) = (source, limit)
                let isReady = try await Readiness.wait(for: source.readinessDescriptor) {
                    guard let batch = try? source.drain(limit: limit), !batch.isEmpty || batch.lost > 0 else { return false }
                    late.withLock { $0 = batch }
                    return true
                }
                if let late = late.withLock({ $0 }) { return late }
                if !isReady { return nil }
            }
            return nil
        }
    }
}
