extension RingBuffer {
    /// Room for an event, or nothing; then one more is lost, and the count says so: produced = delivered + lost.
    ///
    ///     let events = RingBuffer<Connection>(bytes: 1 << 16)
    ///     let lost = PerCPUArray<UInt64>(entries: 1)
    ///
    ///     guard let event = events.reserve(countingLossIn: lost) else { return .done }
    ///
    /// - Parameter lost: Its value 0 is what `BPF.RingBuffer` reads as the count of the lost.
    @inline(__always)
    public func reserve(countingLossIn lost: borrowing PerCPUArray<UInt64>) -> Reservation<Event>? {
        if let reservation = reserve() { return reservation }
        if let count = lost.lookup(0) { count.value.addAtomically(1) }
        return nil
    }
}
