public import PolicyModel

/// The ways a verdict is found. They agree on every packet, or it is a bug.
public enum Engine: String, Codable, Sendable, Hashable, CaseIterable {
    /// Rule after rule, as the policy language reads.
    case reference
    /// The look-up of the kernel over the compiled tables, in user space.
    case compiled
    /// The kernel's program, under test-run.
    case kernel
}

/// Asks for the verdict on packets under what is in force. The body of `POST /v1/why`.
public struct WhyRequest: Codable, Sendable, Hashable {
    public var packets: [PacketMessage]
    /// The engines to ask; absent for all.
    public var engines: [Engine]?

    public init(packets: [PacketMessage], engines: [Engine]? = nil) {
        self.packets = packets
        self.engines = engines
    }
}

/// The verdicts. The answer of `POST /v1/why`.
public struct WhyAnswer: Codable, Sendable, Hashable {
    /// The revision the packets were judged by; absent if none is in force.
    public var revision: UInt32?
    /// For each engine, a verdict for each packet in the order they were given.
    public var verdicts: [EngineVerdicts]
    /// The walk through the tiers; only if there was one packet.
    public var walk: [WalkStep]?
    /// What would have to differ for the opposite verdict, the nearest first; only if there was one packet.
    public var opposites: [OppositeMessage]?

    public init(revision: UInt32?, verdicts: [EngineVerdicts], walk: [WalkStep]?, opposites: [OppositeMessage]? = nil) {
        self.revision = revision
        self.verdicts = verdicts
        self.walk = walk
        self.opposites = opposites
    }

    /// The verdicts on packets; on a single one also how it came about, by the policies it was judged by.
    public init(revision: UInt32?, verdicts: [EngineVerdicts], packets: [Packet], policySet: PolicySet, at time: Instant) {
        self.init(revision: revision, verdicts: verdicts, walk: nil)
        guard packets.count == 1, let packet = packets.first else { return }
        let evaluator = ReferenceEvaluator(policySet)
        walk = WalkStep.steps(of: evaluator.walk(for: packet, at: time))
        opposites = evaluator.opposites(for: packet, at: time).map(OppositeMessage.init)
    }
}

/// What one engine says of all packets.
public struct EngineVerdicts: Codable, Sendable, Hashable {
    public var engine: Engine
    public var verdicts: [VerdictMessage]

    public init(engine: Engine, verdicts: [VerdictMessage]) {
        self.engine = engine
        self.verdicts = verdicts
    }
}

/// A verdict on a packet.
public struct VerdictMessage: Codable, Sendable, Hashable {
    public var verdict: Verdict.Action
    /// Null if no rule decided: the allow after the last tier.
    public var policy: String?
    public var rule: String?
    public var tier: Tier?
    /// `file:line` of the rule.
    public var location: String?
    /// Rules in audit mode that matched on the way, as `POLICY/RULE`.
    public var audited: [String]

    public init(_ verdict: Verdict) {
        self.verdict = verdict.action
        policy = verdict.policy
        rule = verdict.rule
        tier = verdict.tier
        location = verdict.location.map(\.lineText)
        audited = verdict.audited.map { "\($0.policy)/\($0.rule)" }
    }

    /// Whether both say the same of the packet; places in files do not matter.
    ///
    /// Of the audited rules the first counts: the kernel's program tells no more of them.
    public func agrees(with other: VerdictMessage) -> Bool {
        verdict == other.verdict && policy == other.policy && rule == other.rule && audited.first == other.audited.first
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(verdict, forKey: .verdict)
        // Null rather than absent: the keys are always there.
        try container.encode(policy, forKey: .policy)
        try container.encode(rule, forKey: .rule)
        try container.encode(tier, forKey: .tier)
        try container.encode(location, forKey: .location)
        try container.encode(audited, forKey: .audited)
    }
}

/// What would have to differ for the opposite verdict.
public struct OppositeMessage: Codable, Sendable, Hashable {
    /// The verdict it would be.
    public var verdict: Verdict.Action
    /// The rule that would decide; absent for the allow after the last tier.
    public var policy: String?
    public var rule: String?
    /// `file:line` of that rule.
    public var location: String?
    /// What would have to differ, all of it, in clauses: `the destination port were 443`.
    public var conditions: [String]
    /// A packet that differs in that and has the verdict; absent where the policy would have to differ.
    public var packet: PacketMessage?
    /// The whole in one sentence.
    public var text: String

    public init(_ opposite: OppositeVerdict) {
        verdict = opposite.verdict.action
        policy = opposite.verdict.policy
        rule = opposite.verdict.rule
        location = opposite.verdict.location.map(\.lineText)
        conditions = opposite.conditions
        packet = opposite.packet.map(PacketMessage.init)
        text = opposite.description
    }
}

/// One rule or policy on the way to a verdict.
public struct WalkStep: Codable, Sendable, Hashable {
    public var tier: Tier
    public var policy: String
    /// Absent if the policy as a whole was passed over.
    public var rule: String?
    /// `file:line`
    public var location: String
    /// What came of it: `no match`, `allow`, `deny`, `reject`, `pass` or `audit`.
    public var result: String
    /// Why it did not match; absent if it did.
    public var reason: String?

    public init(tier: Tier, policy: String, rule: String?, location: String, result: String, reason: String?) {
        self.tier = tier
        self.policy = policy
        self.rule = rule
        self.location = location
        self.result = result
        self.reason = reason
    }

    /// A walk, step by step.
    public static func steps(of walk: Walk) -> [WalkStep] {
        walk.tiers.flatMap { tier in
            tier.policies.flatMap { policy -> [WalkStep] in
                if let mismatch = policy.mismatch {
                    return [
                        WalkStep(
                            tier: tier.tier, policy: policy.policy, rule: nil, location: policy.location.lineText, result: "no match",
                            reason: mismatch.reason)
                    ]
                }
                return policy.rules.map { step in
                    let matched = step.isAudited ? "audit" : step.rule.action.rawValue
                    return WalkStep(
                        tier: tier.tier, policy: policy.policy, rule: step.rule.rule, location: step.rule.location.lineText,
                        result: step.mismatch == nil ? matched : "no match", reason: step.mismatch?.reason)
                }
            }
        }
    }
}

extension SourceLocation {
    /// `file:line`, without the column.
    public var lineText: String { SourceLocation(file: file, line: line).description }
}
