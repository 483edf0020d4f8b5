/// Where something stands in a source.
struct SourcePlace: Hashable {
    var file: String
    var line: Int
    var column: Int
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
        let words = "error: \(message); \(remedy)"
        guard let place else { return words }
        return "\(place.file):\(place.line):\(place.column): \(words)"
    }
}
