/// What the Swift compiler says that refuses what Embedded Swift has not, in the form of our own diagnostics: the line, and what to write
/// instead. Its own words have no remedy, come twice with an excerpt of the source, and lead to a page that does not speak of eBPF.
enum LanguageMessages {
    /// What the compiler said, with what it refuses for a machine without a runtime on a line each. Other words stay as they are: mistakes
    /// of types, with the lines they stand in.
    static func rewritten(_ text: String) -> String {
        var lines: [Substring] = []
        var told: Set<Substring> = []
        var isOurs = false
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            if line.hasPrefix(tag + ":") { continue }
            if let header = Header(line) {
                if header.kind != "note" { isOurs = isRestriction(header.words) }
                guard isOurs else {
                    lines.append(line)
                    continue
                }
                let short = header.kind == "error" ? "\(header.place)error: \(sentence(header.words))" : line.replacing(" \(tag)", with: "")
                if told.insert(Substring(short)).inserted { lines.append(Substring(short)) }
            } else if !isOurs || !isExcerpt(line) {
                lines.append(line)
            }
        }
        return lines.joined(separator: "\n")
    }

    private static let tag = "[#EmbeddedRestrictions]"

    /// A line that begins a message: "FILE:LINE:COLUMN: error: WORDS".
    private struct Header {
        var place: Substring
        var kind: String
        var words: Substring

        init?(_ line: Substring) {
            let kinds = ["error", "warning", "note"]
            let found = kinds.compactMap { kind in line.firstRange(of: ": \(kind): ").map { (kind, $0) } }
            guard let (kind, range) = found.min(by: { $0.1.lowerBound < $1.1.lowerBound }) else { return nil }
            // Excerpts hold the words once more, behind the place of a margin.
            let numbers = line[..<range.lowerBound].split(separator: ":").suffix(2)
            guard numbers.count == 2, numbers.allSatisfy({ Int($0) != nil }) else { return nil }
            (self.kind, place, words) = (kind, line[..<range.lowerBound] + ": ", line[range.upperBound...])
        }
    }

    /// Whether it is a line of the source with its number, or what the compiler draws below one.
    private static func isExcerpt(_ line: Substring) -> Bool { line.isEmpty || line.drop { $0.isNumber || $0 == " " }.first == "|" }

    private static func isRestriction(_ words: Substring) -> Bool {
        words.hasSuffix(tag) || words.lowercased().contains("in embedded swift")
    }

    private static func sentence(_ words: Substring) -> String {
        let words = words.replacing(" \(tag)", with: "")
        return words.contains("; ") ? String(words) : "\(words); \(remedy(words))"
    }

    private static func remedy(_ words: Substring) -> String {
        if words.contains("key path") { return "name the property, or take a closure that reads it" }
        if words.contains("cast") { return "name the type, or use an enumeration with a case for each type" }
        if words.contains("metatype") { return "take a value of the type, or use generics" }
        if words.contains("protocol type cannot contain") || words.contains("classes cannot") || words.contains("in a class") {
            return "use a struct and generics"
        }
        if words.contains("protocol type") || words.contains("on a value of type 'any ") {
            return "use 'some \(protocolName(words) ?? "Protocol")' or generics"
        }
        return "write it with structs, enumerations and generics"
    }

    /// What stands behind `any`: "Shape" of "a value of protocol type 'any Shape'". `Any` has no other name.
    private static func protocolName(_ words: Substring) -> Substring? {
        words.firstRange(of: "'any ").map { words[$0.upperBound...].prefix { $0 != "'" } }
    }
}
