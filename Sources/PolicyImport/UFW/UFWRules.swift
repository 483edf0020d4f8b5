internal import PolicyModel

/// Makes a ruleset of the files in `/etc/ufw`, put together as ufw does it.
enum UFWRules {
    static func ruleset(
        _ files: [IPTablesFile], _ first: IPTablesFile, _ family: IPAddress.Family, _ defaults: UFWDefaults, sets: [String: NamedSet],
        _ findings: inout [ImportFinding]
    ) -> Ruleset {
        let prefix = family == .v4 ? "ufw" : "ufw6"
        var whole = first
        for file in files where file.path != first.path { whole.append(file) }
        // Chains that ufw makes when it starts, and its files lead to.
        let known = whole.tables["filter"]?.chains ?? [:]
        for (hook, policy) in [("input", defaults.input), ("output", defaults.output), ("forward", .drop)] {
            let word = policy == .accept ? "ACCEPT" : policy == .reject ? "REJECT" : "DROP"
            whole.declare(chain: "\(prefix)-skip-to-policy-\(hook)", rules: [["-j", word]])
        }
        for chain in ["\(prefix)-logging-deny", "\(prefix)-logging-allow"] where known[chain] == nil {
            whole.declare(chain: chain, rules: [])
        }
        var ruleset = IPTablesImport.read(whole, family, sets: sets, &findings)
        // Its end is a DROP, for what its first rules do not take out by the type of the destination.
        for rule in ruleset.chains["\(prefix)-not-local"]?.rules ?? [] {
            findings.append(
                ImportFinding(
                    .notExpressed, rule.origin,
                    "is for packets to addresses that are not the host's, which policies do not tell from others"))
        }
        ruleset.chains["\(prefix)-not-local"]?.rules = []
        for (hook, direction, policy) in [("input", Direction.ingress, defaults.input), ("output", .egress, defaults.output)] {
            let name = hook.uppercased()
            let origin = Origin(file: first.path, line: 1, chain: name, text: "ufw default \(hook)", number: "default")
            var base = Chain(name: name, policy: policy, origin: origin)
            // The order of ufw-init: what is before the user's rules, these, and what is behind.
            if (ruleset.chains["\(prefix)-before-\(hook)"]?.rules ?? []).isEmpty {
                base.rules.append(beforeRules(Families(family), direction, origin))
            }
            for part in ["before-logging", "before", "user", "after", "after-logging", "reject", "track"] {
                let chain = "\(prefix)-\(part)-\(hook)"
                guard ruleset.chains[chain] != nil else { continue }
                base.rules.append(
                    SourceRule(matches: [Match(Families(family))], target: .jump(chain), problem: nil, origin: origin))
            }
            ruleset.chains[name] = base
            ruleset.bases[direction] = [name]
        }
        let forward = "\(prefix)-user-forward"
        if ruleset.chains[forward] != nil {
            ruleset.foreign.append(
                (
                    forward,
                    "is about forwarded packets; policyd judges these by the same rules as others, where they enter and leave the host"
                ))
        }
        if (ruleset.chains["\(prefix)-before-input"]?.rules ?? []).isEmpty { findings.append(beforeNote(first.path)) }
        return ruleset
    }

    /// What ufw's own files allow in front of the user's rules.
    static func beforeNote(_ path: String) -> ImportFinding {
        ImportFinding(
            .note, file: path,
            "what before.rules of ufw allows is left to other policies: essentials allows what a host needs, echo-request and mDNS it does not"
        )
    }

    /// The part of before.rules that policyd does by itself.
    static func beforeRules(_ families: Families, _ direction: Direction, _ origin: Origin) -> SourceRule {
        SourceRule(matches: [Match(families, states: [.established, .related])], target: .accept, problem: nil, origin: origin)
    }
}
