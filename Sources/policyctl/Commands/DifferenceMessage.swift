import PolicyAPI
import PolicyCompiler
import PolicyModel

/// The result of `policyctl diff` for programs.
struct DifferenceMessage: Encodable {
    struct Field: Encodable {
        var key: String
        var old: String?
        var new: String?

        init(_ field: PolicyDifference.Field) {
            (key, old, new) = (field.key, field.old, field.new)
        }
    }

    struct Rule: Encodable {
        var change: PolicyDifference.Kind
        var direction: Direction
        var rule: String
        var location: String
        var fields: [Field]
    }

    struct Policy: Encodable {
        var change: PolicyDifference.Kind
        var policy: String
        var location: String
        var fields: [Field]
        var rules: [Rule]
    }

    struct Set: Encodable {
        var change: PolicyDifference.Kind
        var set: String
        var location: String
        var fields: [Field]
        var entriesAdded: Int
        var entriesRemoved: Int
        var firstAdded: [CIDR]
        var firstRemoved: [CIDR]
    }

    struct Example: Encodable {
        var packet: PacketMessage
        var old: VerdictMessage
        var new: VerdictMessage
    }

    struct Packets: Encodable {
        var search: PacketDifference.Extent
        var examples: [Example]
    }

    var different: Bool
    var policies: [Policy]
    var sets: [Set]
    var packets: Packets
    var diagnostics: [DiagnosticMessage]

    init(_ difference: PolicyDifference, _ findings: [Diagnostic]) {
        different = !difference.isEmpty
        policies = difference.policies.map { policy in
            Policy(
                change: policy.kind, policy: policy.policy, location: policy.location.lineText, fields: policy.fields.map(Field.init),
                rules: policy.rules.map { rule in
                    Rule(
                        change: rule.kind, direction: rule.direction, rule: rule.rule, location: rule.location.lineText,
                        fields: rule.fields.map(Field.init))
                })
        }
        sets = difference.sets.map { set in
            Set(
                change: set.kind, set: set.set, location: set.location.lineText, fields: set.fields.map(Field.init),
                entriesAdded: set.entriesAdded, entriesRemoved: set.entriesRemoved, firstAdded: set.firstAdded,
                firstRemoved: set.firstRemoved)
        }
        packets = Packets(
            search: difference.packets.extent,
            examples: difference.packets.examples.map {
                Example(packet: PacketMessage($0.packet), old: VerdictMessage($0.old), new: VerdictMessage($0.new))
            })
        diagnostics = findings.map { DiagnosticMessage($0) }
    }
}

/// The result of `policyctl diff` for people.
struct DifferenceText {
    let difference: PolicyDifference
    let palette: Palette

    init(_ difference: PolicyDifference, _ palette: Palette) {
        self.difference = difference
        self.palette = palette
    }

    var text: String {
        guard !difference.isEmpty else { return "no difference\n" }
        var lines: [String] = []
        for policy in difference.policies {
            lines.append(sign(policy.kind, "HostPolicy/\(policy.policy)", policy.location))
            lines += policy.fields.map { "    \(Self.words($0))" }
            for rule in policy.rules {
                let fields = rule.fields.map(Self.words).joined(separator: "; ")
                let place = rule.kind == .moved ? " moved" : fields.isEmpty ? "" : ": \(fields)"
                lines.append("    " + sign(rule.kind, "\(rule.direction.rawValue) rule '\(rule.rule)'\(place)", rule.location))
            }
        }
        for set in difference.sets {
            lines.append(sign(set.kind, "AddressSet/\(set.set)", set.location))
            lines += set.fields.map { "    \(Self.words($0))" }
            lines += [entries(set.entriesAdded, "+", set.firstAdded), entries(set.entriesRemoved, "-", set.firstRemoved)].compactMap { $0 }
        }
        return (lines + [""] + packets).map { $0 + "\n" }.joined()
    }

    private var packets: [String] {
        let found = difference.packets
        let shown = found.examples.map { example in
            let packet = example.packet
            let source = Shown.endpoint(packet.source, packet.hasPorts ? packet.sourcePort : nil)
            let destination = Shown.endpoint(packet.destination, packet.hasPorts ? packet.destinationPort : nil)
            let type = ICMPName.name(of: packet.icmpType, packet.family) ?? "\(packet.icmpType)"
            let icmp = packet.isICMP ? " \(type)/\(packet.icmpCode)" : ""
            return "  \(packet.direction.rawValue) \(packet.interface) \(ProtocolName.display(packet.protocol))\(icmp) "
                + "\(source) → \(destination): \(verdict(example.old)) → \(verdict(example.new))"
        }
        switch (found.extent, shown.isEmpty) {
        case (.complete, true): return ["no packet's verdict changes: every packet was accounted for"]
        case (.complete, false): return ["packets whose verdict changes, one for each pair of rules:"] + shown
        case (.enough, _): return ["packets whose verdict changes, the first \(shown.count):"] + shown
        case (.budgetSpent, true):
            return ["no packet was found whose verdict changes, but not all were looked at: that would take too long"]
        case (.budgetSpent, false):
            return ["packets whose verdict changes; there may be others, as not all were looked at:"] + shown
        }
    }

    private func verdict(_ verdict: Verdict) -> String {
        let action = verdict.action == .allow ? palette.allowed("allow") : palette.denied(verdict.action.rawValue)
        guard let policy = verdict.policy, let rule = verdict.rule else { return "\(action) (no rule)" }
        let place = verdict.location.map { $0.lineText }.flatMap { $0.isEmpty ? nil : ", \($0)" } ?? ""
        return "\(action) (\(policy)/\(rule)\(place))"
    }

    private func sign(_ kind: PolicyDifference.Kind, _ words: String, _ location: SourceLocation) -> String {
        let place = location.lineText.isEmpty ? "" : "  " + palette.faint(location.lineText)
        switch kind {
        case .added: return palette.allowed("+ \(words)") + place
        case .removed: return palette.denied("- \(words)") + place
        case .changed, .moved: return palette.warning("~ \(words)") + place
        }
    }

    private func entries(_ count: Int, _ sign: String, _ first: [CIDR]) -> String? {
        guard count > 0 else { return nil }
        let list = first.map(\.description).joined(separator: ", ") + (count > first.count ? ", …" : "")
        return "    \(sign) \(Shown.counted(count, "entry", plural: "entries")): \(list)"
    }

    private static func words(_ field: PolicyDifference.Field) -> String {
        "\(field.key): \(field.old ?? "-") → \(field.new ?? "-")"
    }
}
