internal import PolicyModel

extension NFTField {
    /// Narrows a match to packets whose field has one of the values, or with `isNegated` none of them.
    func narrow(_ match: Match, to node: JSONNode, isNegated: Bool) throws(Inexpressible) -> Match {
        switch self {
        case .family: return try narrowFamily(match, node, isNegated)
        case .interface: return try narrowInterfaces(match, node, isNegated)
        case .state: return try narrowStates(match, node, isNegated)
        default: return try narrow(match, to: ranges(node), isNegated: isNegated)
        }
    }

    /// Narrows a match to packets whose field has one of these numbers.
    func narrow(_ match: Match, to numbers: Ranges, isNegated: Bool) throws(Inexpressible) -> Match {
        let values = isNegated ? numbers.complement : numbers
        var match = match
        switch self {
        case .source(let family), .destination(let family):
            var box = AddressBox()
            box[family] = values
            return narrow(match, to: box, family)
        case .sourcePort(let protocols):
            if let protocols { match.protocols = match.protocols.intersection(protocols) }
            match.sourcePorts = match.sourcePorts.intersection(values)
        case .destinationPort(let protocols):
            if let protocols { match.protocols = match.protocols.intersection(protocols) }
            match.ports = match.ports.intersection(values)
        case .protocol(let families):
            match.families.formIntersection(families)
            match.protocols = match.protocols.intersection(values)
        case .icmpType(let family), .icmpCode(let family):
            match.families.formIntersection(Families(family))
            match.protocols = match.protocols.intersection(.numbers([ProtocolMatch.icmpNumber(family)]))
            match.icmp = match.icmp.intersection(messages(values))
        case .family, .interface, .state:
            throw Inexpressible("policies cannot say the value")
        }
        return match
    }

    /// The messages of some types, or with some codes.
    private func messages(_ values: Ranges) -> Ranges {
        if case .icmpType = self { return Ranges(values.parts.map { $0.lowerBound << 8...($0.upperBound << 8 | 255) }, bits: 16) }
        let parts = (UInt128(0)...255).flatMap { type in values.parts.map { (type << 8 | $0.lowerBound)...(type << 8 | $0.upperBound) } }
        return Ranges(parts, bits: 16)
    }

    /// Narrows a match to the members of a set, which stays one.
    func narrow(_ match: Match, toSet name: String, _ family: IPAddress.Family, isNegated: Bool) throws(Inexpressible) -> Match {
        var box = AddressBox()
        if isNegated { box.exceptSets = [name] } else { box.sets = [name] }
        switch self {
        case .source(family), .destination(family): return narrow(match, to: box, family)
        default: throw Inexpressible("set '\(name)' has no values of this field")
        }
    }

    private func narrow(_ match: Match, to box: AddressBox, _ family: IPAddress.Family) -> Match {
        var match = match
        // A field of IPv4 is there in IPv4 packets only.
        match.families.formIntersection(Families(family))
        if case .source = self {
            match.source = match.source.intersection(box)
        } else {
            match.destination = match.destination.intersection(box)
        }
        return match
    }

    private func narrowFamily(_ match: Match, _ node: JSONNode, _ isNegated: Bool) throws(Inexpressible) -> Match {
        var families: Families = []
        for leaf in Self.leaves(node) {
            switch leaf.text {
            case "ipv4", "ip": families.insert(.v4)
            case "ipv6", "ip6": families.insert(.v6)
            default: throw Inexpressible("policies are about IPv4 and IPv6 only, not \(leaf.compact(limit: 40))")
            }
        }
        var match = match
        match.families.formIntersection(isNegated ? Families.both.subtracting(families) : families)
        return match
    }

    private func narrowInterfaces(_ match: Match, _ node: JSONNode, _ isNegated: Bool) throws(Inexpressible) -> Match {
        var box = InterfaceBox(positives: isNegated ? nil : [])
        for leaf in Self.leaves(node) {
            guard let name = leaf.text else { throw Inexpressible("\(leaf.compact(limit: 40)) is no name of an interface") }
            let one = try IPTablesRule.interfaces(name, isNegated, wildcard: "*")
            if isNegated {
                box.negatives += one.negatives
            } else if let positives = one.positives {
                box.positives? += positives
            } else {
                box.positives = nil
                break
            }
        }
        var match = match
        match.interfaces = match.interfaces.intersection(box)
        return match
    }

    private func narrowStates(_ match: Match, _ node: JSONNode, _ isNegated: Bool) throws(Inexpressible) -> Match {
        var states: States = []
        for leaf in Self.leaves(node) {
            guard let name = leaf.text, let state = States(name) else {
                throw Inexpressible("policies know no connection state \(leaf.compact(limit: 40))")
            }
            states.formUnion(state)
        }
        var match = match
        match.states.formIntersection(isNegated ? States.all.subtracting(states) : states)
        return match
    }
}
