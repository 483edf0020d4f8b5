import ArgumentParser
import PolicyAPI

extension ProbeCommand {
    /// `policyctl probe show`
    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Shows a probe, or what one of its maps holds.",
            discussion: """
                Keys and values are written by the types the object declares. Maps that count powers of two, with 'hist', 'log2' or 'latency' in \
                their names, are drawn as bars. Where a key or value has the number of a stack trace, in a field called 'stack' or the like, its \
                calls are named: those of the kernel by /proc/kallsyms, those of a process, which a field 'pid' or 'tgid' says or --pid, by what it \
                has mapped, as far as you may look.
                """)

        @Argument(help: ArgumentHelp("The probe's name.", valueName: "NAME")) var name: String
        @Argument(help: ArgumentHelp("One of its maps.", valueName: "MAP")) var map: String?
        @Option(name: .long, help: ArgumentHelp("The most entries of a map.", valueName: "N")) var limit = 1_000
        @Option(name: .long, help: ArgumentHelp("Whose stack traces they are, where no field says it.", valueName: "PID")) var pid: Int32?
        @OptionGroup var format: FormatOptions
        @OptionGroup var daemon: DaemonOptions

        func validate() throws {
            if !(1...1_000_000).contains(limit) { throw ValidationError("--limit \(limit): a number from 1 to 1000000 is expected") }
        }

        func run() async throws {
            guard let map else {
                let probe: ProbeMessage = try await daemon.client.get("\(API.probes)/\(name)")
                try format.output.print(probe) { ProbeText.whole(probe) }
                return
            }
            var contents: ProbeMapContentsMessage = try await daemon.client.get(
                "\(API.probes)/\(name)/maps/\(map)", query: [(name: "limit", value: "\(limit)")])
            contents.nameFrames(process: pid)
            try format.output.print(contents) { ProbeMapText(contents).text }
        }
    }
}

extension ProbeText {
    /// All that is to be said of a probe.
    static func whole(_ probe: ProbeMessage) -> String {
        var programs = Table("PROGRAM", "TYPE", "ATTACHED")
        for program in probe.programs {
            let places = program.attached.isEmpty ? "-" : program.attached.joined(separator: ", ")
            programs.rows.append([program.name, program.type, program.leftOut.map { "left out: \($0)" } ?? places])
        }
        var maps = Table("MAP", "TYPE", .number("ENTRIES"), "RECORD")
        for map in probe.maps { maps.rows.append([map.name, map.type, Shown.count(map.maxEntries), map.record ?? "-"]) }
        return table([probe]) + "\n" + programs.text + (probe.maps.isEmpty ? "" : "\n" + maps.text)
    }
}
