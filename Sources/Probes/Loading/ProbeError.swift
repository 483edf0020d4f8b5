public import PolicyModel

/// Why a probe is not loaded.
public struct ProbeError: Error, Sendable, Hashable, Codable {
    /// The reason in a sentence.
    public var message: String
    /// What is wrong with the document, place by place; empty if it is not the document.
    public var diagnostics: [Diagnostic]
    /// The kernel's error number; nil if it was not the kernel that refused.
    public var errno: Int32?

    public init(_ message: String, diagnostics: [Diagnostic] = [], errno: Int32? = nil) {
        self.message = message
        self.diagnostics = diagnostics
        self.errno = errno
    }
}

extension ProbeError: CustomStringConvertible {
    /// The sentence, and what is wrong with the document below it.
    public var description: String { ([message] + diagnostics.map(\.description)).joined(separator: "\n") }
}
