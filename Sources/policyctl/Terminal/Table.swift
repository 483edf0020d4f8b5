import TextTable

/// Rows under headings, each column as wide as its widest cell.
struct Table {
    /// A column's heading and side.
    struct Heading: ExpressibleByStringLiteral {
        var title: String
        var alignment: Alignment

        init(stringLiteral title: String) {
            self.init(title, .left)
        }

        init(_ title: String, _ alignment: Alignment) {
            self.title = title
            self.alignment = alignment
        }

        /// A column of numbers.
        static func number(_ title: String) -> Heading { Heading(title, .right) }
    }

    var headings: [Heading]
    var rows: [[String]] = []

    init(_ headings: Heading...) {
        self.headings = headings
    }

    /// The table's text, with a line feed after each line; only the headings if there are no rows.
    var text: String {
        let headings = headings
        let table = TextTable<[String]> { cells in
            // TextTable puts one blank between columns; a second one comes with the cell.
            zip(headings, cells).map { Column(title: $0.title + " ", value: $1 + " ", align: $0.alignment) }
        }
        guard let text = table.string(for: rows, style: Style.plain) else {
            return headings.map(\.title).joined(separator: "  ") + "\n"
        }
        return text.split(separator: "\n").map { line in
            var line = line
            while line.last == " " { line.removeLast() }
            return line + "\n"
        }.joined()
    }
}
