public import PolicyModel

/// What an importer made of a source.
public struct ImportResult: Sendable {
    /// The documents: one policy, and the sets it uses, with comments that say where each rule comes from.
    public var text: String
    /// The policy.
    public var policy: HostPolicy
    /// The sets.
    public var sets: [AddressSet]
    /// What is not in the policy, or is there in another way; in the order of the source.
    public var findings: [ImportFinding]

    /// Whether the policy says all that the source does.
    public var isComplete: Bool { !findings.contains { $0.kind == .notExpressed } }
}

extension ImportResult {
    /// Writes rules down as documents.
    ///
    /// - Parameters:
    ///   - name: The name of the policy.
    ///   - title: What was imported, in one line.
    init(name: String, title: String, rules: [Direction: [FlatRule]], sets: [String: NamedSet], findings: [ImportFinding]) {
        var policy = HostPolicy(name: name)
        var used: Set<String> = []
        var body = ""
        for direction in Direction.allCases {
            let (list, origins) = Self.rules(rules[direction] ?? [], direction, sets)
            switch direction {
            case .ingress: policy.ingress = list
            case .egress: policy.egress = list
            }
            if list.isEmpty { continue }
            body += "  \(direction.rawValue):\n"
            for (rule, origin) in zip(list, origins) {
                used.formUnion(rule.remote.setNames + rule.local.setNames)
                body += Self.comment("\(origin.file):\(origin.line): \(origin.text)", indent: 4)
                for line in OutputValue.list([rule.output(direction)]).yaml().split(separator: "\n") { body += "    \(line)\n" }
            }
        }
        if body.isEmpty { body = "  ingress: []\n" }
        let setsUsed = sets.values.filter { used.contains($0.setName) }.sorted { $0.setName < $1.setName }.map { set in
            AddressSet(name: set.setName, addresses: set.ranges.prefixes(set.family))
        }
        var text = Self.comment(title, indent: 0)
        for finding in findings { text += Self.comment(finding.description, indent: 0) }
        let head = OutputValue.mapping([
            ("apiVersion", .text("policyd/v1")), ("kind", .text(Document.Kind.hostPolicy.rawValue)),
            ("metadata", .mapping([("name", .text(name))])),
        ])
        text += head.yaml() + "spec:\n  tier: \(policy.tier.rawValue)\n  priority: \(policy.priority)\n" + body
        for set in setsUsed { text += "---\n" + set.output.yaml() }
        self.init(text: text, policy: policy, sets: setsUsed, findings: findings)
    }

    /// The rules with names that nobody else in the list has.
    private static func rules(
        _ flat: [FlatRule], _ direction: Direction, _ sets: [String: NamedSet]
    ) -> (rules: [Rule], origins: [Origin]) {
        var names: [String: Int] = [:]
        let rules = flat.map { rule -> Rule in
            let base = self.name("\(rule.origin.chain)-\(rule.origin.number)", limit: 50)
            let count = (names[base] ?? 0) + 1
            names[base] = count
            return rule.match.rule(
                direction, name: count == 1 ? base : "\(base).\(count)", action: rule.action, log: rule.log, sets: sets)
        }
        return (rules, flat.map(\.origin))
    }

    /// The text as a name: letters, digits, `.`, `_` and `-`.
    static func name(_ text: String, limit: Int = 63) -> String {
        let bytes = text.utf8.prefix(limit).map { byte -> UInt8 in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"): byte
            default: "._-".utf8.contains(byte) ? byte : UInt8(ascii: "-")
            }
        }
        let name = String(decoding: bytes, as: UTF8.self)
        // The first is a letter or a digit.
        return name.first.map { "._-".contains($0) } ?? true ? "x\(name.dropFirst())" : name
    }

    private static func comment(_ text: String, indent: Int) -> String {
        String(repeating: " ", count: indent) + "# " + ImportFinding.line(text, limit: 600) + "\n"
    }
}
