internal import PolicyModel

/// Imports what ufw keeps in `/etc/ufw`, or what it prints.
enum UFWImport {
    static func run(_ sources: [ImportSource], ipset: ImportSource?, name: String) throws(ImportError) -> ImportResult {
        var findings: [ImportFinding] = []
        var defaults = UFWDefaults()
        var files: [IPTablesFile] = []
        var texts: [(source: ImportSource, text: String)] = []
        for source in sources {
            let text = try source.text()
            if text.contains("DEFAULT_INPUT_POLICY=") {
                defaults.read(text)
            } else if text.contains("*filter") {
                files.append(try IPTablesFile(source))
            } else {
                texts.append((source, text))
            }
        }
        let sets = try ipset.map { source throws(ImportError) in try IPSetFile.read(source, &findings) } ?? [:]
        var rulesets: [Ruleset] = []
        switch (files.isEmpty, texts.isEmpty) {
        case (false, true):
            for family in IPAddress.Family.allCases {
                let own = files.filter { Self.family($0) == family }
                guard let first = own.first else {
                    if let other = files.first {
                        findings.append(
                            ImportFinding(
                                .note, file: other.path,
                                "no rules of IP\(family) were given, and its packets match no rule of the policy; give both user.rules and user6.rules"
                            ))
                    }
                    continue
                }
                rulesets.append(UFWRules.ruleset(own, first, family, defaults, sets: sets, &findings))
            }
        case (true, false):
            var reader = UFWText(defaults)
            for (source, text) in texts { try reader.read(source.path, text) }
            findings += reader.findings
            rulesets = [reader.ruleset]
        default:
            throw ImportError(
                file: texts.first?.source.path ?? sources.first?.path ?? "",
                "expected user.rules and user6.rules of /etc/ufw, or what ufw show added or ufw status verbose print, not both")
        }
        if !defaults.isKnown, let source = sources.first {
            findings.append(
                ImportFinding(
                    .note, file: source.path,
                    "the defaults of ufw were taken, incoming is denied and outgoing allowed; give /etc/default/ufw if yours are others"))
        }
        let imported = try RulesetImport(rulesets)
        findings = RulesetImport.sorted(findings + imported.findings, files: sources.map(\.path))
        let title = "Imported by policyctl import ufw from \(sources.map(\.path).joined(separator: ", "))"
        return ImportResult(name: name, title: title, rules: imported.rules, sets: imported.sets, findings: findings)
    }

    /// The chains of IPv6 have names of their own.
    private static func family(_ file: IPTablesFile) -> IPAddress.Family {
        let names = file.tables["filter"]?.chains.keys.map { $0 } ?? []
        return names.contains { $0.hasPrefix("ufw6-") } ? .v6 : names.contains { $0.hasPrefix("ufw-") } ? .v4 : file.familyOrGuess
    }
}

/// What ufw does with packets that no rule matches.
struct UFWDefaults {
    var input = Target.drop
    var output = Target.accept
    var isKnown = false

    /// Reads `/etc/default/ufw`.
    mutating func read(_ text: String) {
        for (_, line) in Words.lines(text) {
            let parts = line.split(separator: "=", maxSplits: 1)
            guard parts.count == 2, let value = Words.split(parts[1]).first, let target = Self.target(value) else { continue }
            switch parts[0] {
            case "DEFAULT_INPUT_POLICY":
                input = target
                isKnown = true
            case "DEFAULT_OUTPUT_POLICY": output = target
            default: continue
            }
        }
    }

    static func target(_ word: some StringProtocol) -> Target? {
        switch word.lowercased() {
        case "accept", "allow": .accept
        case "drop", "deny": .drop
        case "reject": .reject
        default: nil
        }
    }
}
