import PolicyModel
import PolicyTesting

/// A host's rules in the way they are mostly written, for policyd and for its peers alike: each denies a network and a port or a range of
/// them. They come from no list; the traffic that goes with them matches hardly one, so that whoever walks rules walks them all.
struct HostRules {
    struct Entry {
        var address: UInt32
        var length: Int
        var `protocol`: String
        var ports: ClosedRange<UInt16>

        var network: String { CIDR(IPAddress(v4: address), length: length).description }
    }

    let entries: [Entry]
    private var random: SplitMix64

    /// The ports that traffic goes to, and that rules are about.
    static let ports: [UInt16] = (0..<16).map { 9_000 + $0 * 7 }
    /// The host's address: 192.0.2.1.
    static let host: UInt32 = 0xC000_0201

    /// Which ports rules are about: those of the traffic, or any.
    enum Ports { case common, any }

    init(_ count: Int, ports: Ports = .common, seed: UInt64 = 5) {
        var random = SplitMix64(seed: seed)
        entries = (0..<count).map { _ in
            let length = random.pick([32, 32, 32, 28, 24, 24, 22, 20], otherwise: 24)
            let port = ports == .any ? UInt16.random(in: 1...60_000, using: &random) : random.pick(Self.ports, otherwise: 80)
            return Entry(
                address: Self.address(&random) & ~UInt32(0) << UInt32(32 - length), length: length,
                protocol: random.pick(["udp", "udp", "tcp"], otherwise: "tcp"),
                ports: random.next() % 4 == 0 ? port...port + 20 : port...port)
        }
        self.random = random
    }

    /// Traffic from anywhere to the host's ports: UDP.
    func flows(_ count: Int) -> [Flow] {
        var random = random
        return (0..<count).map { _ in
            let port = UInt16.random(in: 1_024 ... .max, using: &random)
            return Flow(Self.address(&random), port, Self.host, random.pick(Self.ports, otherwise: 80), protocol: 17)
        }
    }

    /// An address out of 20.0.0.0 to 119.255.255.255: nothing there is special to the kernel.
    static func address(_ random: inout SplitMix64) -> UInt32 { .random(in: 20 << 24...(120 << 24) - 1, using: &random) }

    /// So many different addresses as a list file, a line each.
    static func list(_ count: Int) -> [UInt32] {
        var random = SplitMix64(seed: 11)
        var seen = Set<UInt32>(minimumCapacity: count)
        while seen.count < count { seen.insert(address(&random)) }
        return seen.sorted()
    }

    static func text(_ addresses: [UInt32]) -> String {
        var text = ""
        text.reserveCapacity(addresses.count * 16)
        for address in addresses {
            text += "\(address >> 24).\(address >> 16 & 255).\(address >> 8 & 255).\(address & 255)\n"
        }
        return text
    }

    // MARK: The same in everybody's language

    /// As documents of policyd.
    /// - Parameter listed: A file of addresses to deny first, as a set.
    func yaml(listed: String? = nil) -> String {
        var text = "apiVersion: policyd/v1\nkind: HostPolicy\nmetadata: { name: host }\nspec:\n  ingress:\n"
        if listed != nil { text += "    - { name: listed, action: deny, from: [\"set:listed\"], log: none }\n" }
        for (index, entry) in entries.enumerated() {
            text += "    - { name: r\(index), action: deny, protocol: \(entry.protocol), ports: [\(Self.range(entry.ports, "-"))], "
            text += "from: [\(entry.network)], log: none }\n"
        }
        if entries.isEmpty, listed == nil { text += "    - { name: none, action: deny, protocol: sctp, ports: [1], log: none }\n" }
        guard let listed else { return text }
        return text + "---\napiVersion: policyd/v1\nkind: AddressSet\nmetadata: { name: listed }\nspec: { files: [\(listed)] }\n"
    }

    /// As rules of nftables one after the other, where the input hook has them.
    var nftables: String {
        NFTables.table(
            rules: entries.map { "ip saddr \($0.network) \($0.protocol) dport \(Self.range($0.ports, "-")) drop" }.joined(separator: "\n"))
    }

    /// For iptables-restore.
    var iptables: String {
        "*filter\n:INPUT ACCEPT [0:0]\n"
            + entries.map { "-A INPUT -s \($0.network) -p \($0.protocol) --dport \(Self.range($0.ports, ":")) -j DROP\n" }.joined()
            + "COMMIT\n"
    }

    private static func range(_ ports: ClosedRange<UInt16>, _ sign: String) -> String {
        ports.count == 1 ? "\(ports.lowerBound)" : "\(ports.lowerBound)\(sign)\(ports.upperBound)"
    }
}

/// Rule sets of nftables.
enum NFTables {
    static func table(sets: String = "", rules: String) -> String {
        "table inet bench {\n\(sets)\nchain input { type filter hook input priority 0; policy accept;\n\(rules)\n}\n}\n"
    }

    /// A set of prefixes, as address lists are loaded; elements are given a line each.
    static func set(_ addresses: String) -> String {
        table(
            sets: "set listed { type ipv4_addr; flags interval; elements = {\n\(commas(addresses))\n} }",
            rules: "ip saddr @listed drop")
    }

    /// A verdict map of the same.
    static func verdictMap(_ addresses: String) -> String {
        table(
            sets: "map listed { type ipv4_addr : verdict; flags interval; elements = {\n\(commas(addresses, " : drop"))\n} }",
            rules: "ip saddr vmap @listed")
    }

    private static func commas(_ lines: String, _ ending: String = "") -> String {
        lines.split(separator: "\n").map { "\($0)\(ending)" }.joined(separator: ",\n")
    }
}
