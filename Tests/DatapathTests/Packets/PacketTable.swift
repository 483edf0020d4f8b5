import Datapath

/// The tables of docs/packets.md as the tests have them.
enum PacketTable {
    /// A section's heading and its table, line by line.
    static var sections: [(title: String, rows: [String])] {
        PacketSection.all.map { section in (section.title, section.lines.map { row($0.name, $0.outcome) }) }
            + [("Real interfaces", LivePacketLine.allCases.map { row($0.rawValue, $0.outcome) })]
    }

    static let head = ["| packet | verdict | reason | counted |", "|---|---|---|---|"]

    private static func row(_ name: String, _ outcome: PacketLine.Outcome) -> String {
        let (verdict, reason, counted) = words(outcome)
        return "| \(name) | \(verdict) | \(reason) | \(counted) |"
    }

    private static func words(_ outcome: PacketLine.Outcome) -> (verdict: String, reason: String, counted: String) {
        switch outcome {
        case .rules(let kind): ("by the rules, as \(kind.text)", "`rule` or `default`", "with the rule")
        case .denied(let reason): ("**denied**", "`\(reason.rawValue)`", "`\(reason.rawValue)`")
        case .passes(let ethertype):
            ("passes", "`non-ip`", "`non-ip`, ethertype `0x\(String(UInt32(ethertype) + 0x10000, radix: 16).dropFirst())`")
        case .asFirst: ("as its first fragment", "that one's", "with that one's rule")
        case .established, .reply: ("as its connection", "`established`", "with the connection's rule")
        case .related: ("passes; without that connection by the rules", "`related`", "with the connection's rule")
        }
    }
}
