internal import CEBPF

extension FixedWidthInteger where Self: BitwiseCopyable {
    /// Reads the number from the memory it lies in, whatever was written there just before.
    ///
    /// The verifier follows each value a register may have through all turns of a loop apart, which may be more than it is willing to. Of
    /// the memory of maps and of records in a ring it knows nothing: what a loop counts by there, it looks at once.
    ///
    ///     event.value.left = length                  // a field that gets its own value later
    ///     for index in 0..<255 where event.value.left.reread() > 0 { … }
    ///
    /// Of numbers in local variables, which lie on the stack or in registers, the verifier knows as before.
    @inline(__always)
    public mutating func reread() -> Self {
        unsafe withUnsafeMutablePointer(to: &self) { place in unsafe Self(memoryAt: UnsafeRawPointer(place)) }
    }
}

extension FixedWidthInteger {
    /// What memory holds, whatever the compiler knows of it. Of 128 bits, the halves are read one after the other.
    @inline(__always)
    @unsafe
    init(memoryAt place: UnsafeRawPointer) {
        switch MemoryLayout<Self>.size {
        case 1: self = unsafe Self(truncatingIfNeeded: ebpf_volatile_8(place))
        case 2: self = unsafe Self(truncatingIfNeeded: ebpf_volatile_16(place))
        case 4: self = unsafe Self(truncatingIfNeeded: ebpf_volatile_32(place))
        case 8: self = unsafe Self(truncatingIfNeeded: ebpf_volatile_64(place))
        default:
            let (low, high) = unsafe (ebpf_volatile_64(place), ebpf_volatile_64(place + 8))
            self = Self(truncatingIfNeeded: high) &<< 64 | Self(truncatingIfNeeded: low)
        }
    }
}
