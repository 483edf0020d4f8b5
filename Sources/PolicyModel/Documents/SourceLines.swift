/// The lines of a text, found when the first is asked for.
final class SourceLines {
    private let text: [UInt8]
    private let firstLine: Int
    private var starts: [Int]?

    init(_ text: [UInt8], firstLine: Int = 1) {
        self.text = text
        self.firstLine = firstLine
    }

    /// The line around a column, at most 160 characters of it, and the column in what is left of it.
    func excerpt(line: Int, column: Int) -> (text: String, column: Int)? {
        guard let text = self[line] else { return nil }
        // A line without end would drown its own message.
        guard text.utf8.count > 160 else { return (text, column) }
        let scalars = text.unicodeScalars
        let skipped = max(0, column - 100)
        let rest = scalars.dropFirst(skipped)
        let shown = String(String.UnicodeScalarView(rest.prefix(160)))
        let front = skipped > 0 ? "…" : ""
        return (front + shown + (rest.count > 160 ? "…" : ""), column - skipped + front.count)
    }

    /// The line with this number; nil if the text does not have it.
    subscript(line: Int) -> String? {
        let starts = starts ?? findStarts()
        self.starts = starts
        let index = line - firstLine
        guard starts.indices.contains(index) else { return nil }
        let end = index + 1 < starts.count ? starts[index + 1] - 1 : text.count
        var bytes = text[starts[index]..<end]
        if bytes.last == UInt8(ascii: "\r") { bytes.removeLast() }
        return String(decoding: bytes, as: UTF8.self)
    }

    private func findStarts() -> [Int] {
        var starts = [0]
        for (index, byte) in text.enumerated() where byte == UInt8(ascii: "\n") { starts.append(index + 1) }
        return starts
    }
}
