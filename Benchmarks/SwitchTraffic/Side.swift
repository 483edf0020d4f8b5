/// Two policies of which each allows exactly what the other denies.
///
/// Two senders' addresses and two ports of the guarded host make four kinds of datagrams of each family. One side allows the pairs that
/// agree, the other those that cross. Whoever judges by parts of both, by the addresses of one and the ports of the other, or by classes
/// of one and the rules of the other, is found out by one kind or another.
public enum Side: Int, Sendable, CaseIterable {
    case straight
    case crossed

    public var other: Side { self == .straight ? .crossed : .straight }

    /// The policy, as a document. Its rules have the same names on both sides, and so the same counters.
    ///
    /// - Parameter fillers: Rules for other traffic before those that count. With another number on either side the tables are of another
    ///   size, and the same rule lies elsewhere in them.
    public func document(fillers: Int) -> String {
        var lines = [
            "apiVersion: policyd/v1", "kind: HostPolicy", "metadata: { name: sides }", "spec:", "  ingress:",
        ]
        for number in 0..<fillers {
            let action = number % 2 == 0 ? "allow" : "deny"
            lines.append(
                "    - { name: f\(number), action: \(action), log: none, protocol: [udp, tcp], ports: [\(10_000 + number)], "
                    + "from: [10.\(number >> 8).\(number & 255).0/24, \"2001:db8:ff:\(String(number, radix: 16))::/64\"] }")
        }
        for (place, source) in Kind.sources.enumerated() {
            let port = Kind.ports[self == .straight ? place : 1 - place]
            lines.append(
                "    - { name: from\(place), action: allow, log: none, protocol: udp, ports: [\(port)], "
                    + "from: [\(source.prefix4), \"\(source.prefix6)\"] }")
        }
        lines.append("    - { name: rest, action: deny, log: none, protocol: udp }")
        return lines.joined(separator: "\n") + "\n"
    }
}

/// A kind of datagram: what is in it beside the number.
struct Kind {
    var source: Int
    var port: Int
    var isIPv6: Bool

    static let sources = [
        (v4: "198.51.100.1", prefix4: "198.51.100.0/28", v6: "2001:db8:1::1", prefix6: "2001:db8:1::/124"),
        (v4: "203.0.113.1", prefix4: "203.0.113.0/28", v6: "2001:db8:2::1", prefix6: "2001:db8:2::/124"),
    ]
    static let ports: [UInt16] = [7001, 7002]
    static let host = (v4: "192.0.2.1", v6: "2001:db8::1")

    /// In the order in which they are sent. Their number divides 64, so every word of bits has the same pattern.
    static let all: [Kind] = [false, true].flatMap { isIPv6 in
        [0, 1].flatMap { source in [0, 1].map { Kind(source: source, port: $0, isIPv6: isIPv6) } }
    }

    /// Which bits of a word stand for datagrams that a side allows.
    static func allowed(by side: Side) -> UInt64 {
        var word: UInt64 = 0
        for bit in 0..<64 where (all[bit % all.count].source == all[bit % all.count].port) == (side == .straight) { word |= 1 << bit }
        return word
    }
}
