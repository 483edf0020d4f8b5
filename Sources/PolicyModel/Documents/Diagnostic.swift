/// Something wrong, or worth a look, in a document.
public struct Diagnostic: Error, Hashable, Sendable, Codable {
    /// How bad it is.
    public enum Severity: String, Hashable, Sendable, Codable {
        /// The document cannot be used.
        case error
        /// The document can be used, but is likely not what was meant.
        case warning
        /// Nothing about the document: what the tool did not do.
        case note
    }

    /// How bad it is.
    public var severity: Severity
    /// Where it is.
    public var location: SourceLocation
    /// What it is, in one sentence: `ports: 70000 is not a port (0-65535)`.
    public var message: String
    /// What was likely meant: `ports`.
    public var suggestion: String?
    /// The line of the document, to show with a caret under the column.
    public var sourceLine: String?
    /// The column of `sourceLine` that the caret is under, from 1. It is not the location's where the line is
    /// so long that only a part of it is shown.
    public var sourceColumn: Int

    public init(
        _ severity: Severity = .error, at location: SourceLocation, _ message: String, suggestion: String? = nil,
        sourceLine: String? = nil, sourceColumn: Int? = nil
    ) {
        self.severity = severity
        self.location = location
        self.message = message.onOneLine
        self.suggestion = suggestion
        self.sourceLine = sourceLine
        self.sourceColumn = sourceColumn ?? location.column
    }

    /// What it is where warnings are errors.
    public var strict: Diagnostic {
        var diagnostic = self
        if severity == .warning { diagnostic.severity = .error }
        return diagnostic
    }

    /// The message in one line, with the place in front and the suggestion behind.
    public var summary: String {
        let place = location.description.onOneLine
        let text = suggestion.map { "\(message); did you mean '\($0)'?" } ?? message
        return place.isEmpty ? "\(severity.rawValue): \(text)" : "\(place): \(severity.rawValue): \(text)"
    }
}

extension String {
    /// The text with question marks for control characters, which paths and values may hold, and a terminal or a log would obey.
    var onOneLine: String {
        // Those beyond ASCII begin with C2.
        guard utf8.contains(where: { $0 < 0x20 || $0 == 0x7f || $0 == 0xc2 }) else { return self }
        return String(String.UnicodeScalarView(unicodeScalars.map { $0.properties.generalCategory == .control ? "?" : $0 }))
    }
}

extension Diagnostic: CustomStringConvertible {
    /// As compilers write it: the summary, then the line and a caret under the place.
    public var description: String {
        guard let sourceLine, sourceColumn > 0 else { return summary }
        return [summary, sourceLine, caretLine(sourceLine)].joined(separator: "\n")
    }

    /// Blanks up to the column, tabs where the line has them so that the caret stays in place.
    private func caretLine(_ line: String) -> String {
        let before = line.unicodeScalars.prefix(sourceColumn - 1)
        return before.map { $0 == "\t" ? "\t" : " " }.joined() + "^"
    }
}

/// Everything that is wrong with some documents, at once.
public struct Diagnostics: Error, Hashable, Sendable {
    /// The diagnostics in the order of files as given, then of lines.
    public var all: [Diagnostic]

    public init(_ all: [Diagnostic]) {
        self.all = all
    }

    /// Those that are errors.
    public var errors: [Diagnostic] { all.filter { $0.severity == .error } }
    /// Those that are warnings.
    public var warnings: [Diagnostic] { all.filter { $0.severity == .warning } }
}

extension Diagnostics: CustomStringConvertible {
    public var description: String {
        all.map(\.description).joined(separator: "\n")
    }
}
