internal import PolicyModel

/// A set of addresses that the source had a name for.
struct NamedSet: Sendable {
    /// The name in the source.
    var name: String
    /// The name of the AddressSet.
    var setName: String
    var family: IPAddress.Family
    var ranges: Ranges
}

extension Match {
    /// The rule of a policy that matches these packets.
    func rule(_ direction: Direction, name: String, action: Action, log: Rule.Log?, sets: [String: NamedSet]) -> Rule {
        let families = liveFamilies
        let protocols = protocolMatches(families)
        let (remoteBox, localBox) = direction == .ingress ? (source, destination) : (destination, source)
        let local = Self.addresses(localBox, families, sets, marksFamily: false)
        // One side is enough to say the family, and so is a protocol that only one has.
        let isMarked =
            families == .both || !local.positives.isEmpty || (!protocols.isEmpty && protocols.allSatisfy { $0 == .icmpv4 || $0 == .icmpv6 })
        let remote = Self.addresses(remoteBox, families, sets, marksFamily: !isMarked)
        return Rule(
            name: name, action: action, protocols: protocols, ports: Self.ports(ports), sourcePorts: Self.ports(sourcePorts),
            icmp: messages(families), remote: remote, local: local, interfaces: interfaces.selector, log: log)
    }

    private func protocolMatches(_ families: Families) -> [ProtocolMatch] {
        guard !protocols.isAll else { return [] }
        return protocols.parts.flatMap { $0 }.map { number in
            switch (number, families) {
            case (1, .v4): .icmpv4
            case (58, .v6): .icmpv6
            default: .number(UInt8(truncatingIfNeeded: number))
            }
        }
    }

    private static func ports(_ ranges: Ranges) -> [PortRange] {
        guard !ranges.isAll else { return [] }
        return ranges.parts.compactMap { PortRange(UInt16(truncatingIfNeeded: $0.lowerBound), UInt16(truncatingIfNeeded: $0.upperBound)) }
    }

    /// The messages: a type that is there with all codes by its name, others by type and code.
    private func messages(_ families: Families) -> [ICMPMatch] {
        guard !icmp.isAll, let family = families.all.first else { return [] }
        return (UInt8.min...UInt8.max).flatMap { type -> [ICMPMatch] in
            let row = Ranges([UInt128(type) << 8...(UInt128(type) << 8 | 255)], bits: 16)
            let codes = icmp.intersection(row)
            if codes.isEmpty { return [] }
            let name = ICMPName.name(of: type, family) ?? "\(type)"
            if codes == row { return [Self.message(name, family, .init(type: type))] }
            return codes.parts.flatMap { $0 }.map { code in
                let code = UInt8(truncatingIfNeeded: code)
                return Self.message("\(name)/\(code)", family, .init(type: type, code: code))
            }
        }
    }

    private static func message(_ text: String, _ family: IPAddress.Family, _ message: ICMPMatch.Message) -> ICMPMatch {
        ICMPMatch(text, v4: family == .v4 ? message : nil, v6: family == .v6 ? message : nil)
    }

    /// The addresses of one side.
    ///
    /// - Parameter marksFamily: Whether addresses have to be there even if all of a family are meant.
    private static func addresses(
        _ box: AddressBox, _ families: Families, _ sets: [String: NamedSet], marksFamily: Bool
    ) -> AddressMatch {
        var box = box
        var names = box.sets.sorted()
        if names.count > 1 {
            // An address in several sets at once: their common addresses are written out.
            for set in names.compactMap({ sets[$0] }) { box[set.family] = box[set.family].intersection(set.ranges) }
            names = []
        }
        var result = AddressMatch([], except: box.exceptSets.sorted().map { .set(sets[$0]?.setName ?? $0) })
        if let name = names.first {
            result.positives = [.set(sets[name]?.setName ?? name)]
            for family in families.all { result.negatives += box[family].complement.prefixes(family).map { .prefix($0) } }
            return result
        }
        if !marksFamily, families.all.allSatisfy({ box[$0].isAll }) { return result }
        for family in families.all {
            let inside = box[family].prefixes(family)
            let outside = box[family].complement.prefixes(family)
            if inside.count <= outside.count + 1 {
                result.positives += inside.map { .prefix($0) }
            } else {
                result.positives.append(.prefix(.all(family)))
                result.negatives += outside.map { .prefix($0) }
            }
        }
        return result
    }
}
