public import PolicyModel

/// How full a table of connections is.
public struct ConnectionUse: Sendable, Hashable {
    public var family: IPAddress.Family
    /// Whether it is the table of those that are opening.
    public var isOpening: Bool
    /// Connections in it that are not over.
    public var used: Int
    public var limit: Int
    /// Connections that the kernel pushed out for others since enforcement began.
    public var evicted: UInt64
    /// Those of the last minute.
    public var evictedLately: UInt64 = 0
    /// Connections that found no room, not even by eviction. Their packets are judged one by one.
    public var refused: UInt64

    /// Whether more are pushed out than chance does: a flood, or the table is too small.
    public var isFlooded: Bool { evictedLately >= UInt64(max(64, limit / 100)) }
}

/// What was evicted of late: the tables themselves only know how much altogether.
struct EvictionHistory {
    private var samples: [(time: ContinuousClock.Instant, evicted: [UInt64])] = []
    private static let span: Duration = .seconds(60)

    /// - Parameter isFresh: The tables were made just now, and nothing was evicted yet; else it begins with what is known first.
    init(isFresh: Bool) {
        if isFresh { samples = [(.now, [UInt64](repeating: 0, count: 4))] }
    }

    /// Adds what is known now, and completes it by what came in the last minute.
    mutating func complete(_ use: [ConnectionUse], at time: ContinuousClock.Instant = .now) -> [ConnectionUse] {
        samples.append((time, use.map(\.evicted)))
        // One from before the last minute stays, to tell what that minute added.
        while samples.count > 2, samples[1].time + Self.span <= time { samples.removeFirst() }
        // Who asks often does not make it long.
        if samples.count > 64 { samples.remove(at: samples.count - 2) }
        guard let first = samples.first, first.evicted.count == use.count else { return use }
        return zip(use, first.evicted).map { use, before in
            var use = use
            use.evictedLately = use.evicted &- min(before, use.evicted)
            return use
        }
    }
}
