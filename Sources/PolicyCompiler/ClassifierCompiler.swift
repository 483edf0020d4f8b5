internal import CDatapath
internal import PolicyModel

/// Turns the rules of one direction and family into a classifier.
struct ClassifierCompiler {
    let policySet: PolicySet
    let direction: Direction
    let family: IPAddress.Family
    private(set) var rules: [FlatRule]
    /// What is asked of the remote address and of the host's own.
    private(set) var remote: AddressPlan
    private(set) var local: AddressPlan
    /// How rules are looked for, where classes are slates.
    private(set) var slates: SlatePlan?
    /// What is known of each rule once it is found.
    private(set) var table: [pd_rule] = []

    init(_ policySet: PolicySet, _ direction: Direction, _ family: IPAddress.Family, _ sets: SetFamilies) {
        self.policySet = policySet
        self.direction = direction
        self.family = family
        rules = FlatRule.list(policySet, direction, family, sets)
        remote = AddressPlan(rules, \.remote)
        local = AddressPlan(rules, \.local)
    }

    /// The classifier over tables that grow by what it needs: with slates, where none becomes long, else with vectors.
    mutating func compile(
        _ classes: inout ClassTable, _ tries: inout TrieTable, _ sets: SetIndex, _ numbers: RuleNumbers, ruleBase: Int,
        search: CompileLimits.Search
    ) -> pd_classifier {
        table = FlatRule.table(rules, direction, numbers)
        let isLarge = rules.count > Int(PD_RULES_FEW)
        // Interfaces come and go, and have no order that ranges could speak of.
        if !rules.isEmpty, isLarge || search == .slates, search != .vectors, !InterfaceField(rules).isUsed {
            let matches = TransportMatches(rules)
            let order = TransportOrder(matches, family)
            for side in [AddressField.Side.remote, .local] {
                var (ownClasses, ownTries, boxes) = (classes, tries, [pd_box]())
                guard let plan = SlatePlan(rules, matches, family, first: side, order, &boxes) else { continue }
                slates = plan
                for place in boxes.indices { boxes[place].setRule(table) }
                let lines = ownClasses.append(boxes: boxes)
                var result = tables(&ownClasses, &ownTries, sets, ruleBase: ruleBase)
                guard !ownClasses.hasLongSlate, ownClasses.excess == nil else { continue }
                result.slates = UInt32(side == .remote ? PD_SLATES_REMOTE : PD_SLATES_LOCAL)
                result.boxes = lines
                (classes, tries) = (ownClasses, ownTries)
                return result
            }
            slates = nil
        }
        if isLarge {
            rules = FlatRule.byKinds(rules)
            table = FlatRule.table(rules, direction, numbers)
            remote = AddressPlan(rules, \.remote)
            local = AddressPlan(rules, \.local)
        }
        return tables(&classes, &tries, sets, ruleBase: ruleBase)
    }

    private func tables(_ classes: inout ClassTable, _ tries: inout TrieTable, _ sets: SetIndex, ruleBase: Int) -> pd_classifier {
        var result = pd_classifier()
        result.rules = UInt32(rules.count)
        result.rule_base = UInt32(ruleBase)
        switch family {
        case .v4:
            result.remote = root(remote.field(sets, policySet) as Field<UInt32>, .remote, &classes, &tries)
            result.local = root(local.field(sets, policySet) as Field<UInt32>, .local, &classes, &tries)
        case .v6:
            result.remote = root(remote.field(sets, policySet) as Field<UInt128>, .remote, &classes, &tries)
            result.local = root(local.field(sets, policySet) as Field<UInt128>, .local, &classes, &tries)
        }
        // What is not kept need not be finished.
        if classes.hasLongSlate { return result }
        // Boxes say what they want of it.
        result.source = slates == nil ? sourcePorts(&classes, &tries) : PD_LEAF
        result.transport = transport(&classes, &tries)
        result.interfaces = InterfaceField(rules).isUsed ? 1 : 0
        return result
    }

    private func root<Value: AddressValue>(
        _ field: Field<Value>, _ side: AddressField.Side, _ classes: inout ClassTable, _ tries: inout TrieTable
    ) -> UInt32 {
        tries.root(field.intervals(&classes, slates: slateField(side)))
    }

    /// The slates of an address.
    func slateField(_ side: AddressField.Side) -> SlateField? {
        slates.map { SlateField(plan: $0, role: $0.first == side ? .first : .second) }
    }

    // MARK: Ports, protocols, ICMP

    private func sourcePorts(_ classes: inout ClassTable, _ tries: inout TrieTable) -> UInt32 {
        var all = Field<UInt16>(rules: rules.count)
        for (index, flat) in rules.enumerated() {
            all.constrain([index], to: flat.rule.sourcePorts.map { $0.lower...$0.upper }, isOpen: flat.rule.sourcePorts.isEmpty)
        }
        return tries.root(all.intervals(&classes))
    }

    /// A row over the protocol number; behind protocols with ports the destination port, behind ICMP type and code.
    private func transport(_ classes: inout ClassTable, _ tries: inout TrieTable) -> UInt32 {
        let matches = TransportMatches(rules)
        // All protocols that no rule names and that have neither ports nor types are alike: they are looked at once.
        let alone = matches.apart
        let numbers = UInt8.min...UInt8.max
        let other = numbers.first { !alone.contains($0) }.map { transport($0, matches, &classes, &tries) }
        return tries.row(
            numbers.map { number in
                if let other, !alone.contains(number) { return other }
                return transport(number, matches, &classes, &tries)
            })
    }

    /// The entry of one protocol.
    private func transport(
        _ number: UInt8, _ matches: TransportMatches, _ classes: inout ClassTable, _ tries: inout TrieTable
    ) -> UInt32 {
        let slates = slates.map { SlateField(plan: $0, role: .transport, number: number) }
        var field = Field<UInt16>(rules: rules.count)
        for (match, rules) in zip(matches.all, matches.rules) {
            guard let ranges = match.ranges(number, family) else { continue }
            field.constrain(rules, to: ranges, isOpen: ranges == [0 ... .max])
        }
        return tries.root(field.intervals(&classes, slates: slates))
    }
}

extension Field {
    /// The rules are satisfied by the values of the ranges, or by every value.
    fileprivate mutating func constrain(_ rules: [Int], to ranges: [ClosedRange<Value>], isOpen: Bool) {
        if isOpen {
            for rule in rules { leaveOpen(rule) }
        } else {
            let term = addTerm(ranges)
            for rule in rules { satisfy(rule, byTerm: term) }
        }
    }
}
