public import PolicyModel

/// What the daemon answers when it refuses, as the body of every response that is not a success.
public struct Failure: Codable, Sendable, Hashable, Error {
    /// One sentence saying what was refused and why.
    public var error: String
    /// Everything found wrong in the documents, if documents were the cause.
    public var diagnostics: [DiagnosticMessage]?

    public init(_ error: String, diagnostics: [DiagnosticMessage]? = nil) {
        self.error = error
        self.diagnostics = diagnostics
    }
}

/// One finding about a document, at a place in a file.
public struct DiagnosticMessage: Codable, Sendable, Hashable {
    /// `error` or `warning`.
    public var severity: String
    public var file: String
    /// Counted from 1; 0 if the finding is about the file as a whole.
    public var line: Int
    /// Counted from 1; 0 if the finding is about the file as a whole.
    public var column: Int
    public var message: String
    /// What was probably meant.
    public var suggestion: String?
    /// The whole finding as one would print it: place, message, the offending line with a caret.
    public var text: String

    public init(
        severity: String, file: String, line: Int, column: Int, message: String, suggestion: String? = nil, text: String
    ) {
        self.severity = severity
        self.file = file
        self.line = line
        self.column = column
        self.message = message
        self.suggestion = suggestion
        self.text = text
    }
}

extension DiagnosticMessage {
    public init(_ diagnostic: Diagnostic) {
        self.init(
            severity: diagnostic.severity.rawValue, file: diagnostic.location.file, line: diagnostic.location.line,
            column: diagnostic.location.column, message: diagnostic.message, suggestion: diagnostic.suggestion,
            text: diagnostic.description)
    }
}
