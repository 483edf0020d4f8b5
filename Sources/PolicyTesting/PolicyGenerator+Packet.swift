public import PolicyModel

extension PolicyGenerator {
    /// A packet made to hit, or just miss, a rule of the policy set.
    public mutating func packet(for policySet: PolicySet) -> Packet {
        let direction: Direction = random.oneIn(2) ? .ingress : .egress
        let rule = policySet.rules(direction).randomElement(using: &random)?.rule ?? Rule(name: "", action: .allow)
        let remote = address(rule.remote, policySet)
        var local = address(rule.local, policySet)
        if local.family != remote.family { local = addresses.anyAddress(remote.family) }
        var packet = Packet(
            direction: direction, interface: random.pick(limits.interfaces + ["other9"], otherwise: "eth0"),
            protocol: number(rule, remote.family), source: direction == .ingress ? remote : local,
            destination: direction == .ingress ? local : remote)
        // No IPv6 packet has such a protocol.
        if packet.isExtensionHeader { packet.protocol = 59 }
        if packet.hasPorts {
            packet.destinationPort = port(rule.ports)
            packet.sourcePort = port(rule.sourcePorts)
        } else if packet.isICMP {
            let message = rule.icmp.randomElement(using: &random)?.message(remote.family)
            packet.icmpType = random.oneIn(5) ? .random(in: 0...255, using: &random) : message?.type ?? 8
            packet.icmpCode = random.oneIn(3) ? .random(in: 0...255, using: &random) : message?.code ?? 0
            // Right beside the message, where a code looks like a part of the type.
            if random.oneIn(8) { packet.icmpCode &+= 1 }
            if random.oneIn(8) { packet.icmpType &-= 1 }
        }
        return packet
    }

    private mutating func address(_ match: AddressMatch, _ policySet: PolicySet) -> IPAddress {
        let terms = random.oneIn(4) ? match.negatives : match.positives
        switch terms.randomElement(using: &random) {
        case .prefix(let prefix):
            return addresses.address(near: prefix)
        case .set(let name):
            let entries = policySet.entries(of: name)
            return addresses.address(near: random.pick(entries, otherwise: .all(.v4)))
        case .any, nil:
            return random.oneIn(2) ? addresses.address(near: addresses.prefix()) : addresses.anyAddress(random.oneIn(2) ? .v4 : .v6)
        }
    }

    private mutating func number(_ rule: Rule, _ family: IPAddress.Family) -> UInt8 {
        if random.oneIn(6) { return .random(in: 0...255, using: &random) }
        switch rule.protocols.randomElement(using: &random) {
        case .number(let number): return number
        // Now and then the other family's ICMP, which is not meant.
        case .icmp, .icmpv4, .icmpv6: return random.oneIn(6) ? (family == .v4 ? 58 : 1) : ProtocolMatch.icmpNumber(family)
        case nil:
            if !rule.icmp.isEmpty { return ProtocolMatch.icmpNumber(family) }
            return random.pick([6, 17, 132], otherwise: 6)
        }
    }

    private mutating func port(_ ranges: [PortRange]) -> UInt16 {
        guard let range = ranges.randomElement(using: &random) else { return port() }
        switch Int.random(in: 0..<6, using: &random) {
        case 0: return range.lower &- 1
        case 1: return range.upper &+ 1
        case 2: return range.lower
        case 3: return range.upper
        case 4: return .random(in: range.lower...range.upper, using: &random)
        default: return port()
        }
    }
}
