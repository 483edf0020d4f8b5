/// Where something stands in a source.
struct SourcePlace: Hashable, Comparable {
    var file: String
    var line: Int
    var column: Int

    /// Comes before all others.
    static let none = SourcePlace(file: "", line: 0, column: 0)

    static func < (a: Self, b: Self) -> Bool { (a.file, a.line, a.column) < (b.file, b.line, b.column) }
}

/// What is wrong with a program, where, and what would be right; as compilers print it.
struct Diagnostic: Error, Hashable, CustomStringConvertible {
    var place: SourcePlace?
    var message: String
    var remedy: String

    init(_ place: SourcePlace?, _ message: String, _ remedy: String) {
        self.place = place
        self.message = message
        self.remedy = remedy
    }

    var description: String {
        let words = "error: \(message)\(remedy.isEmpty ? "" : "; \(remedy)")"
        guard let place else { return words }
        return "\(place.file):\(place.line):\(place.column): \(words)"
    }
}
