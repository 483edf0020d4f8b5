import BPFTesting
import Foundation

/// What the program `switches` finds: packets judged by neither revision while policies are switched, programs replaced and daemons
/// killed, under load from two senders.
struct SwitchesRow {
    let setting: Setting

    private static let quick = ["--installs", "50", "--upgrades", "10", "--applies", "30", "--restarts", "3", "--kills", "5"]

    func run() throws -> Outcome {
        var outcome = Outcome(row: "switches")
        let program = "\(setting.programs)/switches"
        guard FileManager.default.isExecutableFile(atPath: program) else {
            outcome.measured = [.missing(Row.switches.promise, target: "≤ 0 packets", because: "there is no \(program)", isFault: false)]
            return outcome
        }
        let result = try runCommand([program, "--json", "--programs", setting.programs] + (setting.effort.isQuick ? Self.quick : []))
        let lines = result.output.split(separator: "\n").filter { $0.hasPrefix("{") }
        outcome.measured = try lines.map { line in
            let line = try JSONDecoder().decode(Line.self, from: Data(line.utf8))
            var measured = Measured.atMost(
                "packets judged by neither revision: \(Format.thousands(line.changes)) × \(line.what)", Double(line.misjudged), "packets",
                0,
                details: ["packets": Double(line.packets), "passed": Double(line.passed), "ms each": line.milliseconds])
            // Where not a packet came, nothing was shown.
            if line.packets == 0 { measured.met = false }
            if !line.note.isEmpty { measured.note = line.note }
            return measured
        }
        // It ends with a failure where packets were misjudged, which the lines say; otherwise something else is wrong.
        if result.status != 0, !outcome.measured.contains(where: { $0.met == false }) || lines.isEmpty {
            let words = result.output.split(separator: "\n").filter { $0.contains("rror") }.joined(separator: " ").prefix(300)
            outcome.measured.append(
                .missing(
                    "\(Row.switches.promise): what comes after", target: "≤ 0 packets",
                    because: "switches ended with \(result.status): \(words)", isFault: false))
        }
        return outcome
    }

    /// What `switches --json` prints, a line for each kind of change.
    private struct Line: Decodable {
        var what: String
        var changes: Int
        var milliseconds: Double
        var packets: Int
        var passed: Int
        var misjudged: Int
        var note: String
    }
}
