/// Numbers of a limited width, as sorted ranges that neither overlap nor touch: ports, protocol numbers, addresses.
///
/// Everything a firewall matches is such a set of numbers, and so intersection and complement are exact.
struct Ranges: Hashable, Sendable {
    /// The largest number there is.
    let limit: UInt128
    private(set) var parts: [ClosedRange<UInt128>]

    /// Puts ranges together, in any order, overlapping or not; what is above the limit is left out.
    init(_ parts: [ClosedRange<UInt128>], bits: Int) {
        limit = ~UInt128(0) >> UInt128(128 - bits)
        self.parts = []
        for part in parts.sorted(by: { $0.lowerBound < $1.lowerBound }) where part.lowerBound <= limit {
            let upper = min(part.upperBound, limit)
            if let last = self.parts.last, last.upperBound == limit || part.lowerBound <= last.upperBound + 1 {
                self.parts[self.parts.count - 1] = last.lowerBound...max(last.upperBound, upper)
            } else {
                self.parts.append(part.lowerBound...upper)
            }
        }
    }

    private init(sorted parts: [ClosedRange<UInt128>], limit: UInt128) {
        self.limit = limit
        self.parts = parts
    }

    /// Every number of that width.
    static func all(bits: Int) -> Ranges { Ranges([0...(~UInt128(0) >> UInt128(128 - bits))], bits: bits) }

    /// A few numbers.
    static func numbers(_ numbers: some Sequence<UInt8>) -> Ranges { Ranges(numbers.map { UInt128($0)...UInt128($0) }, bits: 8) }

    var isEmpty: Bool { parts.isEmpty }
    var isAll: Bool { parts == [0...limit] }

    /// How many numbers there are.
    var count: UInt128 { parts.reduce(0) { $0 &+ ($1.upperBound - $1.lowerBound) &+ 1 } }

    func contains(_ number: UInt128) -> Bool { parts.contains { $0.contains(number) } }

    func intersection(_ other: Ranges) -> Ranges {
        if isAll { return other }
        if other.isAll { return self }
        var result: [ClosedRange<UInt128>] = []
        var (one, two) = (0, 0)
        while one < parts.count, two < other.parts.count {
            let (left, right) = (parts[one], other.parts[two])
            let lower = max(left.lowerBound, right.lowerBound)
            let upper = min(left.upperBound, right.upperBound)
            if lower <= upper { result.append(lower...upper) }
            if left.upperBound < right.upperBound { one += 1 } else { two += 1 }
        }
        return Ranges(sorted: result, limit: limit)
    }

    var complement: Ranges {
        var result: [ClosedRange<UInt128>] = []
        var next: UInt128? = 0
        for part in parts {
            if let start = next, start < part.lowerBound { result.append(start...(part.lowerBound - 1)) }
            next = part.upperBound == limit ? nil : part.upperBound + 1
        }
        if let next { result.append(next...limit) }
        return Ranges(sorted: result, limit: limit)
    }

    func subtracting(_ other: Ranges) -> Ranges { intersection(other.complement) }

    func isSuperset(of other: Ranges) -> Bool { isAll || other.intersection(self) == other }
}
