internal import CDatapath
internal import PolicyModel

/// Turns the rules of one direction and family into a classifier.
struct ClassifierCompiler {
    let policySet: PolicySet
    let direction: Direction
    let family: IPAddress.Family
    let rules: [FlatRule]
    /// What is asked of the remote address and of the host's own.
    let remote: AddressPlan
    let local: AddressPlan

    init(_ policySet: PolicySet, _ direction: Direction, _ family: IPAddress.Family, _ sets: SetFamilies) {
        self.policySet = policySet
        self.direction = direction
        self.family = family
        rules = FlatRule.list(policySet, direction, family, sets)
        remote = AddressPlan(rules, \.remote)
        local = AddressPlan(rules, \.local)
    }

    /// The classifier over tables that grow by what it needs.
    func compile(_ classes: inout ClassTable, _ tries: inout TrieTable, _ sets: SetIndex, ruleBase: Int) -> pd_classifier {
        var result = pd_classifier()
        result.rules = UInt32(rules.count)
        result.rule_base = UInt32(ruleBase)
        switch family {
        case .v4:
            result.remote = tries.root((remote.field(sets, policySet) as Field<UInt32>).intervals(&classes))
            result.local = tries.root((local.field(sets, policySet) as Field<UInt32>).intervals(&classes))
        case .v6:
            result.remote = tries.root((remote.field(sets, policySet) as Field<UInt128>).intervals(&classes))
            result.local = tries.root((local.field(sets, policySet) as Field<UInt128>).intervals(&classes))
        }
        result.source = sourcePorts(&classes, &tries)
        result.transport = transport(&classes, &tries)
        result.interfaces = InterfaceField(rules).isUsed ? 1 : 0
        return result
    }

    // MARK: Ports, protocols, ICMP

    private func sourcePorts(_ classes: inout ClassTable, _ tries: inout TrieTable) -> UInt32 {
        let all = Field<UInt16>(rules: rules.count).filled(rules.enumerated()) { field, index, flat in
            field.constrain(index, to: flat.rule.sourcePorts.map { $0.lower...$0.upper })
        }
        return tries.root(all.intervals(&classes))
    }

    /// A row over the protocol number; behind protocols with ports the destination port, behind ICMP type and code.
    private func transport(_ classes: inout ClassTable, _ tries: inout TrieTable) -> UInt32 {
        // All protocols that no rule names and that have neither ports nor types are alike: they are looked at once.
        var named: Set<UInt8> = []
        for flat in rules {
            for match in flat.rule.protocols { if case .number(let number) = match { named.insert(number) } }
        }
        let numbers = UInt8.min...UInt8.max
        let special = Set(numbers.filter { named.contains($0) || ProtocolMatch.hasPorts($0) || $0 == 1 || $0 == 58 })
        let other = numbers.first { !special.contains($0) }.map { transport($0, &classes, &tries) }
        return tries.row(
            numbers.map { number in
                if let other, !special.contains(number) { return other }
                return transport(number, &classes, &tries)
            })
    }

    /// The entry of one protocol.
    private func transport(_ number: UInt8, _ classes: inout ClassTable, _ tries: inout TrieTable) -> UInt32 {
        let hasPorts = ProtocolMatch.hasPorts(number)
        let isICMP = number == ProtocolMatch.icmpNumber(family)
        let possible = rules.enumerated().filter { _, flat in
            let rule = flat.rule
            return (rule.protocols.isEmpty || rule.protocols.contains { $0.matches(number, family: family) })
                && (hasPorts || (rule.ports.isEmpty && rule.sourcePorts.isEmpty)) && (isICMP || rule.icmp.isEmpty)
        }
        guard hasPorts || isICMP else {
            return PD_LEAF | classes.intern(BitVector(count: rules.count, possible.map(\.offset)))
        }
        let field = Field<UInt16>(rules: rules.count).filled(possible) { field, index, flat in
            if hasPorts {
                field.constrain(index, to: flat.rule.ports.map { $0.lower...$0.upper })
            } else {
                field.constrain(index, to: flat.rule.icmp.compactMap(messages), isOpen: flat.rule.icmp.isEmpty)
            }
        }
        return tries.root(field.intervals(&classes))
    }

    /// The values of type and code, one byte each, that are the message in this family.
    private func messages(_ match: ICMPMatch) -> ClosedRange<UInt16>? {
        match.message(family).map { message in
            let type = UInt16(message.type) << 8
            return message.code.map { type | UInt16($0)...type | UInt16($0) } ?? type...type | 255
        }
    }
}

extension Field {
    fileprivate func filled(
        _ rules: some Sequence<(offset: Int, element: FlatRule)>, _ add: (inout Self, Int, FlatRule) -> Void
    ) -> Self {
        var field = self
        for (index, flat) in rules { add(&field, index, flat) }
        return field
    }

    /// The rule is satisfied by the values of the ranges; by every value where there are none and nothing else is said.
    fileprivate mutating func constrain(_ rule: Int, to ranges: [ClosedRange<Value>], isOpen: Bool? = nil) {
        if isOpen ?? ranges.isEmpty {
            leaveOpen(rule)
        } else {
            let term = addTerm(ranges)
            satisfy(rule, byTerm: term)
        }
    }
}
