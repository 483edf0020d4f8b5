internal import CEBPF

/// Hands the bytes of a value to a call, those of its padding zero if the value is made of its fields here. One that lies in memory is
/// copied with what is in its padding: the optimiser sees no need for zeros below. Keys have none, or the build refuses them.
///
/// Helpers read all bytes they are told of: the verifier of older kernels refuses those that nobody wrote. The zeros that are written over
/// are left out by the optimiser.
@inline(__always)
@unsafe
func withBytes<Value: BitwiseCopyable, Result>(of value: Value, _ body: (UnsafeRawPointer) -> Result) -> Result {
    unsafe withUnsafeTemporaryAllocation(of: Value.self, capacity: 1) { memory in
        let place = unsafe memory.baseAddress.unsafelyUnwrapped
        unsafe ebpf_zero(place, UInt64(truncatingIfNeeded: MemoryLayout<Value>.size))
        unsafe place.initialize(to: value)
        return unsafe body(UnsafeRawPointer(place))
    }
}

/// The value that a call writes, or nothing if it fails.
@inline(__always)
@unsafe
func received<Value: BitwiseCopyable>(_ type: Value.Type = Value.self, _ call: (UnsafeMutablePointer<Value>) -> Int) -> Value? {
    unsafe withUnsafeTemporaryAllocation(of: Value.self, capacity: 1) { memory in
        let place = unsafe memory.baseAddress.unsafelyUnwrapped
        guard unsafe CallResult(call(place)).succeeded else { return nil }
        return unsafe place.pointee
    }
}
