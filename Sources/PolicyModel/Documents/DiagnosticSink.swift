/// Collects what is wrong with one file while it is read.
package final class DiagnosticSink {
    /// How many diagnostics of a file are kept. A list file with a million bad lines needs no million messages.
    static let limit = 100

    /// The file's name, as messages show it.
    package let file: String
    private let lines: SourceLines
    private let lineOffset: Int
    private var kept: [Diagnostic] = []
    private var included: [Diagnostic] = []
    private var dropped = 0

    /// A sink for the file's text, which begins at `firstLine` of the file.
    package init(file: String, text: [UInt8], firstLine: Int = 1) {
        self.file = file
        self.lines = SourceLines(text)
        self.lineOffset = firstLine - 1
    }

    /// Whether an error was reported.
    package var hasErrors: Bool { (kept + included).contains { $0.severity == .error } }

    /// What was reported, in the order of lines, and how many more there would be.
    package var diagnostics: [Diagnostic] {
        let sorted = kept.sorted { ($0.location.line, $0.location.column) < ($1.location.line, $1.location.column) }
        guard dropped > 0 else { return sorted + included }
        return sorted + [Diagnostic(at: SourceLocation(file: file), "\(dropped) more mistakes in this file are not shown")] + included
    }

    /// Adds what is wrong with another file that this one names.
    func include(_ diagnostics: [Diagnostic]) {
        included += diagnostics
    }

    /// The place of a line and column of the text in the file.
    package func location(line: Int, column: Int) -> SourceLocation {
        SourceLocation(file: file, line: line + lineOffset, column: column)
    }

    /// The place of a node.
    package func location(_ node: YAMLNode) -> SourceLocation {
        location(line: node.line, column: node.column)
    }

    /// Reports an error at a node.
    package func error(at node: YAMLNode, _ message: String, suggestion: String? = nil) {
        report(.error, line: node.line, column: node.column, message, suggestion: suggestion)
    }

    /// Reports a warning at a node.
    package func warning(at node: YAMLNode, _ message: String, suggestion: String? = nil) {
        report(.warning, line: node.line, column: node.column, message, suggestion: suggestion)
    }

    package func report(
        _ severity: Diagnostic.Severity, line: Int, column: Int, _ message: String, suggestion: String? = nil
    ) {
        guard kept.count < Self.limit else {
            dropped += 1
            return
        }
        let (line, column) = lines.place(line: line, column: column)
        let excerpt = lines.excerpt(line: line, column: column)
        kept.append(
            Diagnostic(
                severity, at: location(line: line, column: column), message, suggestion: suggestion, sourceLine: excerpt?.text,
                sourceColumn: excerpt?.column))
    }
}
