package import BPF

extension KernelEngine {
    /// Gives the loaded program, for measurements: it expects the direction in the packet's first control word, 0 for ingress.
    package func withProgram<R: ~Copyable, E: Error>(_ body: (borrowing Program) throws(E) -> R) throws(E) -> R {
        try body(tables.program)
    }
}
