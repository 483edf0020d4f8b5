/// Warnings about rules that do what they say, and leave open what was likely meant to be closed.
extension PolicyCheck {
    /// Rules that match nothing any more.
    static func expired(_ policy: HostPolicy, at time: Instant, _ reporter: DocumentReporter) -> [Diagnostic] {
        Direction.allCases.flatMap { policy.rules($0) }.compactMap { rule in
            guard let expires = rule.expires, rule.hasExpired(at: time) else { return nil }
            return reporter.report(.warning, at: rule.location, "rule '\(rule.name)' expired at \(expires) and matches nothing")
        }
    }

    /// Rules that deny to all addresses of one family what nothing denies to the other.
    static func forgottenFamilies(_ policy: HostPolicy, _ policySet: PolicySet, _ reporter: DocumentReporter) -> [Diagnostic] {
        guard policy.mode == .enforce else { return [] }
        return Direction.allCases.flatMap { direction -> [Diagnostic] in
            let denies = policy.rules(direction).filter { $0.closes && !policy.audits($0) }
            return denies.compactMap { rule in
                guard let family = rule.onlyFamily else { return nil }
                let other: IPAddress.Family = family == .v4 ? .v6 : .v4
                guard rule.canConcern(other), !denies.contains(where: { $0.holds(all: other) && $0.covers(fieldsOf: rule) }),
                    !policySet.hasEnd(at: policy, direction, other)
                else { return nil }
                return reporter.report(
                    .warning, at: rule.location,
                    "rule '\(rule.name)' \(rule.action == .deny ? "denies" : "rejects") IP\(family) only, and nothing does so for IP\(other): "
                        + "it is allowed there; 'any' is both families")
            }
        }
    }

    /// Rules that allow everything and have denies behind them, which then match nothing.
    static func openGates(_ policy: HostPolicy, _ policySet: PolicySet, _ reporter: DocumentReporter) -> [Diagnostic] {
        Direction.allCases.compactMap { direction in
            let rules = policy.rules(direction)
            guard let gate = rules.firstIndex(where: { $0.matchesEverything && policy.isFinal($0) }), rules[gate].action == .allow else {
                return nil
            }
            var closed = rules[(gate + 1)...].filter(\.closes).map { "'\($0.name)'" }
            if (policy.interfaces ?? .all) == .all {
                for other in policySet.policies where other.mode == .enforce && other.isBehind(policy) {
                    closed += other.rules(direction).filter(\.closes).map { "'\($0.name)' of policy '\(other.name)'" }
                }
            }
            guard let first = closed.first else { return nil }
            let others = closed.count == 1 ? "" : closed.count == 2 ? " and another one" : " and \(closed.count - 1) others"
            return reporter.report(
                .warning, at: rules[gate].location,
                "rule '\(rules[gate].name)' allows everything: rule \(first)\(others), which would close something, "
                    + "\(closed.count == 1 ? "comes" : "come") too late")
        }
    }

    /// Sets without entries, and sets that no rule uses, itself or through other sets.
    static func idle(_ set: AddressSet, _ policySet: PolicySet, used: Set<String>, _ document: Document) -> [Diagnostic] {
        let reporter = DocumentReporter(document)
        var found: [Diagnostic] = []
        if !used.contains(set.name) {
            let holders = policySet.sets.values.filter { $0.sets.contains(set.name) }.map { "'\($0.name)'" }.sorted()
            let through = holders.isEmpty ? "" : ": it is in \(FieldReader.listed(holders)), which no rule uses either"
            found.append(reporter.report(.warning, at: document.nameLocation, "set '\(set.name)' is used by no rule\(through)"))
        }
        if policySet.members(of: set.name).allSatisfy({ $0.count == 0 }) {
            found.append(reporter.report(.warning, at: document.nameLocation, "set '\(set.name)' has no entries"))
        }
        return found
    }

    /// The names of the sets that rules use, and of the sets in those.
    static func usedSets(_ policySet: PolicySet) -> Set<String> {
        let rules = Direction.allCases.flatMap { policySet.rules($0).map(\.rule) }
        let named = Set(rules.flatMap { $0.remote.setNames + $0.local.setNames })
        return Set(named.flatMap { policySet.members(of: $0).map(\.name) })
    }
}

extension HostPolicy {
    /// Whether a match of the rule is taken, and for all time.
    fileprivate func isFinal(_ rule: Rule) -> Bool {
        rule.expires == nil && !audits(rule)
    }

    /// Whether the policy decides or passes on every packet of the family on its interfaces, for all time.
    func hasEnd(_ direction: Direction, _ family: IPAddress.Family) -> Bool {
        rules(direction).contains { isFinal($0) && $0.hasNoFields && $0.holds(all: family) }
    }

    /// Whether this policy is evaluated after the other.
    func isBehind(_ other: HostPolicy) -> Bool {
        (tier, priority) > (other.tier, other.priority)
    }
}

extension PolicySet {
    /// Whether every packet of the family that the policy's rules leave is decided: by the policy itself, or by one behind it.
    func hasEnd(at policy: HostPolicy, _ direction: Direction, _ family: IPAddress.Family) -> Bool {
        policy.hasEnd(direction, family)
            || policies.contains { $0.isBehind(policy) && ($0.interfaces ?? .all) == .all && $0.hasEnd(direction, family) }
    }
}

extension Rule {
    /// Whether the rule drops what it matches.
    fileprivate var closes: Bool { action == .deny || action == .reject }

    /// Whether the rule asks nothing but addresses.
    fileprivate var hasNoFields: Bool {
        protocols.isEmpty && ports.isEmpty && sourcePorts.isEmpty && icmp.isEmpty && (interfaces ?? .all) == .all
    }

    /// Whether the rule is for all addresses of the family.
    fileprivate func holds(all family: IPAddress.Family) -> Bool {
        remote.holds(all: family) && local.holds(all: family)
    }

    /// The family of which the rule is for all addresses on one side at least, if it is for none of the other family.
    fileprivate var onlyFamily: IPAddress.Family? {
        remote.onlyFamily ?? local.onlyFamily
    }

    /// Whether packets of the family can have what the rule's other fields ask for.
    fileprivate func canConcern(_ family: IPAddress.Family) -> Bool {
        // IGMP is of IPv4 alone, as ICMP's own number is of each family.
        let foreign: Set<UInt8> = family == .v6 ? [1, 2] : [58]
        let hasProtocol =
            protocols.isEmpty
            || protocols.contains { match in
                switch match {
                case .number(let number): !foreign.contains(number)
                case .icmp: true
                case .icmpv4: family == .v4
                case .icmpv6: family == .v6
                }
            }
        return hasProtocol && (icmp.isEmpty || icmp.contains { $0.message(family) != nil })
    }

    /// Whether the rule's fields other than addresses are none, or those of the other rule.
    fileprivate func covers(fieldsOf other: Rule) -> Bool {
        hasNoFields
            || protocols == other.protocols && ports == other.ports && sourcePorts == other.sourcePorts && icmp == other.icmp
                && interfaces == other.interfaces
    }
}

extension AddressTerm {
    fileprivate var prefix: CIDR? {
        if case .prefix(let prefix) = self { prefix } else { nil }
    }
}

extension AddressMatch {
    /// Whether every address of the family is meant.
    fileprivate func holds(all family: IPAddress.Family) -> Bool {
        let takesNone = negatives.allSatisfy { $0.prefix.map { $0.family != family } ?? false }
        return takesNone && (positives.isEmpty || positives.contains(.any) || hasWhole(family))
    }

    /// The family whose addresses are all named, if none of the other family is.
    fileprivate var onlyFamily: IPAddress.Family? {
        guard let family = positives.first?.prefix?.family, positives.allSatisfy({ $0.prefix?.family == family }), hasWhole(family) else {
            return nil
        }
        return family
    }

    /// Whether the named prefixes of the family are all of it together, such as 0.0.0.0/1 and 128.0.0.0/1.
    private func hasWhole(_ family: IPAddress.Family) -> Bool {
        let prefixes = positives.compactMap(\.prefix).filter { $0.family == family }
        // The lowest address that is not held yet; nil once all are.
        var open: UInt128? = 0
        for prefix in prefixes.sorted(by: { $0.lower < $1.lower }) {
            guard let lowest = open, prefix.lower.value <= lowest else { break }
            guard prefix.upper.value >= lowest else { continue }
            let last = UInt128.max >> UInt128(128 - family.bitWidth)
            open = prefix.upper.value == last ? nil : prefix.upper.value + 1
        }
        return open == nil
    }
}
