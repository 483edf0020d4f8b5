internal import PolicyModel

/// Protocols with their ports, and messages of ICMP, in one order: places in it are counted by where what rules name begins and ends.
struct TransportOrder: Sendable {
    let family: IPAddress.Family
    /// How many places there are.
    private(set) var count = 0
    /// By protocol, the place of its first value, and where the others begin. Protocols that no rule can tell apart share a place.
    private var first: [Int] = []
    private var cuts: [[UInt16]] = []
    /// The protocols that rules can tell from others, and of the others the first.
    private(set) var numbers: [UInt8] = []

    init(_ matches: TransportMatches, _ family: IPAddress.Family) {
        self.family = family
        let apart = matches.apart
        first = Array(repeating: 0, count: 256)
        cuts = Array(repeating: [0], count: 256)
        var other: UInt8?
        for number in UInt8.min...UInt8.max {
            if !apart.contains(number) {
                if let other {
                    first[Int(number)] = first[Int(other)]
                    continue
                }
                other = number
            }
            numbers.append(number)
            var cuts: Set<UInt16> = [0]
            for match in matches.all {
                for range in match.ranges(number, family) ?? [] {
                    cuts.insert(range.lowerBound)
                    if range.upperBound < .max { cuts.insert(range.upperBound + 1) }
                }
            }
            self.cuts[Int(number)] = cuts.sorted()
            first[Int(number)] = count
            count += cuts.count
        }
    }

    /// The place of a protocol and port.
    func place(_ number: UInt8, _ port: UInt16) -> Int {
        let cuts = cuts[Int(number)]
        var (low, high) = (0, cuts.count)
        while high - low > 1 {
            let middle = (low + high) / 2
            if cuts[middle] <= port { low = middle } else { high = middle }
        }
        return first[Int(number)] + low
    }

    /// The places that satisfy a match, as few ranges as there can be; there are fewer than 65,536 places, or none are asked for.
    func places(of match: TransportMatch) -> [ClosedRange<UInt16>] {
        var all: [ClosedRange<Int>] = []
        for number in numbers {
            for range in match.ranges(number, family) ?? [] {
                all.append(place(number, range.lowerBound)...place(number, range.upperBound))
            }
        }
        all.sort { $0.lowerBound < $1.lowerBound }
        var merged: [ClosedRange<UInt16>] = []
        for range in all {
            let range = UInt16(truncatingIfNeeded: range.lowerBound)...UInt16(truncatingIfNeeded: range.upperBound)
            if let last = merged.last, Int(range.lowerBound) <= Int(last.upperBound) + 1 {
                merged[merged.count - 1] = last.lowerBound...max(last.upperBound, range.upperBound)
            } else {
                merged.append(range)
            }
        }
        return merged
    }
}

extension ICMPMatch {
    /// The values of type and code, one byte each, that are the message in a family.
    func values(_ family: IPAddress.Family) -> ClosedRange<UInt16>? {
        message(family).map { message in
            let type = UInt16(message.type) << 8
            return message.code.map { type | UInt16($0)...type | UInt16($0) } ?? type...type | 255
        }
    }
}
