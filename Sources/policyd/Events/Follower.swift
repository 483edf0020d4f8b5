import PolicyAPI
import Synchronization

/// One client's queue of events.
final class Follower<Event: Sendable>: Sendable {
    /// What a follower reads, in order.
    enum Item: Sendable {
        case events([Event])
        case lost(LossRecord)
    }

    private struct State {
        var items: [Item] = []
        /// Events in `items`.
        var queued = 0
        /// Matching events dropped since the queue was last seen full; told as soon as there is room.
        var lost = 0
        var isClosed = false
        var waiting: CheckedContinuation<Void, Never>?
    }

    private let state = Mutex(State())
    private let wants: (@Sendable (Event) -> Bool)?
    private let limit: Int

    /// - Parameter wants: which events are wanted; nil for all.
    init(where wants: (@Sendable (Event) -> Bool)?, limit: Int) {
        self.wants = wants
        self.limit = max(1, limit)
    }

    /// Puts the kept events first, whatever the limit says.
    func begin(with events: [Event], thenClose: Bool) {
        state.withLock { state in
            if !events.isEmpty { state.items.append(.events(events)) }
            state.isClosed = thenClose
        }
    }

    /// Queues those of a batch that match; returns how many were dropped for want of room.
    func offer(_ batch: [Event]) -> Int {
        let events = wants.map { batch.filter($0) } ?? batch
        guard !events.isEmpty else { return 0 }
        let (dropped, waiting) = state.withLock { state in
            guard !state.isClosed else { return (0, nil as CheckedContinuation<Void, Never>?) }
            let room = max(0, limit - state.queued)
            // Once events were dropped, none is taken until the reader has come for what is queued: order is kept that way.
            let taken = state.lost > 0 ? 0 : min(room, events.count)
            if taken > 0 {
                state.items.append(.events(taken == events.count ? events : Array(events.prefix(taken))))
                state.queued += taken
            }
            state.lost += events.count - taken
            defer { state.waiting = nil }
            return (events.count - taken, state.waiting)
        }
        waiting?.resume()
        return dropped
    }

    /// Queues the news of a loss elsewhere.
    func offer(_ loss: LossRecord) {
        let waiting = state.withLock { state in
            guard !state.isClosed else { return nil as CheckedContinuation<Void, Never>? }
            // Losses in a row become one, so that a client that does not read at all costs no memory.
            if case .lost(var last) = state.items.last, last.place == loss.place {
                last.count += loss.count
                last.time = loss.time
                state.items[state.items.count - 1] = .lost(last)
            } else {
                state.items.append(.lost(loss))
            }
            defer { state.waiting = nil }
            return state.waiting
        }
        waiting?.resume()
    }

    /// Everything queued, waiting until there is something; nil at the end of the stream or if the task is cancelled.
    ///
    /// Only one task may read.
    func next() async -> [Item]? {
        await withTaskCancellationHandler {
            while true {
                let (items, isClosed) = state.withLock { state in
                    var items = state.items
                    if state.lost > 0 {
                        items.append(.lost(LossRecord(time: .now, place: .client, count: state.lost)))
                    }
                    state.items = []
                    state.queued = 0
                    state.lost = 0
                    return (items, state.isClosed)
                }
                if !items.isEmpty { return items }
                if isClosed { return nil }
                await withCheckedContinuation { continuation in
                    let resumeNow = state.withLock { state in
                        if state.isClosed || !state.items.isEmpty || state.lost > 0 { return true }
                        state.waiting = continuation
                        return false
                    }
                    if resumeNow { continuation.resume() }
                }
            }
        } onCancel: {
            close()
        }
    }

    /// Ends the stream after what is queued.
    func close() {
        let waiting = state.withLock { state in
            state.isClosed = true
            defer { state.waiting = nil }
            return state.waiting
        }
        waiting?.resume()
    }
}

extension Follower.Item: Equatable where Event: Equatable {}
