internal import PolicyModel

/// The sets of values that rules refer to, each once.
struct SpaceTerms {
    /// A rule by the numbers of its terms.
    struct Draft {
        var policy: HostPolicy
        var rule: Rule
        var remote: Addresses
        var local: Addresses
        /// Nil is every transport.
        var transport: Int?
        /// Nil is every port.
        var source: Int?
        var selectors: [Int]
    }

    /// An address field: nil is every address.
    struct Addresses {
        var positives: [Int]?
        var negatives: [Int]
    }

    /// The terms of one address field.
    struct AddressTerms {
        private(set) var ranges: [[ClosedRange<UInt128>]] = []
        private var numbers: [Key: Int] = [:]

        private struct Key: Hashable {
            /// Sets of two policy sets may differ under one name.
            var owner: Int
            var term: AddressTerm
        }

        func known(_ term: AddressTerm, _ owner: Int) -> Int? { numbers[key(term, owner)] }

        mutating func add(_ term: AddressTerm, _ owner: Int, _ ranges: [ClosedRange<UInt128>]) -> Int {
            numbers[key(term, owner)] = self.ranges.count
            self.ranges.append(ranges)
            return self.ranges.count - 1
        }

        private func key(_ term: AddressTerm, _ owner: Int) -> Key {
            if case .set = term { Key(owner: owner, term: term) } else { Key(owner: -1, term: term) }
        }

        func runs(_ addresses: Addresses, _ classes: ValueClasses) -> Runs {
            let positives = addresses.positives.map { numbers in Runs.union(numbers.map { classes.terms[$0] }) } ?? Runs(all: classes.count)
            return addresses.negatives.reduce(positives) { $0.subtracting(classes.terms[$1]) }
        }
    }

    private(set) var remote = AddressTerms()
    private(set) var local = AddressTerms()
    private(set) var transports: [[ClosedRange<UInt128>]] = []
    private(set) var sources: [[ClosedRange<UInt128>]] = []
    private(set) var selectors: [InterfaceSelector] = []

    private let policySets: [PolicySet]
    private let direction: Direction
    private let family: IPAddress.Family
    private var transportNumbers: [TransportKey: Int] = [:]
    private var sourceNumbers: [[PortRange]: Int] = [:]
    private var selectorNumbers: [InterfaceSelector: Int] = [:]

    private struct TransportKey: Hashable {
        var protocols: [ProtocolMatch]
        var ports: [PortRange]
        var icmp: [ICMPMatch]
        var hasSourcePorts: Bool
    }

    init(_ policySets: [PolicySet], _ direction: Direction, _ family: IPAddress.Family) {
        self.policySets = policySets
        self.direction = direction
        self.family = family
    }

    /// The rules of a policy set by their terms; those that expired are not there.
    mutating func drafts(of policySet: PolicySet, _ owner: Int, at instant: Instant) -> [Draft] {
        var drafts: [Draft] = []
        for policy in policySet.policies {
            for rule in policy.rules(direction) {
                if let expires = rule.expires, expires <= instant { continue }
                drafts.append(
                    Draft(
                        policy: policy, rule: rule, remote: addresses(rule.remote, \.remote, owner),
                        local: addresses(rule.local, \.local, owner), transport: transport(of: rule), source: source(of: rule),
                        selectors: [policy.interfaces, rule.interfaces].compactMap { $0 }.map { selector($0) }))
            }
        }
        return drafts
    }

    private mutating func addresses(_ match: AddressMatch, _ side: WritableKeyPath<SpaceTerms, AddressTerms>, _ owner: Int) -> Addresses {
        func number(_ term: AddressTerm) -> Int {
            if let known = self[keyPath: side].known(term, owner) { return known }
            let ranges = ranges(of: term, owner)
            return self[keyPath: side].add(term, owner, ranges)
        }
        let isOpen = match.positives.isEmpty || match.positives.contains(.any)
        return Addresses(positives: isOpen ? nil : match.positives.map { number($0) }, negatives: match.negatives.map { number($0) })
    }

    private func ranges(of term: AddressTerm, _ owner: Int) -> [ClosedRange<UInt128>] {
        switch term {
        case .any:
            return [0...(family == .v4 ? UInt128(UInt32.max) : .max)]
        case .prefix(let prefix):
            return prefix.family == family ? [prefix.lower.value...prefix.upper.value] : []
        case .set(let name):
            return policySets[owner].entries(of: name).filter { $0.family == family }.map { $0.lower.value...$0.upper.value }
        }
    }

    private mutating func selector(_ selector: InterfaceSelector) -> Int {
        if let known = selectorNumbers[selector] { return known }
        selectorNumbers[selector] = selectors.count
        selectors.append(selector)
        return selectors.count - 1
    }

    private mutating func source(of rule: Rule) -> Int? {
        guard !rule.sourcePorts.isEmpty else { return nil }
        if let known = sourceNumbers[rule.sourcePorts] { return known }
        sourceNumbers[rule.sourcePorts] = sources.count
        sources.append(rule.sourcePorts.map { UInt128($0.lower)...UInt128($0.upper) })
        return sources.count - 1
    }

    // MARK: Transport: the protocol's number, and behind it 16 bits of destination port or of ICMP type and code

    /// The transports there are. No IPv6 packet has the number of an extension header as its protocol.
    static func transports(_ family: IPAddress.Family) -> [ClosedRange<UInt128>] {
        (UInt8.min...UInt8.max).filter { family == .v4 || ![0, 43, 44, 51, 60].contains($0) }.map { number in
            let isWide = ProtocolMatch.hasPorts(number) || number == ProtocolMatch.icmpNumber(family)
            return UInt128(number) << 16...UInt128(number) << 16 | (isWide ? 0xFFFF : 0)
        }
    }

    private mutating func transport(of rule: Rule) -> Int? {
        if rule.protocols.isEmpty, rule.ports.isEmpty, rule.sourcePorts.isEmpty, rule.icmp.isEmpty { return nil }
        let key = TransportKey(
            protocols: rule.protocols, ports: rule.ports, icmp: rule.icmp, hasSourcePorts: !rule.sourcePorts.isEmpty)
        if let known = transportNumbers[key] { return known }
        transportNumbers[key] = transports.count
        transports.append(ranges(key))
        return transports.count - 1
    }

    private func ranges(_ key: TransportKey) -> [ClosedRange<UInt128>] {
        (UInt8.min...UInt8.max).flatMap { number -> [ClosedRange<UInt128>] in
            guard key.protocols.isEmpty || key.protocols.contains(where: { $0.matches(number, family: family) }) else { return [] }
            let base = UInt128(number) << 16
            let hasPorts = ProtocolMatch.hasPorts(number)
            if !hasPorts, !key.ports.isEmpty || key.hasSourcePorts { return [] }
            if !key.icmp.isEmpty {
                guard number == ProtocolMatch.icmpNumber(family) else { return [] }
                return key.icmp.compactMap { match in
                    match.message(family).map { message in
                        let type = base | UInt128(message.type) << 8
                        return message.code.map { type | UInt128($0)...type | UInt128($0) } ?? type...type | 255
                    }
                }
            }
            if !key.ports.isEmpty { return key.ports.map { base | UInt128($0.lower)...base | UInt128($0.upper) } }
            return [base...base | 0xFFFF]
        }
    }
}
