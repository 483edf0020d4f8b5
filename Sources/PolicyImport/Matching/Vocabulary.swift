internal import PolicyModel

/// A part of a rule that no policy can say, in a clause.
struct Inexpressible: Error {
    var reason: String

    init(_ reason: String) { self.reason = reason }
}

/// The words and numbers that rules of all formats have in common.
enum Vocabulary {
    /// A protocol by name or number.
    static func protocolNumber(_ text: some StringProtocol) throws(Inexpressible) -> UInt8 {
        if let number = UInt8(text) ?? ProtocolName.number(of: text) { return number }
        switch text.lowercased() {
        case "icmp": return 1
        case "ipv6-icmp", "icmpv6", "icmp6": return 58
        case "ipencap": return 4
        case "ip": return 0
        case "ipv6-opts": return 60
        case "ipv6-frag": return 44
        case "ipv6-route": return 43
        default: throw Inexpressible("protocol '\(text)' is not known")
        }
    }

    /// Services that rules name. `iptables-save` and `nft -j` print numbers, people write names.
    private static let services: [String: UInt16] = [
        "ftp-data": 20, "ftp": 21, "ssh": 22, "telnet": 23, "smtp": 25, "time": 37, "domain": 53, "bootps": 67, "bootpc": 68, "tftp": 69,
        "http": 80, "www": 80, "kerberos": 88, "pop3": 110, "sunrpc": 111, "auth": 113, "ntp": 123, "netbios-ns": 137,
        "netbios-dgm": 138, "netbios-ssn": 139, "imap2": 143, "imap": 143, "snmp": 161, "snmp-trap": 162, "bgp": 179, "ldap": 389,
        "https": 443, "microsoft-ds": 445, "submissions": 465, "isakmp": 500, "syslog": 514, "submission": 587, "ldaps": 636,
        "imaps": 993, "pop3s": 995, "openvpn": 1194, "mysql": 3306, "ms-wbt-server": 3389, "nfs": 2049, "ipsec-nat-t": 4500,
        "sip": 5060, "sip-tls": 5061, "mdns": 5353, "postgresql": 5432, "redis": 6379, "http-alt": 8080,
    ]

    /// A port by number or by a service's name.
    static func port(_ text: some StringProtocol) throws(Inexpressible) -> UInt128 {
        if let number = UInt16(text) ?? services[text.lowercased()] { return UInt128(number) }
        throw Inexpressible("'\(text)' is neither a port nor a service that is known here")
    }

    /// A port or a range, its ends parted by `separator`; an end that is left out is the first or the last port.
    static func ports(_ text: some StringProtocol, separator: Character) throws(Inexpressible) -> ClosedRange<UInt128> {
        let ends = text.split(separator: separator, maxSplits: 1, omittingEmptySubsequences: false)
        // Services have names with '-' in them.
        guard ends.count == 2, services[text.lowercased()] == nil else {
            let port = try port(text)
            return port...port
        }
        let lower = ends[0].isEmpty ? 0 : try port(ends[0])
        let upper = ends[1].isEmpty ? 65535 : try port(ends[1])
        guard lower <= upper else { throw Inexpressible("'\(text)' is not a range of ports") }
        return lower...upper
    }

    /// An address, a prefix, or an address with a netmask; bits behind the length are dropped, as iptables does.
    static func prefix(_ text: some StringProtocol) throws(Inexpressible) -> CIDR {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let first = parts.first, let address = IPAddress(first) else { throw Inexpressible("'\(text)' is not an address") }
        guard parts.count == 2 else { return CIDR(address) }
        if let length = Int(parts[1]), (0...address.family.bitWidth).contains(length) { return CIDR(address, length: length) }
        guard let mask = IPAddress(parts[1]), mask.family == address.family else {
            throw Inexpressible("'\(text)' is not a prefix")
        }
        let length = (0...address.family.bitWidth).first { CIDR(IPAddress(family: mask.family, value: ~0), length: $0).address == mask }
        guard let length else { throw Inexpressible("the mask of '\(text)' is not a prefix length") }
        return CIDR(address, length: length)
    }

    /// `192.0.2.1-192.0.2.9`
    static func addressRange(_ text: some StringProtocol) throws(Inexpressible) -> (IPAddress.Family, ClosedRange<UInt128>) {
        let ends = text.split(separator: "-", maxSplits: 1)
        guard let lower = ends.first.flatMap({ IPAddress($0) }), let upper = ends.last.flatMap({ IPAddress($0) }),
            lower.family == upper.family, lower.number <= upper.number
        else { throw Inexpressible("'\(text)' is not a range of addresses") }
        return (lower.family, lower.number...upper.number)
    }

    private static let otherMessages: [(name: String, IPAddress.Family, type: UInt8, code: UInt8?)] = [
        ("ping", .v4, 8, nil), ("pong", .v4, 0, nil), ("ping", .v6, 128, nil), ("pong", .v6, 129, nil), ("ttl-exceeded", .v4, 11, nil),
        ("ttl-zero-during-transit", .v4, 11, 0), ("ttl-zero-during-reassembly", .v4, 11, 1), ("host-redirect", .v4, 5, 1),
        ("network-redirect", .v4, 5, 0), ("communication-prohibited", .v4, 3, 13), ("communication-prohibited", .v6, 1, 1),
        ("ttl-exceeded", .v6, 3, nil), ("neighbour-solicitation", .v6, 135, nil), ("neighbour-advertisement", .v6, 136, nil),
        ("nd-neighbor-solicit", .v6, 135, nil), ("nd-neighbor-advert", .v6, 136, nil), ("nd-router-advert", .v6, 134, nil),
        ("nd-router-solicit", .v6, 133, nil), ("nd-redirect", .v6, 137, nil), ("bad-header", .v6, 4, 0),
        ("mld-listener-reduction", .v6, 132, nil), ("ind-neighbor-solicit", .v6, 141, nil), ("ind-neighbor-advert", .v6, 142, nil),
    ]

    /// The messages that a type, `type/code` or a name stands for.
    static func icmp(_ text: some StringProtocol, _ family: IPAddress.Family) throws(Inexpressible) -> ClosedRange<UInt128> {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let first = parts.first else { throw Inexpressible("an ICMP message is missing") }
        func message(_ type: UInt8, _ code: UInt8?) -> ClosedRange<UInt128> {
            let row = UInt128(type) << 8
            return code.map { (row | UInt128($0))...(row | UInt128($0)) } ?? row...(row | 255)
        }
        if let type = UInt8(first) {
            guard parts.count == 2 else { return message(type, nil) }
            if let code = UInt8(parts[1]) { return message(type, code) }
        } else if parts.count == 1 {
            if let entry = (ICMPName.messages + ICMPName.codes).first(where: { $0.name == text }),
                let found = family == .v4 ? entry.v4 : entry.v6
            {
                return message(found.type, found.code)
            }
            if let entry = otherMessages.first(where: { $0.name == text && $0.1 == family }) { return message(entry.type, entry.code) }
        }
        throw Inexpressible("'\(text)' is not an ICMP message that is known here")
    }
}
