import Foundation
import Testing

@testable import numbers

/// What is said to be met is met, and what was not measured is not passed over.
@Suite struct ReportTests {
    @Test(arguments: [(1.49, true), (1.5, true), (1.51, false)])
    func `a multiple of a yardstick is met up to its limit`(ratio: Double, met: Bool) {
        let measured = Measured.multiple("look-up", ratio * 40, "ns", of: 40, "one LRU look-up", atMost: 1.5)
        #expect(measured.met == met)
        #expect(measured.target == "≤ 1.50 × one LRU look-up")
        #expect(abs((measured.ratio ?? 0) - ratio) < 1e-9)
    }

    @Test func `what has to be much is met from its limit on`() {
        #expect(Measured.atLeast("events", 999_999, "a second", 1_000_000).met == false)
        #expect(Measured.atLeast("events", 1_000_000, "a second", 1_000_000).met == true)
        #expect(Measured.atMost("misjudged", 0, "packets", 0).met == true)
        #expect(Measured.atMost("misjudged", 1, "packets", 0).met == false)
    }

    @Test func `the table counts what is met, what is not, and what was not measured`() {
        var outcome = Outcome(row: "host")
        outcome.measured = [
            .atMost("fast", 1, "ms", 5), .atMost("slow", 6, "ms", 5), .figure("beside", 1_234, "ns"),
            .missing("refused", target: "≤ 1 s", because: "too many rules", isFault: true),
            .missing("absent", target: "≤ 2 s", because: "no such program", isFault: false),
        ]
        let table = Report(outcomes: [outcome], machine: "here").table
        #expect(table.contains("1 of 4 met, 2 not met, 1 not measured"), "\(table)")
        #expect(table.contains("refused: too many rules"))
        #expect(table.contains("1,234 ns"))
        #expect(table.split(separator: "\n").contains { $0.hasPrefix("slow") && $0.hasSuffix("NOT MET") })
    }

    @Test func `a row that left nothing stands in the table as not measured`() {
        let outcome = Outcome(path: "/nowhere/at-all.json") ?? .failed(.events, because: "it broke off")
        #expect(outcome.hasFailed)
        #expect(Report(outcomes: [outcome], machine: "here").table.contains("0 of 1 met, 0 not met, 1 not measured"))
    }

    @Test func `a value that is no number is left out and not called met`() throws {
        var outcome = Outcome(row: "apply")
        outcome.measured = [.atMost("broken", .nan, "ms", 5, details: ["a": .infinity, "b": 2])]
        outcome.point(.rules, "policyd", 10, .nan)
        outcome.dropWhatIsNoNumber()
        #expect(outcome.measured[0].value == nil)
        #expect(outcome.measured[0].met == nil)
        #expect(outcome.measured[0].details == ["b": 2])
        _ = try JSONEncoder().encode(outcome)
    }

    @Test func `a page gets the promises between its marks and keeps the rest`() throws {
        let path = FileManager.default.temporaryDirectory.path + "/numbers-page-\(ProcessInfo.processInfo.processIdentifier).md"
        defer { try? FileManager.default.removeItem(atPath: path) }
        try "before\n<!-- numbers: written by scripts/bench --publish -->\nold\n<!-- end of numbers -->\nafter\n"
            .write(toFile: path, atomically: true, encoding: .utf8)
        var outcome = Outcome(row: "host")
        outcome.measured = [.atMost("fast", 1, "ms", 5), .figure("beside", 7, "ns")]
        try Report(outcomes: [outcome], machine: "here").refresh(page: path)
        let text = try String(contentsOfFile: path, encoding: .utf8)
        #expect(text.hasPrefix("before\n") && text.hasSuffix("<!-- end of numbers -->\nafter\n"))
        #expect(text.contains("| fast | ≤ 5 ms | 1 ms | 0.20 × | met |"), "\(text)")
        #expect(!text.contains("old") && !text.contains("beside"))
        try "no marks".write(toFile: path, atomically: true, encoding: .utf8)
        #expect(throws: BenchmarkError.self) { try Report(outcomes: [outcome], machine: "here").refresh(page: path) }
    }

    @Test func `a figure draws each series once and leaves out what no logarithm has`() throws {
        let points = [
            Point(figure: "rules", series: "nftables", x: 10, y: 100), Point(figure: "rules", series: "nftables", x: 1_000, y: 25_000),
            Point(figure: "rules", series: "policyd & co", x: 10, y: 30), Point(figure: "rules", series: "policyd & co", x: 100, y: -2),
        ]
        let svg = try #require(Figure(kind: .rules, caption: "here", points: points).svg)
        #expect(svg.components(separatedBy: "<polyline").count == 3)
        #expect(svg.components(separatedBy: "<circle").count == 4)
        #expect(svg.contains("policyd &amp; co"))
        #expect(try XMLCount(svg).elements > 20)
        #expect(Figure(kind: .set, caption: "", points: []).svg == nil)
    }

    /// Counts the tags of a text, which must close as they opened.
    private struct XMLCount {
        var elements = 0

        init(_ text: String) throws {
            var open: [Substring] = []
            for piece in text.split(separator: "<").dropFirst(text.hasPrefix("<") ? 0 : 1) {
                let tag = try #require(piece.firstIndex(of: ">").map { piece[..<$0] })
                if tag.hasPrefix("/") {
                    #expect(open.popLast() == tag.dropFirst())
                } else {
                    elements += 1
                    if !tag.hasSuffix("/") { open.append(tag.prefix { $0 != " " }) }
                }
            }
            #expect(open.isEmpty)
        }
    }
}
