/// A record's way into text, worked out once for its type: a list of steps, each of which writes what stands before a value, and the value.
struct RecordPlan: Sendable {
    var steps: [Step] = []
    /// The bytes of all prefixes, one after the other.
    var literals: [UInt8] = []
    /// The names of enums, each sorted by value.
    var enumerations: [[Name]] = []
    /// What stands behind the last value.
    var suffix = LiteralRange()
    /// How many bytes a record's text has, as a rule at most: without escapes and without elements of arrays that have no size.
    private(set) var expectedCount = 0

    /// A piece of `literals`.
    struct LiteralRange: Sendable {
        var start = 0
        var count = 0
    }

    /// The name of an enum's value.
    struct Name: Sendable {
        var value: UInt64
        var literal: LiteralRange
    }

    /// What is done with the bytes of a value.
    enum Operation: UInt8, Sendable {
        /// Nothing: only what stands before.
        case none
        case unsigned, signed, networkOrder, hexadecimal, boolean
        case wideUnsigned, wideSigned
        case unsignedBits, signedBits, booleanBits
        case float, double
        case enumeration, enumerationBits
        case text, bytes
        case ipv4, ipv6, mac
        case bootTime, monotonicTime, realTime, duration
        /// The steps behind it, once for each element.
        case loop
    }

    struct Step: Sendable {
        var operation: Operation
        /// What is written before the value.
        var prefix: LiteralRange
        /// Where the value begins, in bytes from the record's or the element's beginning.
        var offset: Int
        /// How many bytes it has; for a loop those of an element.
        var size: Int
        /// Of a loop the number of elements, below 0 for as many as there are, as of text and bytes; of bit-fields the first bit; of enums 1
        /// if values may be negative.
        var count = 0
        /// Of a loop the number of steps that are repeated; of bit-fields the number of bits.
        var span = 0
        /// Of enums the place in `enumerations`; of addresses where the family lies, or below 0.
        var table = -1
        /// Of addresses the size of the family.
        var familySize = 0
    }

    /// How records are written.
    enum Style: Sendable {
        case json, line
    }
}

extension RecordPlan {
    mutating func estimate() {
        expectedCount = min(Self.mostExpected, estimate(0..<steps.count) + suffix.count)
    }

    private static let mostExpected = 1 << 16

    private func estimate(_ range: Range<Int>) -> Int {
        var total = 0
        var index = range.lowerBound
        while index < range.upperBound {
            let step = steps[index]
            index += 1
            total += step.prefix.count
            switch step.operation {
            case .none: break
            case .loop:
                let body = estimate(index..<(index + step.span)) + 1
                total += min(Self.mostExpected, max(step.count, 0)) * body
                index += step.span
            case .text: total += step.size + 2
            case .bytes: total += 2 * step.size + 2
            case .enumeration, .enumerationBits: total += RecordWriter.widest + (enumerations[step.table].map(\.literal.count).max() ?? 0)
            default: total += RecordWriter.widest
            }
            total = min(total, Self.mostExpected)
        }
        return total
    }
}
