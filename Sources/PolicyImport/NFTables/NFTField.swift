internal import PolicyModel

/// A field of packets that rules of nftables compare.
enum NFTField {
    case source(IPAddress.Family)
    case destination(IPAddress.Family)
    case sourcePort(Ranges?)
    case destinationPort(Ranges?)
    case `protocol`(Families)
    case family
    case interface
    case state
    case icmpType(IPAddress.Family)
    case icmpCode(IPAddress.Family)

    /// The field that an expression names.
    init(_ node: JSONNode) throws(Inexpressible) {
        guard let (key, value) = node.single else { throw Inexpressible("policies have no \(node.compact(limit: 60))") }
        switch key {
        case "payload":
            guard let name = value["protocol"]?.text, let field = value["field"]?.text else {
                throw Inexpressible("policies look at no bytes of packets")
            }
            self = try Self.payload(name, field)
        case "meta":
            let name = value["key"]?.text ?? ""
            switch name {
            case "iif", "iifname", "oif", "oifname": self = .interface
            case "l4proto": self = .protocol(.both)
            case "nfproto", "protocol": self = .family
            default: throw Inexpressible("policies have no 'meta \(name)'")
            }
        case "ct":
            let name = value["key"]?.text ?? ""
            guard name == "state", value["dir"] == nil else { throw Inexpressible("policies have no 'ct \(name)'") }
            self = .state
        default: throw Inexpressible("policies have no '\(key)'")
        }
    }

    private static func payload(_ name: String, _ field: String) throws(Inexpressible) -> NFTField {
        switch (name, field) {
        case ("ip", "saddr"): return .source(.v4)
        case ("ip", "daddr"): return .destination(.v4)
        case ("ip6", "saddr"): return .source(.v6)
        case ("ip6", "daddr"): return .destination(.v6)
        case ("ip", "protocol"): return .protocol(.v4)
        case ("ip6", "nexthdr"): throw Inexpressible("ip6 nexthdr is the first header only; policies match the protocol behind all of them")
        case ("icmp", "type"): return .icmpType(.v4)
        case ("icmp", "code"): return .icmpCode(.v4)
        case ("icmpv6", "type"): return .icmpType(.v6)
        case ("icmpv6", "code"): return .icmpCode(.v6)
        case ("th", "sport"): return .sourcePort(nil)
        case ("th", "dport"): return .destinationPort(nil)
        case (_, "sport"), (_, "dport"):
            let number = Ranges.numbers([try Vocabulary.protocolNumber(name)])
            return field == "sport" ? .sourcePort(number) : .destinationPort(number)
        default: throw Inexpressible("policies have no '\(name) \(field)'")
        }
    }

    /// A field of addresses, to read entries with.
    static func addresses(_ family: IPAddress.Family) -> NFTField { .source(family) }

    /// The family of a set's type.
    static func family(ofType type: String) -> IPAddress.Family? {
        switch type {
        case "ipv4_addr": .v4
        case "ipv6_addr": .v6
        default: nil
        }
    }

    /// The number of bits of the field's values, where they are numbers.
    private var bits: Int {
        switch self {
        case .source(let family), .destination(let family): family.bitWidth
        case .sourcePort, .destinationPort: 16
        case .protocol, .icmpType, .icmpCode: 8
        case .family, .interface, .state: 0
        }
    }

    /// The numbers that a value stands for: one, a range, a prefix or a list of these.
    func ranges(_ node: JSONNode) throws(Inexpressible) -> Ranges {
        var parts: [ClosedRange<UInt128>] = []
        for leaf in Self.leaves(node) { parts.append(try range(leaf)) }
        return Ranges(parts, bits: bits)
    }

    /// The single values of a list, set or element.
    static func leaves(_ node: JSONNode) -> [JSONNode] {
        if let list = node.list { return list.flatMap { leaves($0) } }
        switch node.single {
        case ("set", let value)?: return leaves(value)
        case ("elem", let value)?: return value["val"].map { leaves($0) } ?? [node]
        default: return [node]
        }
    }

    private func range(_ node: JSONNode) throws(Inexpressible) -> ClosedRange<UInt128> {
        switch node.single {
        case ("range", let ends)?:
            guard let list = ends.list, list.count == 2 else { break }
            let (lower, upper) = (try range(list[0]), try range(list[1]))
            guard lower.lowerBound <= upper.upperBound else { break }
            return lower.lowerBound...upper.upperBound
        case ("prefix", let value)?:
            guard let address = value["addr"]?.text, let length = value["len"]?.integer else { break }
            return try number("\(address)/\(length)")
        default:
            if let text = node.text { return try number(text) }
            if case .number(let text) = node.content { return try number(text) }
        }
        throw Inexpressible("policies cannot say the value \(node.compact(limit: 60))")
    }

    /// The names that nft prints for codes, which are those of destination-unreachable.
    private static func codes(_ family: IPAddress.Family) -> [String: UInt128] {
        switch family {
        case .v4:
            [
                "net-unreachable": 0, "host-unreachable": 1, "prot-unreachable": 2, "port-unreachable": 3, "frag-needed": 4,
                "net-prohibited": 9, "host-prohibited": 10, "admin-prohibited": 13,
            ]
        case .v6:
            ["no-route": 0, "admin-prohibited": 1, "addr-unreachable": 3, "port-unreachable": 4, "policy-fail": 5, "reject-route": 6]
        }
    }

    private func number(_ text: String) throws(Inexpressible) -> ClosedRange<UInt128> {
        switch self {
        case .source(let family), .destination(let family):
            let prefix = try Vocabulary.prefix(text)
            guard prefix.family == family else { throw Inexpressible("'\(text)' is of the other address family") }
            return prefix.lower.number...prefix.upper.number
        case .sourcePort, .destinationPort:
            let port = try Vocabulary.port(text)
            return port...port
        case .protocol:
            let number = UInt128(try Vocabulary.protocolNumber(text))
            return number...number
        case .icmpType(let family):
            let row = try Vocabulary.icmp(text, family)
            return row.lowerBound >> 8...row.lowerBound >> 8
        case .icmpCode(let family):
            if let number = UInt8(text) { return UInt128(number)...UInt128(number) }
            guard let code = Self.codes(family)[text] else { throw Inexpressible("'\(text)' is not an ICMP code that is known here") }
            return code...code
        case .family, .interface, .state:
            throw Inexpressible("policies cannot say the value '\(text)'")
        }
    }
}
