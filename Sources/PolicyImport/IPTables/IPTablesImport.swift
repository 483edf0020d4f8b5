internal import PolicyModel

/// Imports the output of `iptables-save` and `ip6tables-save`.
enum IPTablesImport {
    static func run(_ sources: [ImportSource], ipset: ImportSource?, name: String) throws(ImportError) -> ImportResult {
        var files: [IPTablesFile] = []
        for source in sources { files.append(try IPTablesFile(source)) }
        var findings: [ImportFinding] = []
        let sets = try ipset.map { source throws(ImportError) in try IPSetFile.read(source, &findings) } ?? [:]
        var rulesets: [Ruleset] = []
        for family in IPAddress.Family.allCases {
            let own = files.filter { $0.familyOrGuess == family }
            guard let file = own.first else {
                if let other = files.first { findings.append(missing(family, other.path)) }
                continue
            }
            if own.count > 1 {
                throw ImportError(file: own[1].path, "has rules of IP\(family), as has \(file.path): give one file a family")
            }
            rulesets.append(read(file, family, sets: sets, &findings))
        }
        let imported = try RulesetImport(rulesets)
        findings = RulesetImport.sorted(findings + imported.findings, files: sources.map(\.path))
        let title = "Imported by policyctl import iptables from \(sources.map(\.path).joined(separator: ", "))"
        return ImportResult(name: name, title: title, rules: imported.rules, sets: imported.sets, findings: findings)
    }

    static func missing(_ family: IPAddress.Family, _ path: String) -> ImportFinding {
        let program = family == .v4 ? "iptables-save" : "ip6tables-save"
        return ImportFinding(
            .note, file: path,
            "no rules of IP\(family) were given, and its packets match no rule of the policy; give the output of \(program) too")
    }

    /// The ruleset of a file.
    static func read(
        _ file: IPTablesFile, _ family: IPAddress.Family, sets: [String: NamedSet], _ findings: inout [ImportFinding]
    ) -> Ruleset {
        var ruleset = Ruleset(families: Families(family))
        ruleset.sets = sets
        for (name, table) in file.tables where name != "filter" { otherTable(name, table, &findings) }
        guard let filter = file.tables["filter"] else { return ruleset }
        for (name, declaration) in filter.chains {
            ruleset.chains[name] = Chain(name: name, policy: declaration.policy, origin: declaration.origin)
        }
        var answers: Set<String> = []
        for line in filter.rules {
            var reader = IPTablesRule(family, sets: sets)
            var rule = reader.read(line.words, line.origin)
            if let answer = reader.answer, rule.target == .reject { answers.insert(answer) }
            switch rule.target {
            case .jump(let name), .go(let name):
                if filter.chains[name] == nil { rule.problem = otherTarget(name) + (rule.problem.map { "; \($0)" } ?? "") }
            default: break
            }
            if rule.target == .none, rule.problem == nil { continue }
            ruleset.chains[line.chain, default: Chain(name: line.chain, origin: line.origin)].rules.append(rule)
        }
        if let other = answers.subtracting(["tcp-reset", "icmp-admin-prohibited", "icmp6-adm-prohibited"]).sorted().first {
            findings.append(
                ImportFinding(
                    .note, file: file.path,
                    "REJECT answers with \(other); policyd answers with a TCP reset, and otherwise with ICMP administratively prohibited"))
        }
        hooks(&ruleset)
        return ruleset
    }

    private static func hooks(_ ruleset: inout Ruleset) {
        for (name, direction) in [("INPUT", Direction.ingress), ("OUTPUT", .egress)] where ruleset.chains[name] != nil {
            ruleset.bases[direction] = [name]
        }
        if ruleset.chains["FORWARD"] != nil {
            ruleset.foreign.append(
                (
                    "FORWARD",
                    "is about forwarded packets; policyd judges these by the same rules as others, where they enter and leave the host"
                ))
        }
    }

    private static func otherTarget(_ name: String) -> String {
        switch name {
        case "MARK", "CONNMARK", "TCPMSS", "TOS", "DSCP", "CLASSIFY", "TTL", "HL", "SECMARK", "CONNSECMARK", "CT", "NOTRACK", "CHECKSUM":
            "target \(name) changes packets or what is known of them, which policies do not"
        case "QUEUE", "NFQUEUE": "target \(name) leaves the decision to a program"
        case "SET": "target SET changes a set, which policies do not; policyctl set add does"
        default: "there is neither a chain nor a known target '\(name)'"
        }
    }

    private static func otherTable(_ name: String, _ table: IPTablesFile.Table, _ findings: inout [ImportFinding]) {
        let reason =
            switch name {
            case "nat": "table nat translates addresses, which policyd does not; policies see the addresses that packets come with"
            case "mangle": "table mangle changes packets, which policies do not"
            case "raw": "table raw is before connection tracking; policies are not"
            case "security": "table security is about labels of SELinux, which policies do not know"
            default: "table \(FieldReader.shown(name)) is not known"
            }
        for declaration in table.chains.values where declaration.policy != .accept {
            findings.append(ImportFinding(.notExpressed, declaration.origin, reason))
        }
        for line in table.rules { findings.append(ImportFinding(.notExpressed, line.origin, reason)) }
    }
}
