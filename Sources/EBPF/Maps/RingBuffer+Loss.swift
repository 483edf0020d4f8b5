internal import CEBPF

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

    /// Sends a copy of an event that lies in a map; says whether there was room. If there was none, one more is lost, and the count says so.
    ///
    /// For events that are worked on in loops or in functions of their own: before Linux 6.2 the verifier looks at all that is done with a
    /// reservation anew for each way that leads there.
    ///
    /// The helper is `bpf_ringbuf_output`.
    @inline(__always)
    @discardableResult
    public func send(
        copyOf event: inout Event, countingLossIn lost: borrowing PerCPUArray<UInt64>, wakeUp: WakeUp = .automatic
    ) -> Bool {
        let size = UInt64(truncatingIfNeeded: MemoryLayout<Event>.size)
        let result = unsafe withUnsafePointer(to: &event) { unsafe ebpf_ringbuf_output(address, $0, size, wakeUp.rawValue) }
        if result == 0 { return true }
        if let count = lost.lookup(0) { count.value.addAtomically(1) }
        return false
    }
}

/// Sets all bytes of a value to zero, where it lies.
@inline(__always)
public func clear<Value: BitwiseCopyable>(_ value: inout Value) {
    unsafe withUnsafeMutablePointer(to: &value) {
        let size = UInt64(truncatingIfNeeded: MemoryLayout<Value>.size)
        if MemoryLayout<Value>.alignment >= 8 { unsafe ebpf_zero_words($0, size) } else { unsafe ebpf_zero($0, size) }
    }
}
