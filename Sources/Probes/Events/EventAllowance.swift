/// How many events a probe may hand on: so many a second, of which those of one second may come at once.
public struct EventAllowance: Sendable {
    private let perSecond: Int
    /// In billionths of an event.
    private var saved: Int
    private var last: ContinuousClock.Instant

    /// - Parameter now: When it begins, with a second's events saved.
    public init(perSecond: Int, at now: ContinuousClock.Instant = .now) {
        self.perSecond = perSecond
        saved = perSecond * Self.billion
        last = now
    }

    private static let billion = 1_000_000_000

    /// Takes so many events out of what is allowed now.
    ///
    /// - Returns: How many of them may go on.
    public mutating func take(_ count: Int, at now: ContinuousClock.Instant = .now) -> Int {
        let nanoseconds = max(0, min(Int((now - last) / .nanoseconds(1)), Self.billion))
        last = max(last, now)
        saved = min(perSecond * Self.billion, saved + nanoseconds * perSecond)
        let taken = min(count, saved / Self.billion)
        saved -= taken * Self.billion
        return taken
    }
}
