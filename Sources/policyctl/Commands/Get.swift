import ArgumentParser
import PolicyAPI

/// `policyctl get`
struct Get: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Lists what is in force, with counters.")

    /// What can be listed.
    enum Kind: String, ExpressibleByArgument, CaseIterable {
        case policies
        case rules
        case sets
        case probes
    }

    @Argument(help: ArgumentHelp("policies, rules, sets or probes.", valueName: "what"))
    var kind = Kind.policies

    @OptionGroup var format: FormatOptions
    @OptionGroup var daemon: DaemonOptions

    func run() async throws {
        switch kind {
        case .policies:
            let policies: [PolicyMessage] = try await daemon.client.get(API.policies)
            try format.output.print(policies) { Self.table(policies) }
        case .rules:
            let rules: [RuleMessage] = try await daemon.client.get(API.rules)
            try format.output.print(rules) { Self.table(rules) }
        case .sets:
            let sets: [SetMessage] = try await daemon.client.get(API.sets)
            try format.output.print(sets) { Self.table(sets) }
        case .probes:
            let probes: [ProbeMessage] = try await daemon.client.get(API.probes)
            try format.output.print(probes) { ProbeText.table(probes) }
        }
    }

    static func table(_ policies: [PolicyMessage]) -> String {
        var table = Table(
            "TIER", .number("PRIORITY"), "POLICY", "MODE", "INTERFACES", .number("INGRESS"), .number("EGRESS"), .number("PACKETS"),
            .number("BYTES"), "LOCATION")
        for policy in policies {
            table.rows.append([
                policy.tier, "\(policy.priority)", policy.name, policy.mode, policy.interfaces?.joined(separator: ",") ?? "all",
                "\(policy.ingressRules)", "\(policy.egressRules)", Shown.count(policy.counters.packets), Shown.count(policy.counters.bytes),
                policy.location,
            ])
        }
        return table.text
    }

    static func table(_ rules: [RuleMessage]) -> String {
        var table = Table(
            "TIER", "POLICY/RULE", "DIRECTION", "ACTION", .number("PACKETS"), .number("BYTES"), .number("LOST EVENTS"), "MATCH")
        for rule in rules {
            table.rows.append([
                rule.tier, "\(rule.policy)/\(rule.rule)", rule.direction, rule.action, Shown.count(rule.counters.packets),
                Shown.count(rule.counters.bytes), Shown.count(rule.lostEvents), rule.match,
            ])
        }
        return table.text
    }

    static func table(_ sets: [SetMessage]) -> String {
        var table = Table("SET", .number("ENTRIES"), .number("AT RUN TIME"), .number("USED BY"), "LOCATION")
        for set in sets {
            table.rows.append([
                set.name, Shown.count(set.documentEntries), Shown.count(set.runtimeEntries), "\(Shown.counted(set.usedBy, "rule"))",
                set.location,
            ])
        }
        return table.text
    }
}
