import PolicyAPI
import Synchronization

/// Hands events out to those who follow, and keeps the last of them.
///
/// Every follower has a queue of its own with a bound; what does not fit is counted and told to it in place. For each follower
/// that stays to the end, the events that passed its filter are those it was given plus those it was told were lost.
final class EventHub: Sendable {
    /// Counts since the daemon began.
    struct Totals: Sendable, Equatable {
        var received = 0
        var lostInKernel = 0
        var lostToFollowers = 0
        var followers = 0
        var kept = 0
    }

    private struct State {
        var kept: EventHistory
        var followers: [Follower] = []
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
    func publish(_ events: [EventRecord]) {
        guard !events.isEmpty else { return }
        state.withLock { state in
            state.totals.received += events.count
            state.kept.append(contentsOf: events)
            for follower in state.followers { state.totals.lostToFollowers += follower.offer(events) }
        }
    }

    /// Tells every follower that the kernel could not hand over some events.
    func publishKernelLoss(_ loss: LossRecord) {
        guard loss.count > 0 else { return }
        state.withLock { state in
            state.totals.lostInKernel += loss.count
            for follower in state.followers { follower.offer(loss) }
        }
    }

    /// Begins to follow.
    ///
    /// - Parameters:
    ///   - filter: which events are wanted.
    ///   - last: how many of the kept events to begin with, at most.
    ///   - live: whether to go on with those to come; otherwise the stream ends after the kept ones.
    func follow(_ filter: EventFilter, last: Int, live: Bool) -> Follower {
        state.withLock { state in
            let follower = Follower(filter: filter, limit: queueLimit)
            follower.begin(with: state.kept.last(last, where: filter.matches), thenClose: !live || state.isClosed)
            if live, !state.isClosed {
                state.followers.append(follower)
                state.totals.followers += 1
            }
            return follower
        }
    }

    /// Ends a follower's stream and forgets the follower.
    func leave(_ follower: Follower) {
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

/// The last events, in a ring.
struct EventHistory {
    private var records: [EventRecord] = []
    private var next = 0
    let capacity: Int

    init(capacity: Int) {
        self.capacity = max(0, capacity)
    }

    var count: Int { records.count }

    mutating func append(contentsOf events: [EventRecord]) {
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
    func last(_ count: Int, where matches: (EventRecord) -> Bool) -> [EventRecord] {
        var found: [EventRecord] = []
        var index = records.count
        while index > 0, found.count < count {
            index -= 1
            let record = records[records.count < capacity ? index : (next + index) % capacity]
            if matches(record) { found.append(record) }
        }
        return found.reversed()
    }
}
