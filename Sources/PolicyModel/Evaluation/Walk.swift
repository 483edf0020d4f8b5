/// The way of a packet through the tiers: what was considered, why it did not match, and what did.
public struct Walk: Hashable, Sendable {
    /// Why a rule or a policy is not for the packet.
    public struct Mismatch: Hashable, Sendable {
        /// The first field that does not match.
        public var field: ReferenceEvaluator.Field
        /// The reason in words: `destination port 22 is none of 443, 8000-8100`.
        public var reason: String

        public init(field: ReferenceEvaluator.Field, reason: String) {
            self.field = field
            self.reason = reason
        }
    }

    /// A rule that was looked at.
    public struct RuleStep: Hashable, Sendable {
        public var rule: RuleReference
        /// Why it does not match; nil for a rule that does.
        public var mismatch: Mismatch?
        /// Whether it matches and is only reported, as it or its policy is in audit mode.
        public var isAudited: Bool
    }

    /// What became of a policy.
    public enum Outcome: String, Hashable, Sendable, Codable {
        /// It is not for the packet's interface.
        case notForInterface
        /// None of its rules match.
        case noMatch
        /// Rules matched and would have acted, but are in audit mode; none of the others matches.
        case audited
        /// A rule passed the packet on to the next tier.
        case passed
        /// A rule decided.
        case decided
    }

    /// A policy that was looked at.
    public struct PolicyStep: Hashable, Sendable {
        public var policy: String
        public var priority: Int
        public var location: SourceLocation
        public var outcome: Outcome
        /// Why the policy is not for the packet.
        public var mismatch: Mismatch?
        /// The rules up to the one that decided, passed, or ended an audit policy; all of them if none did.
        public var rules: [RuleStep]
    }

    /// A tier that was reached.
    public struct TierStep: Hashable, Sendable {
        public var tier: Tier
        /// Its policies up to the one that decided or passed.
        public var policies: [PolicyStep]
    }

    /// The tiers up to the one that decided; all of them if none did.
    public var tiers: [TierStep]
    /// What happens to the packet.
    public var verdict: Verdict
}

extension ReferenceEvaluator {
    /// What happens to the packet, and everything that was considered on the way.
    public func walk(for packet: Packet, at time: Instant = .now) -> Walk {
        let verdict = verdict(for: packet, at: time)
        var walk = Walk(tiers: [], verdict: verdict)
        for tier in Tier.allCases {
            var step = Walk.TierStep(tier: tier, policies: [])
            for policy in policySet.policies where policy.tier == tier {
                step.policies.append(self.step(policy, packet, at: time))
                if let outcome = step.policies.last?.outcome, outcome == .decided || outcome == .passed { break }
            }
            walk.tiers.append(step)
            if step.policies.last?.outcome == .decided { break }
        }
        return walk
    }

    private func step(_ policy: HostPolicy, _ packet: Packet, at time: Instant) -> Walk.PolicyStep {
        var step = Walk.PolicyStep(
            policy: policy.name, priority: policy.priority, location: policy.location, outcome: .noMatch, mismatch: nil, rules: [])
        if let field = mismatch(policy, packet) {
            let reason = "interface \(packet.interface) is not one of \(policy.interfaces ?? .all)"
            step.outcome = .notForInterface
            step.mismatch = Walk.Mismatch(field: field, reason: reason)
            return step
        }
        for rule in policy.rules(packet.direction) {
            let field = mismatch(rule, packet, at: time)
            let mismatch = field.map { Walk.Mismatch(field: $0, reason: reason($0, rule, packet)) }
            let isAudited = field == nil && policy.audits(rule)
            step.rules.append(Walk.RuleStep(rule: RuleReference(policy, rule), mismatch: mismatch, isAudited: isAudited))
            if field != nil { continue }
            if isAudited {
                step.outcome = .audited
                if policy.mode == .audit { break } else { continue }
            }
            step.outcome = rule.action == .pass ? .passed : .decided
            break
        }
        return step
    }

    private func reason(_ field: Field, _ rule: Rule, _ packet: Packet) -> String {
        func listed(_ values: [some CustomStringConvertible]) -> String {
            values.map(\.description).joined(separator: ", ")
        }
        let name = ProtocolName.display(packet.protocol)
        switch field {
        case .expires:
            return "expired at \(rule.expires?.description ?? "an earlier time")"
        case .interfaces:
            return "interface \(packet.interface) is not one of \(rule.interfaces ?? .all)"
        case .protocol:
            return "protocol \(name) on IP\(packet.family) is none of \(listed(rule.protocols))"
        case .ports:
            return packet.hasPorts
                ? "destination port \(packet.destinationPort) is none of \(listed(rule.ports))" : "protocol \(name) has no ports"
        case .sourcePorts:
            return packet.hasPorts
                ? "source port \(packet.sourcePort) is none of \(listed(rule.sourcePorts))" : "protocol \(name) has no ports"
        case .icmp:
            let type = ICMPName.name(of: packet.icmpType, packet.family) ?? "\(packet.icmpType)"
            return packet.isICMP
                ? "ICMP message \(type), code \(packet.icmpCode), is none of \(listed(rule.icmp))"
                : "protocol \(name) is not ICMP"
        case .remote:
            let side = packet.direction == .ingress ? "source" : "destination"
            return reason("\(side) \(packet.remote)", rule.remote, packet.remote)
        case .local:
            return reason("the host's own address \(packet.local)", rule.local, packet.local)
        }
    }

    private func reason(_ what: String, _ match: AddressMatch, _ address: IPAddress) -> String {
        if let negative = match.negatives.first(where: { matches($0, address) }) {
            return "\(what) is in \(negative), which is taken away"
        }
        return "\(what) is not in \(match.positives.map(\.description).joined(separator: ", "))"
    }
}
