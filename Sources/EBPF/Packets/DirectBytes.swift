internal import CEBPF

/// Bytes of a packet that lie in memory the program may read itself: from one address of the context's to another.
///
/// The verifier must see an offset tested against 65,535 and the sum tested against the packet's end, in the registers that are read
/// through. Everything here is inlined where it is used; with constant offsets what remains is one comparison.
@safe
struct DirectBytes {
    /// The addresses of the first byte and of the one after the last, as the context has them.
    let start: UInt64
    let end: UInt64

    @inline(__always)
    init(from start: UInt32, to end: UInt32) {
        self.start = UInt64(start)
        self.end = UInt64(end)
    }

    /// Never negative, which the optimiser is to know: a conversion to an unsigned number then cannot fail. Both are pointers to the
    /// verifier, of which only the whole 64 bits may be subtracted.
    @inline(__always)
    var count: Int { Int(truncatingIfNeeded: ebpf_opaque(end &- start) & 0xffff_ffff) }

    /// Where a value lies, if all of it does.
    @inline(__always)
    private func place<Value: BitwiseCopyable>(of type: Value.Type, at offset: Int) -> UnsafeMutablePointer<Value>? {
        let offset = ebpf_opaque(UInt64(truncatingIfNeeded: offset))
        let size = UInt64(truncatingIfNeeded: MemoryLayout<Value>.size)
        guard offset <= furthestEnd &- size else { return nil }
        let address = ebpf_packet_address(start, offset, size)
        guard address &+ size <= end else { return nil }
        // Alignment is the type's, as in C: the machines that Swift runs on read through any address, and byte by byte is slower.
        return unsafe ebpf_pointer(address).assumingMemoryBound(to: Value.self)
    }

    @inline(__always)
    func read<Value: BitwiseCopyable>(_ type: Value.Type, at offset: Int) -> Value? {
        guard let place = unsafe place(of: type, at: offset) else { return nil }
        return unsafe place.pointee
    }

    @inline(__always)
    func write<Value: BitwiseCopyable>(_ value: Value, at offset: Int) -> Bool {
        guard let place = unsafe place(of: Value.self, at: offset) else { return false }
        unsafe place.pointee = value
        return true
    }
}
