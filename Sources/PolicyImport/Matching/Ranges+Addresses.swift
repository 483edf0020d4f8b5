internal import PolicyModel

extension Ranges {
    /// The addresses of prefixes of one family.
    init(_ prefixes: [CIDR], _ family: IPAddress.Family) {
        self.init(prefixes.filter { $0.family == family }.map { $0.lower.number...$0.upper.number }, bits: family.bitWidth)
    }

    /// The addresses as prefixes, as few as possible.
    func prefixes(_ family: IPAddress.Family) -> [CIDR] {
        parts.flatMap { part -> [CIDR] in
            var result: [CIDR] = []
            var lower = part.lowerBound
            while true {
                // The largest block that begins here and does not go beyond the end.
                var bits = min(lower == 0 ? family.bitWidth : lower.trailingZeroBitCount, family.bitWidth)
                while bits > 0, last(lower, bits) > part.upperBound { bits -= 1 }
                result.append(CIDR(IPAddress(family: family, value: lower), length: family.bitWidth - bits))
                let end = last(lower, bits)
                guard end < part.upperBound else { return result }
                lower = end + 1
            }
        }
    }

    private func last(_ lower: UInt128, _ bits: Int) -> UInt128 {
        lower | (bits == 128 ? ~UInt128(0) : (UInt128(1) << UInt128(bits)) - 1)
    }
}

extension IPAddress {
    /// The address as a number.
    var number: UInt128 { UInt128(high) << 64 | UInt128(low) }
}
