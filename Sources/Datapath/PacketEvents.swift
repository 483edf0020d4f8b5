internal import BPF
internal import CDatapath
internal import Synchronization

/// The kernel's events as they come, in batches.
///
/// The task that iterates takes them out of the ring itself; only one should, for what one takes the other does not see. It ends when the
/// task is cancelled, and what is in the ring by then stays there for the next to come.
public struct PacketEvents: AsyncSequence, Sendable {
    public typealias Element = PacketEventBatch
    public typealias Failure = any Error

    let ring: RingBuffer
    let loss: @Sendable () -> UInt64
    let names: @Sendable () -> [UInt32: String]

    public func makeAsyncIterator() -> Iterator {
        Iterator(batches: ring.batches(limit: 8192).makeAsyncIterator(), loss: loss, names: names, seen: loss(), known: names())
    }

    public struct Iterator: AsyncIteratorProtocol {
        fileprivate var batches: RecordBatches.Iterator
        fileprivate let loss: @Sendable () -> UInt64
        fileprivate let names: @Sendable () -> [UInt32: String]
        fileprivate var seen: UInt64
        fileprivate var known: [UInt32: String]

        public mutating func next() async throws -> PacketEventBatch? {
            guard let batch = try await batches.next() else { return nil }
            var isStrange = false
            batch.forEach(as: pd_event.self) { if known[$0.interface] == nil { isStrange = true } }
            if isStrange { known = names() }
            let decoder = EventDecoder(interfaces: known)
            var events: [PacketEvent] = []
            events.reserveCapacity(batch.count)
            batch.forEach(as: pd_event.self) { events.append(decoder.decode($0)) }
            let now = loss()
            defer { seen = now }
            return PacketEventBatch(events: events, lost: now &- seen)
        }
    }
}
