import Foundation

/// All that was measured, put together.
struct Report {
    let outcomes: [Outcome]
    /// What the machine is: kernel, processor.
    let machine: String

    private var measured: [Measured] { outcomes.flatMap(\.measured) }

    // MARK: Table

    var table: String {
        let heading = ["what", "target", "measured", "ratio", ""]
        let rows = measured.map(Self.columns)
        let widths = heading.indices.map { column in ([heading] + rows).map { min($0[column].count, 92) }.max() ?? 0 }
        func line(_ columns: [String]) -> String {
            columns.enumerated().map { Format.pad($1, widths[$0]) }.joined(separator: "  ").trimmingTrailingBlanks
        }
        var text = ([heading] + rows).map(line).joined(separator: "\n") + "\n"
        let notes = measured.filter { $0.note != nil }
        if !notes.isEmpty { text += "\n" + notes.map { "\($0.name): \($0.note ?? "")\n" }.joined() }
        let targets = measured.filter { $0.target != nil }
        let met = targets.count { $0.met == true }
        let open = targets.count { $0.met == nil }
        text += "\n\(met) of \(targets.count) met, \(targets.count - met - open) not met"
        if open > 0 { text += ", \(open) not measured" }
        return text + "\n\(caption)\n"
    }

    private static func columns(_ measured: Measured) -> [String] {
        let value = measured.value.map { "\(Format.short($0)) \(measured.unit)" } ?? "—"
        let ratio = measured.ratio.map { "\(Format.short($0)) ×" } ?? ""
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
        guard let begin = text.range(of: Self.marks.begin), let end = text.range(of: Self.marks.end), begin.upperBound < end.lowerBound else {
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
