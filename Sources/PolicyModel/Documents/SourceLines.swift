/// The lines of a text, found when the first is asked for.
final class SourceLines {
    private let text: [UInt8]
    private let firstLine: Int
    private lazy var starts = LineBreaks.starts(text)
    /// Where every so many characters of the long line that was shown last begin.
    private var marks: (line: Int, places: [Int]) = (.min, [])
    private static let distance = 256

    init(_ text: [UInt8], firstLine: Int = 1) {
        self.text = text
        self.firstLine = firstLine
    }

    /// A place in the text: where one lies behind its end, as that of something that is missing may, the end.
    func place(line: Int, column: Int) -> (line: Int, column: Int) {
        let last = firstLine + starts.count - 1
        guard line > last else { return (line, column) }
        return (last, (self[last]?.unicodeScalars.count ?? 0) + 1)
    }

    /// The line around a column, at most 160 characters of it, and the column in what is left of it.
    func excerpt(line: Int, column: Int) -> (text: String, column: Int)? {
        guard starts.indices.contains(line - firstLine) else { return nil }
        // A line without end would drown its own message.
        guard range(of: line).count > 160 else { return self[line].map { ($0, column) } }
        let skipped = max(0, column - 100)
        let rest = scalars(of: line, from: skipped, count: 161)
        let shown = String(String.UnicodeScalarView(rest.prefix(160)))
        let front = skipped > 0 ? "…" : ""
        return (front + shown + (rest.count > 160 ? "…" : ""), column - skipped + front.count)
    }

    /// Characters of a long line, which may be all there is of a file, and have thousands of mistakes in it.
    private func scalars(of line: Int, from first: Int, count: Int) -> [Unicode.Scalar] {
        let bytes = text[range(of: line)]
        if marks.line != line {
            marks = (line, [])
            var scalar = 0
            // The bytes of a character behind its first begin with the bits 10.
            for place in bytes.indices where bytes[place] & 0xc0 != 0x80 {
                if scalar % Self.distance == 0 { marks.places.append(place) }
                scalar += 1
            }
        }
        let mark = first / Self.distance
        guard mark < marks.places.count else { return [] }
        // No character has more than four bytes.
        let near = bytes[marks.places[mark]...].prefix(4 * (Self.distance + count))
        return Array(String(decoding: near, as: UTF8.self).unicodeScalars.dropFirst(first % Self.distance).prefix(count))
    }

    /// The line with this number; nil if the text does not have it.
    subscript(line: Int) -> String? {
        starts.indices.contains(line - firstLine) ? String(decoding: text[range(of: line)], as: UTF8.self) : nil
    }

    /// Where a line is that there is, without what ends it.
    private func range(of line: Int) -> Range<Int> {
        let index = line - firstLine
        let start = starts[index]
        var end = index + 1 < starts.count ? starts[index + 1] : text.count
        while end > start, text[end - 1] == LineBreaks.lineFeed || text[end - 1] == LineBreaks.carriageReturn { end -= 1 }
        return start..<end
    }
}

/// Where lines end: at a line feed, a carriage return, or both in this order, as editors and YAML see it.
enum LineBreaks {
    static let lineFeed = UInt8(ascii: "\n")
    static let carriageReturn = UInt8(ascii: "\r")

    /// The positions at which lines begin.
    static func starts(_ text: some RandomAccessCollection<UInt8>) -> [Int] {
        var starts = [0]
        var wasReturn = false
        for (index, byte) in text.enumerated() {
            if byte == lineFeed, wasReturn {
                starts[starts.count - 1] = index + 1
            } else if byte == lineFeed || byte == carriageReturn {
                starts.append(index + 1)
            }
            wasReturn = byte == carriageReturn
        }
        return starts
    }

    /// The first character that is a line break to YAML 1.1 alone (NEL, LS, PS), as a range of the text; nil if there is none.
    ///
    /// libyaml counts a line there, and no editor does.
    static func disputed(_ text: [UInt8]) -> (line: Int, column: Int, name: String)? {
        var index = 0
        while index + 1 < text.count {
            // All but these three bytes are skipped at once.
            guard text[index] == 0xC2 || text[index] == 0xE2 else {
                index += 1
                continue
            }
            let name: String? =
                switch (text[index], text[index + 1], index + 2 < text.count ? text[index + 2] : 0) {
                case (0xC2, 0x85, _): "U+0085"
                case (0xE2, 0x80, 0xA8): "U+2028"
                case (0xE2, 0x80, 0xA9): "U+2029"
                default: nil
                }
            if let name {
                let starts = starts(text[..<index])
                let before = text[(starts.last ?? 0)..<index]
                return (starts.count, before.count { $0 & 0xC0 != 0x80 } + 1, name)
            }
            index += 1
        }
        return nil
    }
}
