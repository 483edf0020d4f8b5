import ArgumentParser
import PolicyAPI
import PolicyModel

/// `policyctl events`
struct Events: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Shows what is decided, live.",
        discussion: """
            --last prints what the daemon has kept and ends, unless --follow is said too. All filters must hold. Events that were lost \
            are counted in the stream.
            """)

    /// How events are printed.
    enum Style: String, ExpressibleByArgument, CaseIterable {
        /// One aligned line an event.
        case compact
        /// One JSON object a line, as the daemon sends it.
        case json
    }

    @Option(name: .long, help: ArgumentHelp("allow, deny or reject.", valueName: "VERDICT")) var verdict: String?
    @Option(name: .long, help: ArgumentHelp("Events of a policy or of one rule.", valueName: "POLICY[/RULE]")) var rule: String?
    @Option(name: .long, help: ArgumentHelp("ingress or egress.", valueName: "DIRECTION")) var direction: String?
    @Option(name: .long, help: ArgumentHelp("A glob of interface names; '!' before it takes away.", valueName: "GLOB"))
    var interface: [String] = []
    @Option(name: .long, help: ArgumentHelp("Packets from these addresses.", valueName: "CIDR")) var from: String?
    @Option(name: .long, help: ArgumentHelp("Packets to these addresses.", valueName: "CIDR")) var to: String?
    @Option(name: .long, help: ArgumentHelp("Packets from or to this port.", valueName: "N")) var port: String?
    @Option(name: .long, help: ArgumentHelp("A protocol's name or number.", valueName: "PROTOCOL")) var `protocol`: String?
    @Option(name: .long, help: ArgumentHelp("Begin with at most this many kept events.", valueName: "N")) var last: Int?
    @Flag(name: .long, help: "Go on with events as they come.") var follow = false
    @Option(name: [.customShort("o"), .long], help: ArgumentHelp("compact or json.", valueName: "FORMAT")) var output = Style.compact
    @OptionGroup var color: ColorOptions
    @OptionGroup var daemon: DaemonOptions

    func validate() throws {
        _ = try filter()
        if let last, last < 0 { throw ValidationError("--last \(last): a number of events is expected") }
    }

    /// The filter of the options.
    func filter() throws -> EventFilter {
        var filter = EventFilter()
        var items: [(String, String?)] = [
            ("verdict", verdict), ("rule", rule), ("direction", direction), ("from", from), ("to", to), ("port", port),
            ("protocol", `protocol`),
        ]
        items += interface.map { ("interface", $0) }
        try setFilter(items) { name, value throws(EventFilter.Invalid) in try filter.set(name, value) }
        return filter
    }

    func run() async throws {
        var query = try filter().query
        let isLive = follow || last == nil
        query.append((name: "follow", value: "\(isLive)"))
        if let last { query.append((name: "last", value: "\(last)")) }
        var lines = LineBuffer()
        switch output {
        case .json:
            try await daemon.client.stream(API.events, query: query) { piece in
                lines.add(piece, Output.write)
            }
        case .compact:
            var decoder = EventDecoder()
            var columns = EventColumns(color.palette)
            try await daemon.client.stream(API.events, query: query) { piece in
                try lines.add(piece) { whole in
                    var text = ""
                    for line in whole.split(separator: UInt8(ascii: "\n")) {
                        text += columns.line(try decoder.decode(line))
                    }
                    Output.write(text)
                }
            }
        }
        if isLive { throw CommandFailure(.unreachable, "the daemon ended the stream") }
    }
}
