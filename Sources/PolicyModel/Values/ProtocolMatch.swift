/// The protocols that a rule names.
public enum ProtocolMatch: Hashable, Sendable {
    /// The protocol with this number, in either family: 6 is TCP.
    case number(UInt8)
    /// ICMP on IPv4 and ICMPv6 on IPv6.
    case icmp
    /// ICMP, on IPv4 only.
    case icmpv4
    /// ICMPv6, on IPv6 only.
    case icmpv6

    /// TCP, 6.
    public static let tcp = ProtocolMatch.number(6)
    /// UDP, 17.
    public static let udp = ProtocolMatch.number(17)
    /// SCTP, 132.
    public static let sctp = ProtocolMatch.number(132)

    /// Whether a packet of the family whose transport protocol has this number is meant.
    public func matches(_ number: UInt8, family: IPAddress.Family) -> Bool {
        switch self {
        case .number(let own): number == own
        case .icmp: number == Self.icmpNumber(family)
        case .icmpv4: family == .v4 && number == 1
        case .icmpv6: family == .v6 && number == 58
        }
    }

    /// Whether this is a protocol with ports: TCP, UDP or SCTP.
    public var hasPorts: Bool {
        if case .number(let number) = self { Self.hasPorts(number) } else { false }
    }

    /// Whether this is one of the three ICMP forms that take types.
    public var isICMP: Bool {
        switch self {
        case .number: false
        case .icmp, .icmpv4, .icmpv6: true
        }
    }

    /// Whether the protocol with this number has ports that rules match: 6, 17, 132.
    public static func hasPorts(_ number: UInt8) -> Bool {
        number == 6 || number == 17 || number == 132
    }

    /// The number of the family's ICMP: 1 or 58.
    public static func icmpNumber(_ family: IPAddress.Family) -> UInt8 {
        family == .v4 ? 1 : 58
    }
}

extension ProtocolMatch: CustomStringConvertible {
    /// The name, or the number where there is no name: what a document says.
    public var description: String {
        switch self {
        case .number(let number): ProtocolName.name(of: number) ?? "\(number)"
        case .icmp: "icmp"
        case .icmpv4: "icmpv4"
        case .icmpv6: "icmpv6"
        }
    }
}

/// The names of protocol numbers, as IANA and `/etc/protocols` have them.
///
/// The three forms of ICMP are not here: `icmp` in a policy is no number.
public enum ProtocolName {
    static let numbers: [(name: String, number: UInt8)] = [
        ("igmp", 2), ("ipip", 4), ("tcp", 6), ("egp", 8), ("udp", 17), ("dccp", 33), ("ipv6", 41), ("rsvp", 46),
        ("gre", 47), ("esp", 50), ("ah", 51), ("eigrp", 88), ("ospf", 89), ("pim", 103), ("ipcomp", 108),
        ("vrrp", 112), ("l2tp", 115), ("sctp", 132), ("udplite", 136),
    ]

    /// The number of a name; nil for a name that is not known.
    public static func number(of name: some StringProtocol) -> UInt8? {
        let name = name.lowercased()
        return numbers.first { $0.name == name }?.number
    }

    /// The name of a number; nil for one that has none here.
    public static func name(of number: UInt8) -> String? {
        numbers.first { $0.number == number }?.name
    }

    /// The name to show for a packet's protocol number: also `icmp` for 1 and `icmpv6` for 58.
    public static func display(_ number: UInt8) -> String {
        switch number {
        case 1: "icmp"
        case 58: "icmpv6"
        default: name(of: number) ?? "\(number)"
        }
    }
}
