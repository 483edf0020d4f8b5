/// What the bpf back end itself refuses, in the form of our own diagnostics.
struct BackEndMessages {
    /// Whole paths of the sources: the back end prints only names.
    let sources: [String]
    /// Where functions of the object stand.
    var functions: [String: SourcePlace] = [:]

    /// The diagnostics in what the back end said; nil if there are none in it.
    func diagnostics(in text: String) -> [Diagnostic]? {
        var diagnostics: [Diagnostic] = []
        for line in text.split(separator: "\n") {
            // error: NAME:LINE:COLUMN: in function NAME TYPE: WHAT
            guard let start = line.firstRange(of: "error: "), let inside = line.firstRange(of: ": in function ") else { continue }
            let place = line[start.upperBound..<inside.lowerBound].split(separator: ":")
            let rest = line[inside.upperBound...]
            guard let end = rest.firstRange(of: "): ") else { continue }
            let (message, remedy) = Self.words(String(rest[end.upperBound...]))
            let diagnostic = Diagnostic(self.place(place), message, remedy)
            if !diagnostics.contains(diagnostic) { diagnostics.append(diagnostic) }
        }
        if diagnostics.isEmpty, let crash = crash(in: text) { return [crash] }
        return diagnostics.isEmpty ? nil : diagnostics
    }

    /// What the back end does not expect ends it, with words and a stack of its own; only the words and the function are the reader's.
    private func crash(in text: String) -> Diagnostic? {
        guard let range = text.firstRange(of: "error in backend: ") else { return nil }
        let words = text[range.upperBound...].prefix { $0 != "\n" }
        let name = text.firstRange(of: "on function '@").map { text[$0.upperBound...].prefix { $0 != "'" } }
        let title = name.map { " '\($0)'" } ?? ""
        return Diagnostic(
            name.flatMap { functions[String($0)] }, "the back end cannot compile the function\(title): \(words)",
            "write it in another way; the compiler should have told what")
    }

    /// What the Swift compiler ends with where it has not thought of a machine without a runtime: "for 'NAME' (at FILE:LINE:COLUMN)".
    static func crashOfSwift(in text: String) -> Diagnostic? {
        guard text.contains("Stack dump:"), !text.contains(": error: "),
            let line = text.split(separator: "\n").last(where: { $0.contains(" for '") && $0.hasSuffix(")") && $0.contains(" (at ") }),
            let name = line.firstRange(of: " for '").map({ line[$0.upperBound...].prefix { $0 != "'" } }),
            let place = line.firstRange(of: " (at ").map({ line[$0.upperBound...].dropLast().split(separator: ":") }), place.count == 3
        else { return nil }
        return Diagnostic(
            SourcePlace(file: String(place[0]), line: Int(place[1]) ?? 0, column: Int(place[2]) ?? 1),
            "the Swift compiler ends when it compiles '\(name)' for a machine without a runtime",
            "write it in another way; functions cannot be 'async'")
    }

    private func place(_ parts: [Substring]) -> SourcePlace? {
        guard parts.count == 3, let line = Int(parts[1]), let column = Int(parts[2]), line > 0 else { return nil }
        let path = sources.first { $0 == parts[0] || $0.hasSuffix("/\(parts[0])") }
        return SourcePlace(file: path ?? String(parts[0]), line: line, column: max(column, 1))
    }

    private static func words(_ message: String) -> (String, String) {
        let copies = ["memcpy", "memset", "memmove", "memcmp", "bcmp"]
        if let name = copies.first(where: { message.contains("'\($0)'") }) {
            return ("too much memory is copied, set or compared at once ('\(name)')", "use less, or what lies in a map where it lies")
        }
        if message.contains("'__multi3'") || message.contains("ti3'") {
            return (
                "the kernel's machine cannot multiply, divide or shift numbers of 128 bits",
                "use numbers of at most 64 bits; those of 32 bits give a whole product in 64"
            )
        }
        return (message, "")
    }
}
