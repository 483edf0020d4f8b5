import Glibc

/// Asks until something holds; false if it does not within the time.
///
/// Once it holds it is not asked again: what a condition takes out is taken out once.
public func eventually(seconds: Double = 5, _ holds: () throws -> Bool) rethrows -> Bool {
    let end = ContinuousClock.now + .seconds(seconds)
    while true {
        if try holds() { return true }
        if ContinuousClock.now > end { return false }
        usleep(5_000)
    }
}
