/// Object files broken in every way, each known by its number.
struct ObjectMutator {
    /// A sound object and the parts of its file that say something about the rest.
    struct Original {
        var name: String
        var bytes: [UInt8]
        /// The header, the table of sections, and each section: small parts are broken as often as large ones.
        var parts: [Range<Int>]

        init(name: String, bytes: [UInt8]) {
            self.name = name
            self.bytes = bytes
            func number(_ offset: Int, _ width: Int) -> Int {
                (0..<width).reduce(0) { $0 | Int(bytes[offset + $1]) << (8 * $1) }
            }
            let (table, count) = (number(40, 8), number(60, 2))
            parts = [0..<64, table..<(table + 64 * count)]
            for section in 1..<count {
                let header = table + section * 64
                let (type, offset, size) = (number(header + 4, 4), number(header + 24, 8), number(header + 32, 8))
                if type != 8, size > 0 { parts.append(offset..<(offset + size)) }
            }
        }
    }

    var originals: [Original]
    var seed: UInt64

    /// The object of a number, and what it was made of.
    func object(_ number: Int) -> (name: String, bytes: [UInt8]) {
        var random = SplitMix64(state: seed ^ UInt64(number) &* 0x9e37_79b9_7f4a_7c15)
        let original = originals[number % originals.count]
        var bytes = original.bytes
        let changes = [1, 1, 1, 2, 3, 8].randomElement(using: &random) ?? 1
        for _ in 0..<changes { Self.change(&bytes, original.parts, &random) }
        if Int.random(in: 0..<40, using: &random) == 0 { bytes.removeLast(Int.random(in: 0...bytes.count, using: &random)) }
        return (original.name, bytes)
    }

    private static func change(_ bytes: inout [UInt8], _ parts: [Range<Int>], _ random: inout SplitMix64) {
        guard let part = parts.randomElement(using: &random), !part.isEmpty, part.upperBound <= bytes.count else { return }
        var place = Int.random(in: part, using: &random)
        if Bool.random(using: &random) { place = part.lowerBound + (place - part.lowerBound) / 4 * 4 }
        func put(_ value: UInt64, _ width: Int) {
            for index in 0..<width where place + index < part.upperBound {
                bytes[place + index] = UInt8(truncatingIfNeeded: value >> (8 * UInt64(index)))
            }
        }
        func value(_ width: Int) -> UInt64 {
            (0..<width).reduce(0) { $0 | (place + $1 < part.upperBound ? UInt64(bytes[place + $1]) : 0) << (8 * UInt64($1)) }
        }
        let width = [1, 2, 4, 8].randomElement(using: &random) ?? 4
        switch Int.random(in: 0..<7, using: &random) {
        case 0: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
        case 1: bytes[place] = .random(in: 0...255, using: &random)
        case 2:
            let all: [UInt64] = [0, 1, 0x7f, 0xff, 0x7fff, 0xffff, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff, .max, .max >> 1, 1 << 63]
            put(all.randomElement(using: &random) ?? 0, width)
        case 3: put(value(width) &+ .random(in: 1...16, using: &random), width)
        case 4: put(value(width) &- .random(in: 1...16, using: &random), width)
        case 5: put(UInt64(bytes.count) &- .random(in: 0...64, using: &random), width)
        default:
            // A piece of the same part in place of another.
            let length = min(Int.random(in: 1...24, using: &random), part.upperBound - place)
            let from = Int.random(in: part.lowerBound...(part.upperBound - length), using: &random)
            bytes.replaceSubrange(place..<(place + length), with: Array(bytes[from..<(from + length)]))
        }
    }
}

/// Steele, Lea and Flood's generator: the same numbers from the same seed, on every machine.
struct SplitMix64: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ mixed >> 27) &* 0x94d0_49bb_1331_11eb
        return mixed ^ mixed >> 31
    }
}
