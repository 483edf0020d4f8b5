import Foundation

/// All that was measured, put together.
struct Report {
    let outcomes: [Outcome]
    /// What the machine is: kernel, processor.
    let machine: String

    private var measured: [Measured] { outcomes.flatMap(\.measured) }

    // MARK: Table

    /// The promises, then what was measured beside them, then what there is to know of either.
    var table: String {
        let promises = measured.filter { $0.target != nil }
        let figures = measured.filter { $0.target == nil }
        var text = Self.aligned([["promise", "target", "measured", "ratio", ""]] + promises.map(Self.columns))
        if !figures.isEmpty {
            text +=
                "\n"
                + Self.aligned(
                    [["beside them", "measured", "ratio"]]
                        + figures.map { Self.columns($0).enumerated().filter { [0, 2, 3].contains($0.offset) }.map(\.element) })
        }
        // One reason may stand for several lines.
        var notes: [(text: String, names: [String])] = []
        for measured in measured {
            guard let note = measured.note else { continue }
            if let place = notes.firstIndex(where: { $0.text == note }) {
                notes[place].names.append(measured.name)
            } else {
                notes.append((note, [measured.name]))
            }
        }
        if !notes.isEmpty { text += "\n" + notes.map { "\($0.names.joined(separator: "; ")): \($0.text)\n" }.joined() }
        let met = promises.count { $0.met == true }
        let open = promises.count { $0.met == nil }
        text += "\n\(met) of \(promises.count) met, \(promises.count - met - open) not met"
        if open > 0 { text += ", \(open) not measured" }
        return text + "\n\(caption)\n"
    }

    private static func aligned(_ rows: [[String]]) -> String {
        let columns = rows.first?.count ?? 0
        let widths = (0..<columns).map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.map { row in
            row.enumerated().map { Format.pad($1, widths[$0]) }.joined(separator: "  ").trimmingTrailingBlanks + "\n"
        }.joined()
    }

    private static func columns(_ measured: Measured) -> [String] {
        let value = measured.value.map { "\(Format.short($0)) \(measured.unit)" } ?? "—"
        let yardstick = measured.yardstick.map { " \(Format.short($0))" } ?? ""
        let ratio = measured.ratio.map { "\(Format.short($0)) ×\(yardstick)" } ?? ""
        let met = measured.target == nil ? "" : measured.met.map { $0 ? "met" : "NOT MET" } ?? "not measured"
        return [measured.name, measured.target ?? "", value, ratio, met]
    }

    var caption: String {
        let quick = outcomes.contains(where: \.isQuick) ? ", quick run" : ""
        let commits = Set(outcomes.map(\.commit)).filter { !$0.isEmpty }.sorted().joined(separator: ", ")
        let time = outcomes.map(\.time).max() ?? 0
        let date = Date(timeIntervalSince1970: time).formatted(.iso8601.year().month().day())
        return "\(machine); build \(commits)\(quick); \(date)"
    }

    // MARK: Pages

    private static let marks = (begin: "<!-- numbers: written by scripts/bench --publish -->", end: "<!-- end of numbers -->")

    /// Puts the table of promises between the marks of a page in Markdown.
    func refresh(page path: String) throws {
        var text = try String(contentsOfFile: path, encoding: .utf8)
        guard let begin = text.range(of: Self.marks.begin), let end = text.range(of: Self.marks.end), begin.upperBound < end.lowerBound
        else {
            throw BenchmarkError("\(path) has no marks for the table: \(Self.marks.begin) and \(Self.marks.end)")
        }
        text.replaceSubrange(begin.upperBound..<end.lowerBound, with: "\n\(markdown)")
        try text.write(toFile: path, atomically: true, encoding: .utf8)
    }

    private var markdown: String {
        let rows = measured.filter { $0.target != nil }.map { measured in
            "| " + Self.columns(measured).map { $0.replacingOccurrences(of: "|", with: "\\|") }.joined(separator: " | ") + " |\n"
        }
        return "| what | to reach | measured | ratio | |\n|---|---|---|---|---|\n\(rows.joined())\n\(caption).\n"
    }

    // MARK: JSON

    func json() throws -> Data {
        struct Whole: Codable {
            var machine: String
            var rows: [Outcome]
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return try encoder.encode(Whole(machine: machine, rows: outcomes))
    }

    // MARK: Figures

    /// Writes the figures there are points for, and says their paths.
    func writeFigures(_ folder: String) throws -> [String] {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        return try Figure.Kind.allCases.compactMap { kind in
            let points = outcomes.flatMap(\.points).filter { $0.figure == kind.rawValue }
            guard let svg = Figure(kind: kind, caption: caption, points: Self.once(points)).svg else { return nil }
            let path = "\(folder)/\(kind.rawValue).svg"
            try svg.write(toFile: path, atomically: true, encoding: .utf8)
            return path
        }
    }

    /// A yardstick that several rows measured is drawn once for each size.
    private static func once(_ points: [Point]) -> [Point] {
        var seen = Set<String>()
        return points.filter { seen.insert("\($0.series) \($0.x)").inserted }
    }
}

extension String {
    fileprivate var trimmingTrailingBlanks: String {
        guard let last = lastIndex(where: { $0 != " " }) else { return "" }
        return String(self[...last])
    }
}
