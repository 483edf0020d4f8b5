import PolicyAPI
import Synchronization

/// The hub of what was decided about packets.
typealias EventHub = Hub<EventRecord>

/// Hands events out to those who follow, and keeps the last of them.
///
/// Every follower has a queue of its own with a bound; what does not fit is counted and told to it in place. For each follower
/// that stays to the end, the events that passed its filter are those it was given plus those it was told were lost.
final class Hub<Event: Sendable>: Sendable {
    /// Counts since the hub was made.
    struct Totals: Sendable, Equatable {
        var received = 0
        var lostInKernel = 0
        /// Above the number of events that the hub's source may send.
        var lostToLimit = 0
        var lostToFollowers = 0
        var followers = 0
        var kept = 0
    }

    private struct State {
        var kept: EventHistory<Event>
        var followers: [Follower<Event>] = []
        var totals = Totals()
        var isClosed = false
    }

    private let state: Mutex<State>
    private let queueLimit: Int

    /// - Parameters:
    ///   - keep: how many events are kept for those who ask for the last.
    ///   - queueLimit: how many events may wait for one follower.
    init(keep: Int, queueLimit: Int) {
        state = Mutex(State(kept: EventHistory(capacity: keep)))
        self.queueLimit = queueLimit
    }

    /// Hands out a batch of events.
    func publish(_ events: [Event]) {
        guard !events.isEmpty else { return }
        state.withLock { state in
            state.totals.received += events.count
            state.kept.append(contentsOf: events)
            for follower in state.followers { state.totals.lostToFollowers += follower.offer(events) }
        }
    }

    /// Tells every follower that some events were lost before they came here.
    func publish(_ loss: LossRecord) {
        guard loss.count > 0 else { return }
        state.withLock { state in
            if loss.place == .limit { state.totals.lostToLimit += loss.count } else { state.totals.lostInKernel += loss.count }
            for follower in state.followers { follower.offer(loss) }
        }
    }

    /// Begins to follow.
    ///
    /// - Parameters:
    ///   - wants: which events are wanted; nil for all.
    ///   - last: how many of the kept events to begin with, at most.
    ///   - live: whether to go on with those to come; otherwise the stream ends after the kept ones.
    func follow(where wants: (@Sendable (Event) -> Bool)? = nil, last: Int, live: Bool) -> Follower<Event> {
        state.withLock { state in
            let follower = Follower<Event>(where: wants, limit: queueLimit)
            follower.begin(with: state.kept.last(last) { wants?($0) ?? true }, thenClose: !live || state.isClosed)
            if live, !state.isClosed {
                state.followers.append(follower)
                state.totals.followers += 1
            }
            return follower
        }
    }

    /// Ends a follower's stream and forgets the follower.
    func leave(_ follower: Follower<Event>) {
        state.withLock { state in
            let before = state.followers.count
            state.followers.removeAll { $0 === follower }
            state.totals.followers -= before - state.followers.count
        }
        follower.close()
    }

    /// Ends all streams, those to come as well, once what is queued has been read.
    func close() {
        let followers = state.withLock { state in
            state.isClosed = true
            state.totals.followers = 0
            defer { state.followers = [] }
            return state.followers
        }
        for follower in followers { follower.close() }
    }

    var totals: Totals {
        state.withLock { state in
            var totals = state.totals
            totals.kept = state.kept.count
            return totals
        }
    }
}

extension Hub where Event == EventRecord {
    /// Begins to follow what matches a filter.
    func follow(_ filter: EventFilter, last: Int, live: Bool) -> Follower<EventRecord> {
        if filter.isEmpty { return follow(last: last, live: live) }
        return follow(where: { event in filter.matches(event) }, last: last, live: live)
    }
}

/// The last events, in a ring.
struct EventHistory<Event: Sendable> {
    private var records: [Event] = []
    private var next = 0
    let capacity: Int

    init(capacity: Int) {
        self.capacity = max(0, capacity)
    }

    var count: Int { records.count }

    mutating func append(contentsOf events: [Event]) {
        guard capacity > 0 else { return }
        for event in events.suffix(capacity) {
            if records.count < capacity {
                records.append(event)
            } else {
                records[next] = event
            }
            next = (next + 1) % capacity
        }
    }

    /// The last of the events that match, oldest first.
    func last(_ count: Int, where matches: (Event) -> Bool) -> [Event] {
        var found: [Event] = []
        var index = records.count
        while index > 0, found.count < count {
            index -= 1
            let record = records[records.count < capacity ? index : (next + index) % capacity]
            if matches(record) { found.append(record) }
        }
        return found.reversed()
    }
}
