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
        unsafe withUnsafeMutablePointer(to: &self) { place in
            switch MemoryLayout<Self>.size {
            case 1: return unsafe Self(truncatingIfNeeded: ebpf_volatile_8(place))
            case 2: return unsafe Self(truncatingIfNeeded: ebpf_volatile_16(place))
            case 4: return unsafe Self(truncatingIfNeeded: ebpf_volatile_32(place))
            default: return unsafe Self(truncatingIfNeeded: ebpf_volatile_64(place))
            }
        }
    }
}
