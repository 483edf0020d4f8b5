extension ReferenceEvaluator {
    /// A field of a rule or policy that can keep a packet from matching.
    public enum Field: String, Hashable, Sendable, Codable {
        case expires
        case interfaces
        case `protocol`
        case ports
        case sourcePorts
        case icmp
        /// `from` or `to`.
        case remote
        case local
    }

    /// The first field of the policy itself that does not match; nil if the packet is for the policy.
    func mismatch(_ policy: HostPolicy, _ packet: Packet) -> Field? {
        (policy.interfaces ?? .all).matches(packet.interface) ? nil : .interfaces
    }

    /// The first field of the rule that does not match; nil if the rule matches.
    func mismatch(_ rule: Rule, _ packet: Packet, at time: Instant) -> Field? {
        if rule.hasExpired(at: time) { return .expires }
        if let interfaces = rule.interfaces, !interfaces.matches(packet.interface) { return .interfaces }
        if !rule.protocols.isEmpty, !rule.protocols.contains(where: { $0.matches(packet.protocol, family: packet.family) }) {
            return .protocol
        }
        if !rule.ports.isEmpty, !(packet.hasPorts && rule.ports.contains { $0.contains(packet.destinationPort) }) {
            return .ports
        }
        if !rule.sourcePorts.isEmpty, !(packet.hasPorts && rule.sourcePorts.contains { $0.contains(packet.sourcePort) }) {
            return .sourcePorts
        }
        if !rule.icmp.isEmpty, !(packet.isICMP && rule.icmp.contains { matches($0, packet) }) { return .icmp }
        if !matches(rule.remote, packet.remote) { return .remote }
        if !matches(rule.local, packet.local) { return .local }
        return nil
    }

    private func matches(_ message: ICMPMatch, _ packet: Packet) -> Bool {
        message.matches(family: packet.family, type: packet.icmpType, code: packet.icmpCode)
    }

    func matches(_ match: AddressMatch, _ address: IPAddress) -> Bool {
        (match.positives.isEmpty || match.positives.contains { matches($0, address) })
            && !match.negatives.contains { matches($0, address) }
    }

    func matches(_ term: AddressTerm, _ address: IPAddress) -> Bool {
        switch term {
        case .any: true
        case .prefix(let prefix): prefix.contains(address)
        case .set(let name): policySet.contains(set: name, address)
        }
    }
}
