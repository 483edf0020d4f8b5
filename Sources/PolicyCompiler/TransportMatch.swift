internal import PolicyModel

/// What a rule asks of protocol, destination port and message of ICMP.
struct TransportMatch: Hashable, Sendable {
    let protocols: [ProtocolMatch]
    let ports: [PortRange]
    let icmp: [ICMPMatch]
    /// Whether the rule asks something of the source port, too, which only some protocols have.
    let namesSourcePort: Bool

    init(_ rule: Rule) {
        protocols = rule.protocols
        ports = rule.ports
        icmp = rule.icmp
        namesSourcePort = !rule.sourcePorts.isEmpty
    }

    /// The ports, or types and codes, of a protocol that satisfy it; nil where it is not about the protocol.
    func ranges(_ number: UInt8, _ family: IPAddress.Family) -> [ClosedRange<UInt16>]? {
        let hasPorts = ProtocolMatch.hasPorts(number)
        let isICMP = number == ProtocolMatch.icmpNumber(family)
        guard protocols.isEmpty || protocols.contains(where: { $0.matches(number, family: family) }),
            hasPorts || (ports.isEmpty && !namesSourcePort), isICMP || icmp.isEmpty
        else { return nil }
        if hasPorts, !ports.isEmpty { return ports.map { $0.lower...$0.upper } }
        if isICMP, !icmp.isEmpty { return icmp.compactMap { $0.values(family) } }
        return [0 ... .max]
    }
}

/// The matches of the rules of a classifier, each once: of ten thousand rules, hundreds.
struct TransportMatches: Sendable {
    private(set) var all: [TransportMatch] = []
    /// By rule, its match.
    private(set) var ofRule: [Int] = []
    /// By match, its rules.
    private(set) var rules: [[Int]] = []

    init(_ flat: [FlatRule]) {
        var numbers: [TransportMatch: Int] = [:]
        for (rule, flat) in flat.enumerated() {
            let match = TransportMatch(flat.rule)
            let number = numbers[match] ?? all.count
            if number == all.count {
                numbers[match] = number
                all.append(match)
                rules.append([])
            }
            ofRule.append(number)
            rules[number].append(rule)
        }
    }

    /// The protocols that rules name, and those with ports or types: all others are alike.
    var apart: Set<UInt8> {
        var numbers = Set((UInt8.min ... .max).filter { ProtocolMatch.hasPorts($0) || $0 == 1 || $0 == 58 })
        for match in all {
            for `protocol` in match.protocols { if case .number(let number) = `protocol` { numbers.insert(number) } }
        }
        return numbers
    }
}
