import ArgumentParser
import BPFTesting
import Foundation

/// Measures what the project promises, a row at a time, and puts the rows together.
@main
struct Numbers: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "numbers",
        abstract: "Measure what packets, applies, memory and events cost, beside an empty program, kernel maps and other firewalls.",
        subcommands: [Rows.self, Run.self, Show.self, Tidy.self], defaultSubcommand: Rows.self)

    /// Says which rows there are.
    struct Rows: ParsableCommand {
        static let configuration = CommandConfiguration(commandName: "rows", abstract: "Print the names of the rows.")

        func run() { for row in Row.allCases { print(row.rawValue) } }
    }

    /// Measures one row, in a process of its own: one that fails takes no other with it.
    struct Run: ParsableCommand {
        static let configuration = CommandConfiguration(commandName: "run", abstract: "Measure a row and write RESULTS/ROW.json.")

        @Argument(help: "The row.") var row: Row
        @Flag(help: "Fewer sizes, fewer repetitions.") var quick = false
        @Option(help: "The folder for results.") var results: String
        @Option(help: "The folder with policyd, policyctl and switches.") var programs: String
        @Option(help: "A folder of NAME.rules and NAME.trace in ClassBench's format.") var classbench: String?
        @Option(help: "What was built, for the record.") var commit = "unknown"
        @Option(help: "What tells this build from others.") var build = ""
        @Flag(help: "Keep what this build's run has measured already.") var resume = false

        private var path: String { "\(results)/\(row.rawValue).json" }

        func run() throws {
            if resume, let there = Outcome(path: path), there.build == build, there.isQuick == quick, !there.hasFailed { return }
            try? FileManager.default.removeItem(atPath: path)
            let setting = Setting(effort: Effort(isQuick: quick), programs: programs, classbench: classbench)
            let start = Date()
            var outcome: Outcome
            do {
                outcome = try row.measure(setting)
            } catch {
                outcome = .failed(row, because: "\(error)")
            }
            outcome.dropWhatIsNoNumber()
            outcome.isQuick = quick
            (outcome.commit, outcome.build) = (commit, build)
            outcome.time = start.timeIntervalSince1970
            outcome.seconds = Date().timeIntervalSince(start)
            try FileManager.default.createDirectory(atPath: results, withIntermediateDirectories: true)
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            try encoder.encode(outcome).write(to: URL(fileURLWithPath: path), options: .atomic)
        }
    }

    /// Puts together what was measured.
    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(commandName: "show", abstract: "Print the rows measured so far as a table.")

        @Option(help: "The folder with results.") var results: String
        @Option(help: "Write everything as one JSON object.") var json: String?
        @Option(help: "Write figures as SVG into a folder.") var figures: String?
        @Option(parsing: .upToNextOption, help: "Pages in Markdown whose table is to be replaced, between its marks.") var pages: [String] =
            []
        @Option(parsing: .upToNextOption, help: "Only these rows.") var only: [Row] = []

        func run() throws {
            let rows = only.isEmpty ? Row.allCases : only
            let outcomes = rows.map { row in
                Outcome(path: "\(results)/\(row.rawValue).json") ?? .failed(row, because: "it was not run, or broke off")
            }
            let report = Report(outcomes: outcomes, machine: Machine.words)
            print(report.table, terminator: "")
            if let json { try report.json().write(to: URL(fileURLWithPath: json), options: .atomic) }
            if let figures { for path in try report.writeFigures(figures) { print(path) } }
            for path in pages { try report.refresh(page: path) }
        }
    }

    /// Takes away what a run that was killed left behind.
    struct Tidy: ParsableCommand {
        static let configuration = CommandConfiguration(commandName: "tidy", abstract: "Remove what a run that broke off left behind.")

        func run() throws {
            WorkFolder.removeLeftovers()
            // Making one takes away those of processes that are gone.
            _ = try NetworkNamespace()
            _ = try PrivateBPFFS()
        }
    }
}

/// What a row is measured with.
struct Setting {
    var effort: Effort
    var programs: String
    var classbench: String?
}

/// The machine in words.
enum Machine {
    static var words: String {
        func line(_ path: String) -> String { (try? String(contentsOfFile: path, encoding: .utf8)) ?? "" }
        let kernel = line("/proc/sys/kernel/osrelease").trimmingCharacters(in: .whitespacesAndNewlines)
        let processor =
            line("/proc/cpuinfo").split(separator: "\n").first { $0.hasPrefix("model name") }
            .flatMap { $0.split(separator: ":").last }.map { $0.trimmingCharacters(in: .whitespaces) } ?? "unknown processor"
        return "Linux \(kernel), \(ProcessInfo.processInfo.processorCount) × \(processor)"
    }
}
