import Datapath
import PolicyAPI
import PolicyModel

/// The verdict on a packet and the way to it, for people.
struct WhyText {
    let answer: WhyAnswer
    let palette: Palette

    init(_ answer: WhyAnswer, _ palette: Palette) {
        self.answer = answer
        self.palette = palette
    }

    var text: String {
        guard let verdict = answer.verdicts.first?.verdicts.first else { return "no engine was asked\n" }
        var text = verdict.verdict == .allow ? palette.allowed("allow") : palette.denied(verdict.verdict.rawValue)
        if let policy = verdict.policy, let rule = verdict.rule {
            text += "  by \(palette.name("\(policy)/\(rule)"))"
            text += "  (" + [verdict.tier?.rawValue, verdict.location].compactMap { $0 }.joined(separator: ", ") + ")"
        } else {
            text += "  by no rule: what no tier decides is allowed"
        }
        if let revision = answer.revision { text += "  revision \(revision)" }
        text += "\n"
        if !verdict.audited.isEmpty { text += "in audit mode it also matched \(verdict.audited.joined(separator: ", "))\n" }
        text +=
            "engines: "
            + answer.verdicts.map { "\($0.engine.rawValue) \($0.verdicts.first?.verdict.rawValue ?? "-")" }.joined(separator: ", ") + "\n"
        guard let walk = answer.walk, !walk.isEmpty else { return text }
        var table = Table("TIER", "POLICY/RULE", "RESULT", "WHERE", "WHY NOT")
        for step in walk {
            table.rows.append([
                step.tier.rawValue, step.rule.map { "\(step.policy)/\($0)" } ?? step.policy, step.result, step.location, step.reason ?? "",
            ])
        }
        text += "\n" + table.text
        let opposites = answer.opposites ?? []
        if !opposites.isEmpty { text += "\nThe packet\n" + opposites.map { "  \($0.text)\n" }.joined() }
        return text
    }

    /// A frame that no rule is asked about, on one line.
    static func line(_ verdict: Verdict.Action, _ reason: PacketEvent.Reason) -> String {
        "\(verdict.rawValue)  -  no rule is asked: \(reason.rawValue)"
    }

    /// The answer to a frame that no rule is asked about.
    static func jsonLine(_ verdict: Verdict.Action, _ reason: PacketEvent.Reason) -> String {
        OutputValue.mapping([
            ("verdict", .text(verdict.rawValue)), ("policy", .null), ("rule", .null), ("tier", .null), ("reason", .text(reason.rawValue)),
        ]).json()
    }

    /// A packet and its verdict on one line.
    static func line(_ packet: Packet, _ verdict: VerdictMessage) -> String {
        let ports = packet.hasPorts ? (":\(packet.sourcePort)", ":\(packet.destinationPort)") : ("", "")
        return "\(verdict.verdict.rawValue)  \(verdict.policy.map { "\($0)/\(verdict.rule ?? "")" } ?? "-")  \(packet.direction.rawValue) "
            + "\(packet.interface) \(ProtocolName.display(packet.protocol)) \(packet.source)\(ports.0) → \(packet.destination)\(ports.1)"
    }
}
