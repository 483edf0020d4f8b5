import Foundation
import PolicyCompiler

/// What one policy took.
struct Measurement {
    var what: String
    var rules: Int
    var entries: Int
    var read: Duration
    var number: Duration
    var compile: Duration
    var tables: CompiledPolicy.TableSizes

    static let heading = format("", "rules", "entries", "read ms", "number", "compile", "tries KiB", "classes", "vectors", "in all")

    var line: String {
        Self.format(
            what, "\(rules)", "\(entries)", Self.milliseconds(read), Self.milliseconds(number), Self.milliseconds(compile),
            "\(tables.tries >> 10)", "\(tables.classes >> 10)", "\(tables.vectors >> 10)", "\(tables.total >> 10)")
    }

    var json: String {
        """
        {"what":"\(what)","rules":\(rules),"entries":\(entries),"readMilliseconds":\(Self.milliseconds(read)),\
        "numberMilliseconds":\(Self.milliseconds(number)),"compileMilliseconds":\(Self.milliseconds(compile)),\
        "tableBytes":\(tables.total)}
        """
    }

    private static func milliseconds(_ duration: Duration) -> String { String(format: "%.1f", duration / .milliseconds(1)) }

    private static func format(_ what: String, _ columns: String...) -> String {
        what.padding(toLength: 38, withPad: " ", startingAt: 0)
            + columns.map { String(repeating: " ", count: max(1, 10 - $0.count)) + $0 }.joined()
    }
}
