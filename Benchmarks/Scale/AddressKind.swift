import PolicyModel
import PolicyTesting

/// What the entries of a large set are like.
enum AddressKind: String, CaseIterable {
    case random = "random IPv4 addresses"
    case nested = "nested IPv4 prefixes"
    case dense = "dense IPv4 addresses"
    case networks6 = "IPv6 /64"
    case hosts6 = "IPv6 addresses"

    /// A list file of `count` entries, always the same.
    func list(_ count: Int) -> String {
        var random = SplitMix64(seed: 9)
        var lines: [String] = []
        lines.reserveCapacity(count + 1)
        for index in 0..<count { lines.append(entry(index, &random).description) }
        return lines.joined(separator: "\n") + "\n"
    }

    private func entry(_ index: Int, _ random: inout SplitMix64) -> CIDR {
        switch self {
        case .random: CIDR(IPAddress(v4: .random(in: 0 ... .max, using: &random)))
        case .nested: CIDR(IPAddress(v4: .random(in: 0 ... .max, using: &random)), length: .random(in: 8...32, using: &random))
        // Every second address: nothing melts into larger prefixes.
        case .dense: CIDR(IPAddress(v4: 0x0A00_0000 + 2 * UInt32(index)))
        case .networks6: CIDR(IPAddress(v6: 0x2000_0000_0000_0000 | random.next() >> 3, low: 0), length: 64)
        case .hosts6: CIDR(IPAddress(v6: 0x2000_0000_0000_0000 | random.next() >> 3, low: random.next()))
        }
    }
}
