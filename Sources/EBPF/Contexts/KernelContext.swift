/// What the kernel hands to a program: the one argument of an entry function.
public protocol KernelContext {
    /// The argument itself. Only helpers take it; reading through it is what the context's own properties are for.
    @unsafe var address: UnsafeRawPointer { get }
}
