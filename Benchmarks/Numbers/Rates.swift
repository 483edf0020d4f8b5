import BPF
import Glibc
import Synchronization

/// What came of one rate of events.
struct RateStep {
    var produced: Int
    var delivered: Int
    /// From the first event until the last was there.
    var seconds: Double
}

/// The rate at which a reader keeps up.
struct KeptRate {
    /// Events a second of which none was lost.
    var best = 0.0
    var details: [String: Double] = [:]

    /// Raises the rate until events are lost or come slower than they are made, twice in a row.
    init(climbing rates: [Double], _ run: (Double) throws -> RateStep) throws {
        var failures = 0
        for rate in rates where failures < 2 {
            let step = try run(rate)
            let reached = Double(step.delivered) / step.seconds
            let isWhole = step.delivered == step.produced
            details["asked \(Format.short(rate)): delivered"] = reached
            if !isWhole { details["asked \(Format.short(rate)): lost"] = Double(step.produced - step.delivered) }
            if isWhole { best = max(best, reached) }
            failures = isWhole && reached > rate * 0.9 ? 0 : failures + 1
        }
    }
}

/// What a reader has counted so far.
final class Counted: Sendable {
    let events = Atomic(0)
    let lost = Atomic(0)

    /// Waits until no more come, and says since when that is so.
    func waitUntilQuiet() -> ContinuousClock.Instant {
        var last = events.load(ordering: .relaxed)
        var since = ContinuousClock.now
        while ContinuousClock.now - since < .milliseconds(200) {
            usleep(2_000)
            let now = events.load(ordering: .relaxed)
            if now != last { (last, since) = (now, ContinuousClock.now) }
        }
        return since
    }
}

/// Makes events at a rate, in bursts, one a millisecond.
///
/// - Parameters:
///   - most: What a burst has at most: after a pause that others made, more would be due than a buffer holds.
///   - burst: Makes so many.
/// - Returns: How many there were.
func produce(_ rate: Double, seconds: Double, most: Int = 20_000, _ burst: (Int) throws -> Void) rethrows -> Int {
    let start = ContinuousClock.now
    var done = 0
    while true {
        let elapsed = (ContinuousClock.now - start) / .seconds(1)
        if elapsed >= seconds { return done }
        let due = Int(elapsed * rate) - done
        if due > 0 {
            try burst(min(due, most))
            done += min(due, most)
        }
        usleep(1_000)
    }
}
