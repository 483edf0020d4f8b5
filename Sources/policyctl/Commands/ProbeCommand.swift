import ArgumentParser
import Probes

/// `policyctl probe`
struct ProbeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "probe", abstract: "Loads compiled eBPF objects, shows their events, and looks at what they hold.",
        subcommands: [Events.self, Inspect.self, List.self, Load.self, Show.self, Unload.self])

    /// `policyctl probe inspect`
    struct Inspect: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Says what an object file holds and what this host would refuse of it, without a daemon or privileges.",
            discussion: """
                The file is looked at by a process of its own, which a file made to do harm can bring down but not use. Exits 1 if the file \
                cannot be opened or nothing of it could be loaded.
                """)

        @Argument(help: ArgumentHelp("A compiled eBPF object.", valueName: "FILE.o"))
        var file: String
        @Flag(name: .customLong("try"), help: "Also have the kernel load it, and take it out again, to see what it refuses. Needs root.")
        var isTried = false
        @OptionGroup var format: FormatOptions
        @OptionGroup var color: ColorOptions

        func run() async throws {
            let report: ObjectReport
            do throws(InspectionError) {
                report = try await Inspection(isTried ? .loading : .reading, timeLimit: isTried ? 60 : 10).report(onFile: file)
            } catch {
                throw CommandFailure(.refused, error.description)
            }
            try format.output.print(report) { ObjectReportText(report, color.palette).text }
            if !report.isLoadable { throw CommandFailure(.refused) }
        }
    }
}
