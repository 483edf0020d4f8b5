/// A value where it lies in a map.
///
///     if let counter = counts.lookup(key) {
///         counter.value.packets &+= 1                    // the processor's own, or nobody else's
///         counter.value.bytes.addAtomically(size)        // shared
///     }
@safe
public struct MapValue<Value: BitwiseCopyable> {
    let place: UnsafeMutablePointer<Value>

    @inline(__always)
    @unsafe
    init(_ place: UnsafeMutablePointer<Value>) { unsafe self.place = place }

    /// The value; parts of it are read and written by themselves.
    @inline(__always)
    public var value: Value {
        @inline(__always)
        unsafeAddress { unsafe UnsafePointer(place) }
        @inline(__always)
        nonmutating unsafeMutableAddress { unsafe place }
    }
}
