import Foundation
import PolicyCompiler

/// What one policy took.
struct Measurement {
    var what: String
    var rules: Int
    var entries: Int
    var stages: [(name: String, took: Duration)] = []
    var tables = CompiledPolicy.TableSizes(tries: 0, classes: 0, vectors: 0, rules: 0)

    init(what: String, rules: Int, entries: Int) {
        self.what = what
        self.rules = rules
        self.entries = entries
    }

    /// Does a stage and notes how long it took.
    mutating func time<Result>(_ stage: String, _ body: () throws -> Result) rethrows -> Result {
        let start = ContinuousClock.now
        let result = try body()
        stages.append((stage, ContinuousClock.now - start))
        return result
    }

    static let heading = format(
        "milliseconds, KiB",
        ["rules", "entries", "read", "check", "warn", "number", "compile", "in all", "tries", "classes", "vectors", "tables"])

    var line: String {
        let times = stages.map(\.took) + [stages.reduce(.zero) { $0 + $1.took }]
        return Self.format(
            what,
            ["\(rules)", "\(entries)"] + times.map(Self.milliseconds)
                + [tables.tries, tables.classes, tables.vectors, tables.total].map { "\($0 >> 10)" })
    }

    var json: String {
        let times = stages.map { "\"\($0.name)\":\(Self.milliseconds($0.took))" }.joined(separator: ",")
        return
            "{\"what\":\"\(what)\",\"rules\":\(rules),\"entries\":\(entries),\"milliseconds\":{\(times)},\"tableBytes\":\(tables.total)}"
    }

    private static func milliseconds(_ duration: Duration) -> String { String(format: "%.1f", duration / .milliseconds(1)) }

    private static func format(_ what: String, _ columns: [String]) -> String {
        what.padding(toLength: 36, withPad: " ", startingAt: 0)
            + columns.map { String(repeating: " ", count: max(1, 9 - $0.count)) + $0 }.joined()
    }
}
