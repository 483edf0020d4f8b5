/// Reads `kind: HostPolicy`.
extension DocumentReader {
    func hostPolicy(_ spec: YAMLNode, _ metadata: Metadata?, _ draft: inout Draft) {
        let keys = ["tier", "priority", "interfaces", "mode", "ingress", "egress"]
        guard let fields = FieldReader(spec, "spec", keys: keys, sink: sink) else { return }
        if fields.key("ingress") == nil, fields.key("egress") == nil {
            sink.error(at: spec, "spec: a HostPolicy needs rules: 'ingress', 'egress' or both")
        }
        draft.value = .policy(
            HostPolicy(
                name: metadata?.name ?? "", labels: metadata?.labels ?? [:],
                tier: fields.choice("tier", Tier.self) ?? .application,
                priority: fields.integer("priority", in: 0...1_000_000) ?? HostPolicy.defaultPriority,
                interfaces: fields.interfaceSelector("interfaces"),
                mode: fields.choice("mode", HostPolicy.Mode.self) ?? .enforce,
                ingress: rules(fields, .ingress, &draft), egress: rules(fields, .egress, &draft),
                location: draft.location))
    }

    private func rules(_ fields: FieldReader, _ direction: Direction, _ draft: inout Draft) -> [Rule] {
        let field = direction.rawValue
        guard let value = fields.value(field) else { return [] }
        guard case .sequence(let nodes) = value.content else {
            sink.error(at: value, "\(field): expected a list of rules, found \(value.kindInWords)")
            return []
        }
        var rules: [Rule] = []
        var lines: [String: Int] = [:]
        for (index, node) in nodes.enumerated() {
            guard let (rule, name) = rule(node, direction, position: index + 1, &draft) else { continue }
            if let line = lines.updateValue(rule.location.line, forKey: rule.name) {
                sink.error(at: name, "name: '\(rule.name)' is the name of an earlier \(field) rule, on line \(line)")
            }
            rules.append(rule)
        }
        return rules
    }

    private static let ingressKeys = ruleKeys(remote: "from")
    private static let egressKeys = ruleKeys(remote: "to")
    private static let ingressRefused = refusedKeys(.ingress, remote: "from", other: "to")
    private static let egressRefused = refusedKeys(.egress, remote: "to", other: "from")

    private static func ruleKeys(remote: String) -> [String] {
        [
            "name", "action", "protocol", "ports", "sourcePorts", "icmp", remote, "local", "interfaces", "log", "mode", "expires",
            "established",
        ]
    }

    private static func refusedKeys(_ direction: Direction, remote: String, other: String) -> [String: String] {
        [
            other: "an \(direction.rawValue) rule has '\(remote)' for the other side and 'local' for the host's own"
        ]
    }

    /// The rule, and the node to point at when its name is wrong.
    private func rule(
        _ node: YAMLNode, _ direction: Direction, position: Int, _ draft: inout Draft
    ) -> (rule: Rule, name: YAMLNode)? {
        let remote = direction == .ingress ? "from" : "to"
        let (keys, refused) = direction == .ingress ? (Self.ingressKeys, Self.ingressRefused) : (Self.egressKeys, Self.egressRefused)
        guard let fields = FieldReader(node, "rule", keys: keys, refused: refused, sink: sink) else { return nil }
        let name = fields.text("name")
        if fields.key("action") == nil { sink.error(at: node, "rule: 'action' is missing: allow, deny, reject or pass") }
        let action = fields.choice("action", Action.self)
        let protocols: [(node: YAMLNode, match: ProtocolMatch)] = fields.list("protocol") { text, node in
            fields.protocolMatch(text, node, "protocol").map { (node, $0) }
        }
        let rule = Rule(
            name: name.flatMap { fields.name($0.text, $0.node, "name") } ?? "\(direction.rawValue)-\(position)",
            action: action ?? .deny, protocols: protocols.map(\.match),
            ports: fields.list("ports") { fields.portRange($0, $1, "ports") },
            sourcePorts: fields.list("sourcePorts") { fields.portRange($0, $1, "sourcePorts") },
            icmp: icmp(fields, .init(protocols.map(\.match))),
            remote: fields.addressMatch(remote, references: &draft.setUses),
            local: fields.addressMatch("local", references: &draft.setUses),
            interfaces: fields.interfaceSelector("interfaces"),
            log: fields.choice("log", Rule.Log.self), mode: fields.choice("mode", HostPolicy.Mode.self),
            expires: fields.instant("expires"), established: established(fields, action) ?? .judge, location: sink.location(node))
        checkFit(fields, protocols)
        return (rule, name?.node ?? node)
    }

    private func established(_ fields: FieldReader, _ action: Action?) -> Rule.Established? {
        let established = fields.choice("established", Rule.Established.self)
        if established == .keep, let action, action == .allow || action == .pass, let node = fields.value("established") {
            sink.error(at: node, "established: 'keep' is for deny and reject; '\(action.rawValue)' cuts no connection")
        }
        return established
    }

    private func icmp(_ fields: FieldReader, _ scope: ICMPMatch.Scope) -> [ICMPMatch] {
        fields.list("icmp") { text, node in
            do throws(ICMPMatch.ParseError) {
                return try ICMPMatch.parse(text, scope)
            } catch {
                sink.error(at: node, "icmp: \(error.message)", suggestion: error.suggestion)
                return nil
            }
        }
    }

    /// Fields that only some protocols have stand with those only: else a rule would match less than it seems to.
    private func checkFit(_ fields: FieldReader, _ protocols: [(node: YAMLNode, match: ProtocolMatch)]) {
        let portField = ["ports", "sourcePorts"].first { fields.key($0) != nil }
        if let portField, let (node, match) = protocols.first(where: { !$0.match.hasPorts }) {
            sink.error(at: node, "protocol: '\(match)' has no ports, and the rule has '\(portField)'; only tcp, udp and sctp have")
        }
        if fields.key("icmp") != nil, let (node, match) = protocols.first(where: { !$0.match.isICMP }) {
            sink.error(at: node, "protocol: '\(match)' has no ICMP types, and the rule has 'icmp'; icmp, icmpv4 and icmpv6 have")
        }
        if let portField, let key = fields.key("icmp") {
            sink.error(at: key, "icmp: the rule has '\(portField)' as well, and no packet has both")
        }
    }
}
