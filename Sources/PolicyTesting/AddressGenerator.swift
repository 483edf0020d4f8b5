import PolicyModel

/// Makes prefixes that meet: nested, adjacent, equal, and at both ends of the address space.
struct AddressGenerator: Sendable {
    private var random: SplitMix64
    private var pool: [CIDR] = []

    init(seed: UInt64) {
        random = SplitMix64(seed: seed)
    }

    /// Forgets the prefixes made so far; those made next are related to one another.
    mutating func startPool() {
        let texts = [
            "0.0.0.0/0", "10.0.0.0/8", "10.1.2.0/24", "192.0.2.0/25", "192.0.2.128/25", "255.255.255.255", "0.0.0.0", "128.0.0.0/1",
            "::/0", "2001:db8::/32", "2001:db8::/64", "2001:db8::1", "::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "fe80::/10",
            "::ffff:0:0/96", "2001:db8:0:0:8000::/65",
        ]
        pool = texts.compactMap { CIDR($0) }.shuffled(using: &random)
        pool.removeLast(Int.random(in: 0..<pool.count, using: &random))
    }

    /// A prefix that is often related to an earlier one.
    mutating func prefix() -> CIDR {
        let near = random.pick(pool, otherwise: .all(.v4))
        let made: CIDR
        switch Int.random(in: 0..<10, using: &random) {
        case 0, 1: return near
        case 2: made = CIDR(near.address, length: near.length - Int.random(in: 1...9, using: &random))
        case 3, 4: made = CIDR(address(in: near), length: near.length + Int.random(in: 1...20, using: &random))
        case 5, 6: made = sibling(near)
        case 7: made = CIDR(address(in: near))
        default:
            let family: IPAddress.Family = random.oneIn(2) ? .v4 : .v6
            made = CIDR(anyAddress(family), length: .random(in: 0...family.bitWidth, using: &random))
        }
        pool.append(made)
        return made
    }

    /// The prefix that together with this one is the next wider.
    private func sibling(_ prefix: CIDR) -> CIDR {
        guard prefix.length > 0 else { return prefix }
        let bit = UInt128(1) << UInt128(prefix.family.bitWidth - prefix.length)
        return CIDR(IPAddress(family: prefix.family, value: prefix.address.value ^ bit), length: prefix.length)
    }

    /// An address of the prefix, often its first or last.
    mutating func address(in prefix: CIDR) -> IPAddress {
        switch Int.random(in: 0..<4, using: &random) {
        case 0: return prefix.lower
        case 1: return prefix.upper
        default:
            let free = prefix.upper.value ^ prefix.lower.value
            return IPAddress(family: prefix.family, value: prefix.lower.value | (anyAddress(prefix.family).value & free))
        }
    }

    /// An address in the prefix, or the one right before or behind it.
    mutating func address(near prefix: CIDR) -> IPAddress {
        switch Int.random(in: 0..<6, using: &random) {
        case 0: IPAddress(family: prefix.family, value: prefix.lower.value &- 1)
        case 1: IPAddress(family: prefix.family, value: prefix.upper.value &+ 1)
        default: address(in: prefix)
        }
    }

    mutating func anyAddress(_ family: IPAddress.Family) -> IPAddress {
        IPAddress(family: family, value: .random(in: 0...UInt128.max, using: &random))
    }
}
