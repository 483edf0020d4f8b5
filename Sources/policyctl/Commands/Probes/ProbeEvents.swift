import ArgumentParser
import PolicyAPI

extension ProbeCommand {
    /// `policyctl probe events`
    struct Events: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Shows the events of a probe, live.",
            discussion: """
                --last prints what the daemon has kept and ends, unless --follow is said too. Events that were lost are counted in the stream.
                """)

        /// How events are printed.
        enum Style: String, ExpressibleByArgument, CaseIterable {
            /// One readable line an event.
            case compact
            /// One JSON object a line, as the daemon sends it.
            case json
        }

        @Argument(help: ArgumentHelp("The probe's name.", valueName: "NAME")) var name: String
        @Option(name: .long, help: ArgumentHelp("Begin with at most this many kept events.", valueName: "N")) var last: Int?
        @Flag(name: .long, help: "Go on with events as they come.") var follow = false
        @Option(name: [.customShort("o"), .long], help: ArgumentHelp("compact or json.", valueName: "FORMAT")) var output = Style.compact
        @OptionGroup var daemon: DaemonOptions

        func validate() throws {
            if let last, last < 0 { throw ValidationError("--last \(last): a number of events is expected") }
        }

        func run() async throws {
            let isLive = follow || last == nil
            var query = [(name: "follow", value: "\(isLive)"), (name: "format", value: output == .json ? "json" : "text")]
            if let last { query.append((name: "last", value: "\(last)")) }
            var lines = LineBuffer()
            try await daemon.client.stream("\(API.probes)/\(name)/events", query: query) { piece in lines.add(piece, Output.write) }
            if isLive { throw CommandFailure(.unreachable, "the stream ended: the probe was unloaded, or the daemon stopped") }
        }
    }
}
