public import BPF

/// Why the datapath could not do what it was asked to.
public struct DatapathError: Error, Sendable, CustomStringConvertible {
    /// What was tried, what went wrong and what to do about it, in a sentence.
    public var description: String
    /// What the eBPF library said, with the verifier's log where there is one.
    public var cause: BPFError?

    init(_ description: String, cause: BPFError? = nil) {
        self.description = description
        self.cause = cause
    }

    init(_ doing: String, _ cause: BPFError) {
        self.init("\(doing): \(cause)", cause: cause)
    }
}

/// Runs eBPF calls, naming what they were for in the error.
func doing<R: ~Copyable>(_ what: @autoclosure () -> String, _ body: () throws(BPFError) -> R) throws(DatapathError) -> R {
    do {
        return try body()
    } catch {
        throw DatapathError(what(), error)
    }
}
