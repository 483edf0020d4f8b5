/// Class numbers by 128-bit sums of random numbers, which stand for sets: two sets agree by chance once in 10^38.
struct SumTable {
    private var sums: [UInt128] = []
    private var numbers: [UInt32] = []
    private var count = 0

    private static let free = UInt32.max

    subscript(sum: UInt128) -> UInt32? {
        get {
            guard !numbers.isEmpty else { return nil }
            let number = numbers[place(of: sum)]
            return number == Self.free ? nil : number
        }
        set {
            guard let newValue else { return }
            if 2 * count >= numbers.count { grow() }
            let place = place(of: sum)
            if numbers[place] == Self.free { count += 1 }
            sums[place] = sum
            numbers[place] = newValue
        }
    }

    /// Where a sum is, or belongs. The sums are random already: their low bits are as good as any hash.
    private func place(of sum: UInt128) -> Int {
        let mask = numbers.count - 1
        var place = Int(truncatingIfNeeded: sum) & mask
        while numbers[place] != Self.free, sums[place] != sum { place = (place + 1) & mask }
        return place
    }

    private mutating func grow() {
        let old = (sums, numbers)
        sums = Array(repeating: 0, count: max(64, 2 * old.1.count))
        numbers = Array(repeating: Self.free, count: sums.count)
        for (sum, number) in zip(old.0, old.1) where number != Self.free {
            let place = place(of: sum)
            sums[place] = sum
            numbers[place] = number
        }
    }
}

/// The random number that stands for one of a set's members: Steele, Lea and Flood's generator at a place of its sequence.
func mark(_ index: Int) -> UInt128 {
    func mixed(_ place: UInt64) -> UInt64 {
        var z = (place &+ 1) &* 0x9e37_79b9_7f4a_7c15
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
    let place = UInt64(truncatingIfNeeded: index) &* 2
    return UInt128(mixed(place)) << 64 | UInt128(mixed(place &+ 1))
}
