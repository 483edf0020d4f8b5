/// What the kernel hands to a program: the one argument of an entry function.
public protocol KernelContext {
    /// The argument itself. Only helpers take it; reading through it is what the context's own properties are for.
    @unsafe var address: UnsafeRawPointer { get }
}

/// A context with the arguments of a function or of a tracepoint.
public protocol ArgumentContext: KernelContext {
    /// An argument by its place, as a word.
    func argument(_ index: Int) -> UInt64
}

extension ArgumentContext {
    /// An argument that is a whole number, cut to its size.
    @inline(__always)
    public func argument<Number: FixedWidthInteger>(_ index: Int, as type: Number.Type) -> Number {
        Number(truncatingIfNeeded: argument(index))
    }

    /// An argument that points into the process's memory.
    @inline(__always)
    public func userPointer<Pointee: BitwiseCopyable>(_ index: Int, to type: Pointee.Type) -> UserPointer<Pointee> {
        UserPointer(argument(index))
    }

    /// An argument that points into the kernel's memory.
    @inline(__always)
    public func kernelPointer<Pointee: BitwiseCopyable>(_ index: Int, to type: Pointee.Type) -> KernelPointer<Pointee> {
        KernelPointer(argument(index))
    }
}

/// A context that is an array of its arguments.
public protocol ArgumentArrayContext: ArgumentContext {}

extension ArgumentArrayContext {
    /// An argument of the function or tracepoint, as a word.
    ///
    /// - Parameter index: A constant; the verifier refuses what lies behind the last.
    @inline(__always)
    public func argument(_ index: Int) -> UInt64 { unsafe address.assumingMemoryBound(to: UInt64.self)[index] }
}
