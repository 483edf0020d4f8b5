import PolicyModel

/// A policy set in nftables' words, as far as both can say it: allow and deny, in order, without connections.
///
/// It is written from the two languages' manuals and shares nothing with the compiler: each rule becomes one rule of nftables for each
/// family, protocol, port range, message and address that it lists.
struct NftablesSyntax {
    let policySet: PolicySet
    let interface: String

    /// A file for `nft -f`, which puts its table in the place of the one before.
    var text: String {
        """
        table netdev witness {}
        delete table netdev witness
        table netdev witness {
          chain in {
            type filter hook ingress device "\(interface)" priority 0; policy accept;
        \(rules(.ingress))
          }
          chain out {
            type filter hook egress device "\(interface)" priority 0; policy accept;
        \(rules(.egress))
          }
        }

        """
    }

    private func rules(_ direction: Direction) -> String {
        policySet.rules(direction).flatMap { _, rule in
            IPAddress.Family.allCases.flatMap { rules(rule, direction, $0) }
        }.map { "    \($0)" }.joined(separator: "\n")
    }

    private func rules(_ rule: Rule, _ direction: Direction, _ family: IPAddress.Family) -> [String] {
        let verdict = rule.action == .allow ? "accept" : "drop"
        let sides = direction == .ingress ? ("saddr", "daddr") : ("daddr", "saddr")
        let parts = [transports(rule, family), addresses(rule.remote, family, sides.0), addresses(rule.local, family, sides.1)]
        let start = ["meta protocol \(family == .v4 ? "ip" : "ip6")"]
        let matches = parts.reduce(start) { matches, part in matches.flatMap { match in part.map { "\(match) \($0)" } } }
        return matches.map { "\($0) \(verdict)" }
    }

    /// What may stand for the protocol, ports and messages; an empty text stands for all of them.
    private func transports(_ rule: Rule, _ family: IPAddress.Family) -> [String] {
        let own: UInt8 = family == .v4 ? 1 : 58
        let numbers: [UInt8] = rule.protocols.compactMap { term in
            switch term {
            case .number(let number): number
            case .icmp: own
            case .icmpv4: family == .v4 ? 1 : nil
            case .icmpv6: family == .v6 ? 58 : nil
            }
        }
        let isEvery = rule.protocols.isEmpty
        if !rule.ports.isEmpty || !rule.sourcePorts.isEmpty {
            let names: [(UInt8, String)] = [(6, "tcp"), (17, "udp"), (132, "sctp")]
            return names.filter { isEvery || numbers.contains($0.0) }.flatMap { _, name in
                let destinations = rule.ports.isEmpty ? [""] : rule.ports.map { "\(name) dport \($0)" }
                let sources = rule.sourcePorts.isEmpty ? [""] : rule.sourcePorts.map { "\(name) sport \($0)" }
                return destinations.flatMap { destination in sources.map { "\(destination) \($0)" } }
            }
        }
        if !rule.icmp.isEmpty {
            guard isEvery || numbers.contains(own) else { return [] }
            let name = family == .v4 ? "icmp" : "icmpv6"
            return rule.icmp.compactMap { $0.message(family) }.map { message in
                "\(name) type \(message.type)" + (message.code.map { " \(name) code \($0)" } ?? "")
            }
        }
        return isEvery ? [""] : numbers.map { "meta l4proto \($0)" }
    }

    /// What may stand for an address field; none if no address of the family is meant.
    private func addresses(_ match: AddressMatch, _ family: IPAddress.Family, _ side: String) -> [String] {
        let field = "\(family == .v4 ? "ip" : "ip6") \(side)"
        func prefixes(_ terms: [AddressTerm]) -> [CIDR] {
            terms.flatMap { term in
                switch term {
                case .any: [CIDR.all(family)]
                case .prefix(let prefix): [prefix]
                case .set(let name): policySet.entries(of: name)
                }
            }.filter { $0.family == family }
        }
        let negatives = prefixes(match.negatives)
        // Every address less every address is none.
        if negatives.contains(where: { $0.length == 0 }) { return [] }
        let without = negatives.map { " \(field) != \($0)" }.joined()
        if match.positives.isEmpty { return [without] }
        return prefixes(match.positives).map { ($0.length == 0 ? "" : "\(field) \($0)") + without }
    }
}
