import PolicyModel

/// The policy that the table's packets are judged by: for each kind of packet one rule that allows it from and to the first half of the
/// peers, and one that denies it from and to the other half. A packet that the rules judge as of a kind meets that kind's rule with both.
enum PacketPolicy {
    /// What a packet is to the rules.
    enum Kind: Hashable, Sendable {
        /// To port 80.
        case tcp
        case udp
        case sctp
        case echoRequest
        case icmpError
        case otherICMP
        /// By the number in the IP header, without ports.
        case number(UInt8)
        /// None of those.
        case other

        /// The name of the rule that allows it; the other is `no-` this one.
        var ruleName: String {
            switch self {
            case .tcp: "tcp"
            case .udp: "udp"
            case .sctp: "sctp"
            case .echoRequest: "echo-request"
            case .icmpError: "icmp-error"
            case .otherICMP: "icmp"
            case .number(let number): "protocol-\(number)"
            case .other: "rest"
            }
        }

        /// How docs/packets.md says it.
        var text: String {
            switch self {
            case .tcp: "TCP and its ports"
            case .udp: "UDP and its ports"
            case .sctp: "SCTP and its ports"
            case .echoRequest: "an ICMP echo request"
            case .icmpError: "an ICMP message of its type"
            case .otherICMP: "an ICMP message of its type"
            case .number(let number): "protocol \(number)"
            case .other: "whatever it is"
            }
        }
    }

    static let numbers: [UInt8] = [0, 1, 2, 4, 33, 41, 46, 47, 50, 51, 58, 59, 89, 103, 108, 112, 115, 135, 136, 137, 139, 140, 253, 255]
    private static let kinds: [Kind] = [.tcp, .udp, .sctp, .echoRequest, .icmpError, .otherICMP] + numbers.map { .number($0) } + [.other]

    /// Peers that the policy allows, and those it denies.
    static let allowed = ["10.1.0.0/16", "2001:db8:1::/48"]
    static let denied = ["10.2.0.0/16", "2001:db8:2::/48"]

    static var policy: HostPolicy {
        let rules = kinds.flatMap { kind in
            [
                rule(kind, kind.ruleName, .allow, allowed.compactMap { CIDR($0) }),
                rule(kind, "no-\(kind.ruleName)", .deny, denied.compactMap { CIDR($0) }),
            ]
        }
        // Peers of neither half: a packet whose addresses were read wrongly.
        let strays = Rule(name: "stray", action: .deny, log: .all)
        return HostPolicy(name: "packets", ingress: rules + [strays], egress: rules + [strays])
    }

    private static func rule(_ kind: Kind, _ name: String, _ action: PolicyModel.Action, _ peers: [CIDR]) -> Rule {
        var rule = Rule(name: name, action: action, remote: AddressMatch(peers.map { .prefix($0) }), log: .all)
        switch kind {
        case .tcp: (rule.protocols, rule.ports) = ([.tcp], [PortRange(80)])
        case .udp: (rule.protocols, rule.ports) = ([.udp], [PortRange(80)])
        case .sctp: (rule.protocols, rule.ports) = ([.sctp], [PortRange(80)])
        case .echoRequest: rule.icmp = [message(8, 128)]
        case .icmpError: rule.icmp = [message(3, 1), message(4, 2), message(5, nil), message(11, 3), message(12, 4)]
        case .otherICMP: rule.protocols = [.icmp]
        case .number(let number): rule.protocols = [.number(number)]
        case .other: break
        }
        return rule
    }

    private static func message(_ four: UInt8, _ six: UInt8?) -> ICMPMatch {
        ICMPMatch("\(four)", v4: .init(type: four), v6: six.map { .init(type: $0) })
    }
}
