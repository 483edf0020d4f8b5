internal import PolicyModel

/// The packets that a rule is about: a conjunction of what each field may be.
///
/// The intersection of two is always a third one, which is what makes inlining of chains exact.
struct Match: Hashable, Sendable {
    var families: Families
    var states = States.all
    var protocols = Ranges.all(bits: 8)
    /// Destination ports. If they are not all, the protocols are among those with ports.
    var ports = Ranges.all(bits: 16)
    var sourcePorts = Ranges.all(bits: 16)
    /// ICMP messages, type times 256 plus code. If they are not all, the match is about one family's ICMP.
    var icmp = Ranges.all(bits: 16)
    var source = AddressBox()
    var destination = AddressBox()
    var interfaces = InterfaceBox()

    init(_ families: Families = .both, states: States = .all) {
        self.families = families
        self.states = states
    }

    /// The families in which there can be a packet.
    var liveFamilies: Families {
        families.all.reduce(into: []) { result, family in
            if !source[family].isEmpty, !destination[family].isEmpty { result.insert(Families(family)) }
        }
    }

    /// Whether certainly no packet matches.
    var isEmpty: Bool {
        states.isEmpty || protocols.isEmpty || ports.isEmpty || sourcePorts.isEmpty || icmp.isEmpty || interfaces.isEmpty
            || liveFamilies.isEmpty
    }

    func intersection(_ other: Match) -> Match {
        var result = self
        result.families.formIntersection(other.families)
        result.states.formIntersection(other.states)
        result.protocols = protocols.intersection(other.protocols)
        result.ports = ports.intersection(other.ports)
        result.sourcePorts = sourcePorts.intersection(other.sourcePorts)
        result.icmp = icmp.intersection(other.icmp)
        result.source = source.intersection(other.source)
        result.destination = destination.intersection(other.destination)
        result.interfaces = interfaces.intersection(other.interfaces)
        result.families = result.liveFamilies
        return result
    }

    /// Whether every packet of the other match is certainly one of this.
    func isSuperset(of other: Match) -> Bool {
        families.isSuperset(of: other.families) && states.isSuperset(of: other.states)
            && protocols.isSuperset(of: other.protocols) && ports.isSuperset(of: other.ports)
            && sourcePorts.isSuperset(of: other.sourcePorts) && icmp.isSuperset(of: other.icmp)
            && source.isSuperset(of: other.source, other.families) && destination.isSuperset(of: other.destination, other.families)
            && interfaces.isSuperset(of: other.interfaces)
    }

    /// The protocols with ports that policies match.
    static let withPorts = Ranges.numbers([6, 17, 132])

    /// Why no rule of a policy can say this; nil if one can.
    var problem: String? {
        if !ports.isAll || !sourcePorts.isAll, !Self.withPorts.isSuperset(of: protocols) {
            return "policies match ports of tcp, udp and sctp only"
        }
        if !icmp.isAll, families.all.contains(where: { protocols != .numbers([ProtocolMatch.icmpNumber($0)]) }) {
            return "ICMP messages go with the ICMP of their own family"
        }
        return nil
    }
}
