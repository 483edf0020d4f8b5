/// What would have to differ for a packet to be allowed instead of denied, or denied instead of allowed.
///
/// Each was tried: the changed packet, or the policy without the rule, has the verdict that is told here.
public struct OppositeVerdict: Hashable, Sendable {
    /// The verdict it would be.
    public var verdict: Verdict
    /// What would have to differ, clause by clause: `the destination port were 443, 8000-8100`.
    public var conditions: [String]
    /// A packet that differs in this and has the verdict; nil where the policy would have to differ.
    public var packet: Packet?
}

extension OppositeVerdict: CustomStringConvertible {
    /// `would be allowed by web/https (web.yaml:6) if the destination port were 443, 8000-8100`
    public var description: String {
        let action =
            switch verdict.action {
            case .allow: "allowed"
            case .deny: "denied"
            case .reject: "rejected"
            }
        var text = "would be \(action) by no rule"
        if let policy = verdict.policy, let rule = verdict.rule {
            text = "would be \(action) by \(policy)/\(rule)"
            if let location = verdict.location, location != .none {
                text += " (\(SourceLocation(file: location.file, line: location.line)))"
            }
        }
        return "\(text) if \(conditions.joined(separator: " and "))"
    }
}

extension ReferenceEvaluator {
    /// How many ways to the opposite verdict are told, and how many packets are tried for each.
    private static let waysLimit = 5
    private static let triesLimit = 256

    /// The ways to the opposite verdict, the nearest first: those with the fewest fields that would have to differ.
    public func opposites(for packet: Packet, at time: Instant = .now) -> [OppositeVerdict] {
        let verdict = verdict(for: packet, at: time)
        var ways: [OppositeVerdict] = []
        for (policy, rule) in policySet.rules(packet.direction) {
            // What stands behind the rule that decides is never asked.
            if policy.name == verdict.policy, rule.name == verdict.rule { break }
            guard !policy.audits(rule), !rule.hasExpired(at: time), rule.action != .pass else { continue }
            guard (rule.action == .allow) != (verdict.action == .allow) else { continue }
            if let way = way(policy, rule, packet, at: time) { ways.append(way) }
        }
        let nearest = ways.enumerated().sorted { ($0.element.conditions.count, $0.offset) < ($1.element.conditions.count, $1.offset) }
        var found = nearest.prefix(Self.waysLimit).map(\.element)
        if let without = withoutTheRule(verdict, packet, at: time) { found.append(without) }
        return found
    }

    /// The packet changed so that this rule decides; nil if no change that was tried makes it.
    private func way(_ policy: HostPolicy, _ rule: Rule, _ packet: Packet, at time: Instant) -> OppositeVerdict? {
        var changes = FieldChanges(packet: packet)
        changes.interface([policy.interfaces, rule.interfaces])
        changes.transport(rule)
        let (source, destination) = ("source", "destination")
        let isIngress = packet.direction == .ingress
        changes.address(isIngress ? source : destination, rule.remote, isIngress ? \.source : \.destination, self)
        changes.address("host's own address", rule.local, isIngress ? \.destination : \.source, self)
        guard !changes.conditions.isEmpty else { return nil }
        for candidate in changes.packets.prefix(Self.triesLimit) {
            let verdict = verdict(for: candidate, at: time)
            if verdict.policy == policy.name, verdict.rule == rule.name {
                return OppositeVerdict(verdict: verdict, conditions: changes.conditions, packet: candidate)
            }
        }
        return nil
    }

    private func withoutTheRule(_ verdict: Verdict, _ packet: Packet, at time: Instant) -> OppositeVerdict? {
        guard let name = verdict.policy, let rule = verdict.rule else { return nil }
        var policies = policySet.policies
        guard let index = policies.firstIndex(where: { $0.name == name }) else { return nil }
        switch packet.direction {
        case .ingress: policies[index].ingress.removeAll { $0.name == rule }
        case .egress: policies[index].egress.removeAll { $0.name == rule }
        }
        guard let rest = try? PolicySet(policies: policies, sets: Array(policySet.sets.values)) else { return nil }
        let other = ReferenceEvaluator(rest).verdict(for: packet, at: time)
        guard (other.action == .allow) != (verdict.action == .allow) else { return nil }
        return OppositeVerdict(verdict: other, conditions: ["rule \(name)/\(rule) were not there"], packet: nil)
    }

    /// Addresses of a family at the edges of what a field names, among which one is likely to match.
    fileprivate func edges(_ match: AddressMatch, _ family: IPAddress.Family) -> [IPAddress] {
        let limit = 64
        func prefixes(_ terms: [AddressTerm]) -> [CIDR] {
            terms.flatMap { term -> [CIDR] in
                switch term {
                case .any: [.all(family)]
                case .prefix(let prefix): [prefix]
                case .set(let name): Array(policySet.entries(of: name).lazy.filter { $0.family == family }.prefix(limit))
                }
            }.filter { $0.family == family }
        }
        let wanted = prefixes(match.positives.isEmpty ? [.any] : match.positives)
        // Just beside what is taken away, and both ends of what is wanted.
        var found = wanted.flatMap { [$0.lower, $0.upper] }
        for prefix in prefixes(match.negatives) {
            let (before, behind) = (prefix.lower.value, prefix.upper.value)
            if behind < CIDR.all(family).upper.value { found.append(IPAddress(family: family, value: behind + 1)) }
            if before > 0 { found.append(IPAddress(family: family, value: before - 1)) }
        }
        return Array(found.filter { matches(match, $0) }.prefix(limit))
    }
}

/// The packets in which the fields that a rule does not match are changed to what it names.
private struct FieldChanges {
    let packet: Packet
    /// One for each field that differs.
    private(set) var conditions: [String] = []
    private(set) var packets: [Packet]

    init(packet: Packet) {
        self.packet = packet
        packets = [packet]
    }

    /// Takes all values of a field for all packets so far; the first values first.
    private mutating func vary<Value>(_ condition: String, _ values: [Value], _ set: (inout Packet, Value) -> Void) {
        conditions.append(condition)
        packets = values.flatMap { value in
            packets.map { packet in
                var packet = packet
                set(&packet, value)
                return packet
            }
        }
    }

    mutating func interface(_ selectors: [InterfaceSelector?]) {
        let selectors = selectors.compactMap { $0 }
        let wrong = selectors.filter { !$0.matches(packet.interface) }
        guard !wrong.isEmpty else { return }
        let names = selectors.flatMap(\.positives).map { String($0.map { $0 == "*" || $0 == "?" ? "0" : $0 }) } + ["eth0"]
        let matching = names.filter { name in selectors.allSatisfy { $0.matches(name) } }
        vary("the interface were one of \(wrong.map { "\($0)" }.joined(separator: " and of "))", matching) { $0.interface = $1 }
    }

    /// Protocol, ports and ICMP message.
    mutating func transport(_ rule: Rule) {
        let family = packet.family
        let own = ProtocolMatch.icmpNumber(family)
        let wantsPorts = !rule.ports.isEmpty || !rule.sourcePorts.isEmpty
        func isMeant(_ number: UInt8) -> Bool {
            guard rule.protocols.isEmpty || rule.protocols.contains(where: { $0.matches(number, family: family) }) else { return false }
            return (!wantsPorts || ProtocolMatch.hasPorts(number)) && (rule.icmp.isEmpty || number == own)
        }
        let isOther = !isMeant(packet.protocol)
        if isOther {
            let likely: [UInt8] = [6, 17, 132, own]
            let numbers = (likely + (0...255).filter { !likely.contains($0) }).filter(isMeant).prefix(8)
            let names = rule.protocols.isEmpty ? numbers.prefix(3).map { ProtocolName.display($0) } : rule.protocols.map(\.description)
            vary("the protocol were \(Self.either(names))", Array(numbers)) { packet, number in
                packet.protocol = number
                if !packet.hasPorts { (packet.sourcePort, packet.destinationPort) = (0, 0) }
                (packet.icmpType, packet.icmpCode) = (0, 0)
            }
        }
        let (destination, source) = (packet.destinationPort, packet.sourcePort)
        let hadPorts = packet.hasPorts
        if !rule.ports.isEmpty, !(hadPorts && rule.ports.contains { $0.contains(destination) }) {
            vary("the destination port were \(Self.either(rule.ports.map(\.description)))", rule.ports) { $0.destinationPort = $1.lower }
        }
        if !rule.sourcePorts.isEmpty, !(hadPorts && rule.sourcePorts.contains { $0.contains(source) }) {
            vary("the source port were \(Self.either(rule.sourcePorts.map(\.description)))", rule.sourcePorts) { $0.sourcePort = $1.lower }
        }
        let (type, code) = (packet.icmpType, packet.icmpCode)
        let isMessage = !isOther && rule.icmp.contains { $0.matches(family: family, type: type, code: code) }
        if !rule.icmp.isEmpty, !isMessage {
            let messages = rule.icmp.compactMap { $0.message(family) }
            vary("the ICMP message were \(Self.either(rule.icmp.map(\.description)))", messages) { packet, message in
                (packet.icmpType, packet.icmpCode) = (message.type, message.code ?? 0)
            }
        }
    }

    mutating func address(
        _ name: String, _ match: AddressMatch, _ field: WritableKeyPath<Packet, IPAddress>, _ evaluator: ReferenceEvaluator
    ) {
        let address = packet[keyPath: field]
        guard !evaluator.matches(match, address) else { return }
        let negative = match.negatives.first { evaluator.matches($0, address) }
        let wanted = negative.map { "outside \($0)" } ?? "in \(Self.either(match.positives.map(\.description)))"
        vary("the \(name) were \(wanted)", evaluator.edges(match, packet.family)) { $0[keyPath: field] = $1 }
    }

    private static func either(_ words: [String]) -> String { FieldReader.listed(words, "or") }
}
