/// The lines of a text, found when the first is asked for.
final class SourceLines {
    private let text: [UInt8]
    private let firstLine: Int
    private lazy var starts = LineBreaks.starts(text)

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
        let index = line - firstLine
        guard starts.indices.contains(index) else { return nil }
        var bytes = text[starts[index]..<(index + 1 < starts.count ? starts[index + 1] : text.count)]
        while let last = bytes.last, last == LineBreaks.lineFeed || last == LineBreaks.carriageReturn { bytes.removeLast() }
        return String(decoding: bytes, as: UTF8.self)
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
