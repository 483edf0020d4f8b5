internal import CEBPF

// Several processors write the same value of a map: these are for what they all count in.
// The two halves are the same for both widths; eBPF has no other.

extension UInt64 {
    /// Adds in one step; what it was before is not asked. Requires no more than Linux 3.19.
    ///
    ///     counter.value.packets.addAtomically(1)
    @inline(__always)
    public mutating func addAtomically(_ value: UInt64) { unsafe ebpf_atomic_add_64(&self, value) }

    /// Adds in one step; returns what it was before. Requires Linux 5.12, as those that follow.
    @inline(__always)
    public mutating func fetchAndAdd(_ value: UInt64) -> UInt64 { unsafe ebpf_atomic_fetch_add_64(&self, value) }

    /// Keeps in one step the bits that both have; returns what it was before.
    @inline(__always)
    public mutating func fetchAndAnd(_ value: UInt64) -> UInt64 { unsafe ebpf_atomic_fetch_and_64(&self, value) }

    /// Sets in one step the bits that the other has; returns what it was before.
    @inline(__always)
    public mutating func fetchAndOr(_ value: UInt64) -> UInt64 { unsafe ebpf_atomic_fetch_or_64(&self, value) }

    /// Turns in one step the bits that the other has; returns what it was before.
    @inline(__always)
    public mutating func fetchAndXor(_ value: UInt64) -> UInt64 { unsafe ebpf_atomic_fetch_xor_64(&self, value) }

    /// Becomes another value in one step; returns what it was before.
    @inline(__always)
    public mutating func exchange(_ value: UInt64) -> UInt64 { unsafe ebpf_atomic_exchange_64(&self, value) }

    /// Becomes another value in one step if it is what was expected; returns what it was before.
    @inline(__always)
    public mutating func compareExchange(expected: UInt64, desired: UInt64) -> UInt64 {
        unsafe ebpf_atomic_compare_exchange_64(&self, expected, desired)
    }
}

extension UInt32 {
    /// Adds in one step; what it was before is not asked. Requires no more than Linux 3.19.
    @inline(__always)
    public mutating func addAtomically(_ value: UInt32) { unsafe ebpf_atomic_add_32(&self, value) }

    /// Adds in one step; returns what it was before. Requires Linux 5.12, as those that follow.
    @inline(__always)
    public mutating func fetchAndAdd(_ value: UInt32) -> UInt32 { unsafe ebpf_atomic_fetch_add_32(&self, value) }

    /// Keeps in one step the bits that both have; returns what it was before.
    @inline(__always)
    public mutating func fetchAndAnd(_ value: UInt32) -> UInt32 { unsafe ebpf_atomic_fetch_and_32(&self, value) }

    /// Sets in one step the bits that the other has; returns what it was before.
    @inline(__always)
    public mutating func fetchAndOr(_ value: UInt32) -> UInt32 { unsafe ebpf_atomic_fetch_or_32(&self, value) }

    /// Turns in one step the bits that the other has; returns what it was before.
    @inline(__always)
    public mutating func fetchAndXor(_ value: UInt32) -> UInt32 { unsafe ebpf_atomic_fetch_xor_32(&self, value) }

    /// Becomes another value in one step; returns what it was before.
    @inline(__always)
    public mutating func exchange(_ value: UInt32) -> UInt32 { unsafe ebpf_atomic_exchange_32(&self, value) }

    /// Becomes another value in one step if it is what was expected; returns what it was before.
    @inline(__always)
    public mutating func compareExchange(expected: UInt32, desired: UInt32) -> UInt32 {
        unsafe ebpf_atomic_compare_exchange_32(&self, expected, desired)
    }
}
