import ArgumentParser
import BPFTesting
import Foundation
import SwitchTraffic

/// What packets see of changes of policy, program and daemon, under full load from two senders: each is judged by the old or by the new.
@main
struct Switches: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "switches", abstract: "Count packets that were judged by neither the old nor the new policy.")

    @Option(help: "Changes of the tables, without a daemon, one at once after the other.") var installs = 1_000
    @Option(help: "Replacements of the programs by those of another build, without a daemon.") var upgrades = 100
    @Option(help: "Applies by the daemon.") var applies = 1_000
    @Option(help: "Restarts of the daemon, each as another build.") var restarts = 20
    @Option(help: "Applies in which the daemon is killed, at a random moment.") var kills = 100
    @Option(help: "The folder of policyd and policyctl (default: this program's).") var programs: String?
    @Option(help: "What the moments of the kills are drawn by.") var seed: UInt64 = 1
    @Flag(help: "Print each line as a JSON object.") var json = false

    func run() throws {
        if !json { print(Row.heading) }
        var misjudged = 0
        func show(_ row: Row) {
            print(json ? row.json : row.line)
            misjudged += row.misjudged
        }
        if installs > 0 { show(try BareDatapath.installs(installs)) }
        if upgrades > 0 { show(try BareDatapath.upgrades(upgrades)) }
        if applies + restarts + kills > 0 {
            let own = URL(fileURLWithPath: CommandLine.arguments[0]).resolvingSymlinksInPath().deletingLastPathComponent().path
            let daemon = try Daemon(programs: programs ?? own)
            if applies > 0 { show(try daemon.applies(applies)) }
            if restarts > 0 { show(try daemon.restarts(restarts)) }
            if kills > 0 { show(try daemon.kills(kills, seed: seed)) }
            try daemon.end()
        }
        if misjudged > 0 { throw ExitCode.failure }
    }
}

/// What one kind of change came to.
struct Row {
    var what: String
    var changes: Int
    var sent = 0
    var arrived = 0
    var passed = 0
    var misjudged = 0
    var seconds: Double
    /// The median of the changes' durations.
    var milliseconds: Double
    /// What else is to be told.
    var note = ""

    init(_ what: String, _ report: SwitchTraffic.Report, took: Duration, each: [Duration], note: String = "") {
        self.what = what
        changes = report.changes
        sent = report.sent
        arrived = report.arrived
        passed = report.passed
        misjudged = report.misjudged
        seconds = took / .seconds(1)
        milliseconds = each.sorted()[each.count / 2] / .milliseconds(1)
        self.note = note
        if let first = report.firstMisjudged { self.note += " first: sender \(first.sender), number \(first.number)" }
    }

    static let heading = format("change, under full load from two senders", ["changes", "ms each", "packets", "a second", "misjudged"])

    var line: String {
        Self.format(
            what, ["\(changes)", String(format: "%.1f", milliseconds), "\(arrived)", "\(Int(Double(arrived) / seconds))", "\(misjudged)"])
            + (note.isEmpty ? "" : "  \(note)")
    }

    var json: String {
        "{\"what\":\"\(what)\",\"changes\":\(changes),\"milliseconds\":\(String(format: "%.2f", milliseconds)),\"packets\":\(arrived),"
            + "\"passed\":\(passed),\"misjudged\":\(misjudged),\"seconds\":\(String(format: "%.1f", seconds)),\"note\":\"\(note)\"}"
    }

    private static func format(_ what: String, _ columns: [String]) -> String {
        what.padding(toLength: 44, withPad: " ", startingAt: 0)
            + columns.map { String(repeating: " ", count: max(1, 11 - $0.count)) + $0 }.joined()
    }
}
