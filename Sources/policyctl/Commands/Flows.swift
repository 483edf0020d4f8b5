import ArgumentParser
import PolicyAPI
import PolicyModel

/// `policyctl flows`
struct Flows: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Lists the connections that are let through.",
        discussion: "Those that moved most bytes first. All filters must hold; they are about the first packet of a connection.")

    @Option(name: .long, help: ArgumentHelp("Connections that a policy or one rule allows.", valueName: "POLICY[/RULE]")) var rule: String?
    @Option(name: .long, help: ArgumentHelp("ingress or egress.", valueName: "DIRECTION")) var direction: String?
    @Option(name: .long, help: ArgumentHelp("A glob of interface names; '!' before it takes away.", valueName: "GLOB"))
    var interface: [String] = []
    @Option(name: .long, help: ArgumentHelp("Opened from these addresses.", valueName: "CIDR")) var from: String?
    @Option(name: .long, help: ArgumentHelp("Opened to these addresses.", valueName: "CIDR")) var to: String?
    @Option(name: .long, help: ArgumentHelp("From or to this port.", valueName: "N")) var port: String?
    @Option(name: .long, help: ArgumentHelp("A protocol's name or number.", valueName: "PROTOCOL")) var `protocol`: String?
    @Option(
        name: .long,
        help: ArgumentHelp("\(FlowState.allCases.map(\.rawValue).joined(separator: ", ")).", valueName: "STATE"))
    var state: String?
    @Option(name: .long, help: ArgumentHelp("At most this many.", valueName: "N")) var limit = 1_000
    @OptionGroup var format: FormatOptions
    @OptionGroup var daemon: DaemonOptions

    func validate() throws {
        _ = try filter()
        guard (1...1_000_000).contains(limit) else { throw ValidationError("--limit \(limit): a number from 1 to 1000000 is expected") }
    }

    /// The filter of the options.
    func filter() throws -> FlowFilter {
        var filter = FlowFilter()
        var items: [(String, String?)] = [
            ("rule", rule), ("direction", direction), ("from", from), ("to", to), ("port", port), ("protocol", `protocol`),
            ("state", state),
        ]
        items += interface.map { ("interface", $0) }
        try setFilter(items) { name, value throws(EventFilter.Invalid) in try filter.set(name, value) }
        return filter
    }

    func run() async throws {
        let query = try filter().query + [(name: "limit", value: "\(limit)")]
        let answer: FlowsMessage = try await daemon.client.get(API.flows, query: query)
        try format.output.print(answer.flows) { Self.table(answer.flows) }
        let left = answer.matched - answer.flows.count
        if left > 0 { complain("policyctl: \(Shown.counted(left, "connection")) more; narrow it down, or see --limit") }
    }

    static func table(_ flows: [FlowMessage]) -> String {
        var table = Table(
            "STATE", "PROTOCOL", "DIRECTION", "INTERFACE", "FROM", "TO", "POLICY/RULE", .number("PACKETS"), .number("BYTES"),
            .number("AGE"), .number("IDLE"))
        for flow in flows {
            table.rows.append([
                flow.state.rawValue, flow.protocol, flow.direction.rawValue, flow.interface, Shown.endpoint(flow.source, flow.sourcePort),
                Shown.endpoint(flow.destination, flow.destinationPort), flow.policy.map { "\($0)/\(flow.rule ?? "")" } ?? "-",
                Shown.count(flow.traffic.packets), Shown.count(flow.traffic.bytes), Shown.age(seconds: Int(flow.age)),
                Shown.age(seconds: Int(flow.idle)),
            ])
        }
        return table.text
    }
}
