internal import PolicyModel

/// Of the values of a range the one to show, and how unpleasant it is: 0 is what people expect to see.
enum PleasantValues {
    private static func range(_ text: String) -> ClosedRange<UInt128>? {
        CIDR(text).map { $0.lower.value...$0.upper.value }
    }

    /// Where to look for an address first: made for documentation, then what hosts have.
    private static let addresses: [IPAddress.Family: [ClosedRange<UInt128>]] = [
        .v4: ["192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24"].compactMap(range),
        .v6: ["2001:db8::/32"].compactMap(range),
    ]
    private static let unicast: [IPAddress.Family: [ClosedRange<UInt128>]] = [
        .v4: [
            "1.0.0.0/8", "2.0.0.0/7", "4.0.0.0/6", "8.0.0.0/5", "16.0.0.0/4", "32.0.0.0/3", "64.0.0.0/3", "96.0.0.0/4", "112.0.0.0/5",
            "120.0.0.0/6", "124.0.0.0/7", "126.0.0.0/8", "128.0.0.0/2", "192.0.0.0/3",
        ].compactMap(range),
        .v6: ["2000::/3", "fc00::/7", "fe80::/10"].compactMap(range),
    ]

    static func address(_ family: IPAddress.Family) -> (ClosedRange<UInt128>) -> (value: UInt128, score: Int32) {
        let preferred = [addresses[family] ?? [], unicast[family] ?? []]
        return { range in
            for (score, parts) in preferred.enumerated() {
                for part in parts where part.overlaps(range) {
                    let common = range.clamped(to: part)
                    return (inner(common), Int32(score))
                }
            }
            return (inner(range), 2)
        }
    }

    /// The second address: the first is the network's own, if it is not the only one.
    private static func inner(_ range: ClosedRange<UInt128>) -> UInt128 {
        range.lowerBound < range.upperBound && range.lowerBound % 2 == 0 ? range.lowerBound + 1 : range.lowerBound
    }

    /// A port that a client speaks from.
    static func sourcePort(_ range: ClosedRange<UInt128>) -> (value: UInt128, score: Int32) {
        if range.contains(40_000) { return (40_000, 0) }
        if range.upperBound >= 1024 { return (max(range.lowerBound, 1024), 1) }
        return range.upperBound > 0 ? (max(range.lowerBound, 1), 2) : (0, 3)
    }

    /// A protocol with its destination port, or its type and code.
    static func transport(_ family: IPAddress.Family) -> (ClosedRange<UInt128>) -> (value: UInt128, score: Int32) {
        let icmp = UInt128(ProtocolMatch.icmpNumber(family))
        let echo: UInt128 = family == .v4 ? 8 : 128
        let (tcp, udp): (UInt128, UInt128) = (6 << 16, 17 << 16)
        let common: [UInt128] = [tcp | 443, tcp | 80, tcp | 22, udp | 53, tcp | 8080, icmp << 16 | echo << 8]
        return { range in
            if let value = common.first(where: range.contains) { return (value, 0) }
            let shown = range.lowerBound < range.upperBound && range.lowerBound & 0xFFFF == 0 ? range.lowerBound + 1 : range.lowerBound
            switch shown >> 16 {
            case 6, 17: return (shown, shown & 0xFFFF == 0 ? 2 : 1)
            case icmp, 47, 50, 132: return (shown, 2)
            default: return (range.lowerBound, 3)
            }
        }
    }
}
