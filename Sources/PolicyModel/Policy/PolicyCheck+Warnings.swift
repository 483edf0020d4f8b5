extension PolicyCheck {
    /// Up to how many rules of a policy and direction are compared with one another: the cost is their square.
    static let comparedRules = 1000

    /// What can be used but is likely not what was meant, for those of the documents that are `about`.
    static func warnings(
        _ documents: [Document], at time: Instant, about: (Document) -> Bool = { _ in true }
    ) -> [Diagnostic] {
        let policySet = PolicySet(unchecked: documents)
        let used = usedSets(policySet)
        return documents.filter(about).flatMap { document in
            let reporter = DocumentReporter(document)
            switch document.value {
            case .policy(let policy):
                return openEnds(policy, policySet, document, reporter) + openGates(policy, policySet, reporter)
                    + forgottenFamilies(policy, policySet, reporter) + expired(policy, at: time, reporter) + shadowed(policy, reporter)
            case .set(let set):
                return idle(set, policySet, used: used, document)
            }
        }
    }

    /// A policy that allows some packets is taken to mean that it denies the others, and has to say so.
    private static func openEnds(
        _ policy: HostPolicy, _ policySet: PolicySet, _ document: Document, _ reporter: DocumentReporter
    ) -> [Diagnostic] {
        // Policies of the tiers above are there to be followed by others.
        guard policy.tier >= .application, policy.mode == .enforce else { return [] }
        return Direction.allCases.compactMap { direction in
            guard policy.rules(direction).contains(where: { $0.action == .allow }),
                // Where one family has an end, the other may be forgotten: that is told of the rule that ends.
                IPAddress.Family.allCases.allSatisfy({ !policySet.hasEnd(at: policy, direction, $0) })
            else { return nil }
            return reporter.report(
                .warning, at: document.nameLocation,
                "policy '\(policy.name)' has no final \(direction.rawValue) rule, nor has a policy behind it: "
                    + "what its rules do not match is allowed")
        }
    }

    /// Rules that never match, as one earlier rule of the policy matches every packet that they do.
    private static func shadowed(_ policy: HostPolicy, _ reporter: DocumentReporter) -> [Diagnostic] {
        Direction.allCases.flatMap { direction -> [Diagnostic] in
            let rules = policy.rules(direction)
            let covers = rules.count <= comparedRules ? rules.map { RuleCover($0) } : []
            let end = rules.firstIndex { $0.matchesEverything && policy.endsAt($0) } ?? rules.endIndex
            return rules.indices.compactMap { index in
                let earlier = covers.indices.prefix(index).first {
                    policy.endsAt(rules[$0]) && covers[$0].covers(covers[index])
                }
                guard let cover = earlier ?? (end < index ? end : nil) else { return nil }
                return reporter.report(
                    .warning, at: rules[index].location,
                    "rule '\(rules[index].name)' never matches: rule '\(rules[cover].name)' on line "
                        + "\(rules[cover].location.line) matches all that it does")
            }
        }
    }
}

extension HostPolicy {
    /// Whether no later rule of the policy is looked at once this one matches, and for all time.
    fileprivate func endsAt(_ rule: Rule) -> Bool {
        rule.expires == nil && (mode == .audit || rule.mode != .audit)
    }
}

/// A rule, made ready to tell whether it matches every packet that another one matches.
///
/// It answers yes only where that is plain; what takes the sum of several rules is left to others.
private struct RuleCover {
    let rule: Rule
    /// The protocols of each family; nil is all of them.
    let protocols: [IPAddress.Family: Set<UInt8>?]

    init(_ rule: Rule) {
        self.rule = rule
        let pairs = IPAddress.Family.allCases.map { ($0, Self.protocols(rule, $0)) }
        protocols = Dictionary(uniqueKeysWithValues: pairs)
    }

    private static func protocols(_ rule: Rule, _ family: IPAddress.Family) -> Set<UInt8>? {
        var numbers: Set<UInt8>?
        if !rule.protocols.isEmpty {
            let named = rule.protocols.map { match in
                if case .number(let number) = match { number } else { ProtocolMatch.icmpNumber(family) }
            }
            numbers = Set(named.filter { number in rule.protocols.contains { $0.matches(number, family: family) } })
        }
        if !rule.ports.isEmpty || !rule.sourcePorts.isEmpty { numbers = (numbers ?? [6, 17, 132]).intersection([6, 17, 132]) }
        if !rule.icmp.isEmpty {
            let own: Set<UInt8> = [ProtocolMatch.icmpNumber(family)]
            numbers = rule.icmp.contains { $0.message(family) != nil } ? (numbers ?? own).intersection(own) : []
        }
        return numbers
    }

    func covers(_ other: RuleCover) -> Bool {
        interfacesCover(other.rule) && addressesCover(rule.remote, other.rule.remote) && addressesCover(rule.local, other.rule.local)
            && portsCover(rule.ports, other.rule.ports) && portsCover(rule.sourcePorts, other.rule.sourcePorts)
            && IPAddress.Family.allCases.allSatisfy { protocolsCover(other, $0) }
    }

    private func interfacesCover(_ other: Rule) -> Bool {
        (rule.interfaces ?? .all) == .all || rule.interfaces == other.interfaces
    }

    private func protocolsCover(_ other: RuleCover, _ family: IPAddress.Family) -> Bool {
        if let own = protocols[family] ?? nil {
            guard let numbers = other.protocols[family] ?? nil, numbers.isSubset(of: own) else { return false }
            if numbers.isEmpty { return true }
        }
        guard !rule.icmp.isEmpty else { return true }
        return !other.rule.icmp.isEmpty
            && other.rule.icmp.compactMap { $0.message(family) }.allSatisfy { message in
                rule.icmp.compactMap { $0.message(family) }.contains { own in
                    own.type == message.type && (own.code ?? message.code) == message.code
                }
            }
    }

    private func portsCover(_ own: [PortRange], _ other: [PortRange]) -> Bool {
        // Without ports a rule matches packets that have none.
        own.isEmpty || !other.isEmpty && other.allSatisfy { range in own.contains { $0.contains(range) } }
    }

    private func addressesCover(_ own: AddressMatch, _ other: AddressMatch) -> Bool {
        let keepsAll = own.negatives.allSatisfy { negative in other.negatives.contains { termCovers($0, negative) } }
        guard keepsAll else { return false }
        if own.positives.isEmpty || own.positives.contains(.any) { return true }
        return !other.positives.isEmpty && other.positives.allSatisfy { term in own.positives.contains { termCovers($0, term) } }
    }

    private func termCovers(_ own: AddressTerm, _ other: AddressTerm) -> Bool {
        switch (own, other) {
        case (.any, _): true
        case (.prefix(let own), .prefix(let other)): own.contains(other)
        case (.set(let own), .set(let other)): own == other
        default: false
        }
    }
}
