internal import PolicyModel

/// A point in time, in nanoseconds since 1970-01-01T00:00:00Z, written as RFC 3339 in UTC.
///
/// Its text always carries nine digits of fraction, so that texts sort as times do.
public struct Timestamp: Sendable, Hashable, Comparable {
    /// Nanoseconds since 1970-01-01T00:00:00Z, without leap seconds.
    public var nanoseconds: Int64

    public init(nanoseconds: Int64) {
        self.nanoseconds = nanoseconds
    }

    public static func < (a: Timestamp, b: Timestamp) -> Bool { a.nanoseconds < b.nanoseconds }

    /// The time this many nanoseconds later, held at the ends of what can be told.
    public func advanced(byNanoseconds n: Int64) -> Timestamp {
        let (sum, overflow) = nanoseconds.addingReportingOverflow(n)
        return Timestamp(nanoseconds: overflow ? (n > 0 ? .max : .min) : sum)
    }

    /// The time this much later, held at the ends of what can be told.
    public func advanced(by duration: Duration) -> Timestamp {
        let (seconds, attoseconds) = duration.components
        let (scaled, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        guard !overflow else { return Timestamp(nanoseconds: seconds > 0 ? .max : .min) }
        return advanced(byNanoseconds: scaled).advanced(byNanoseconds: attoseconds / 1_000_000_000)
    }
}

extension Timestamp: CustomStringConvertible {
    /// RFC 3339 with nanoseconds, in UTC: `2026-11-21T09:51:36.000000001Z`.
    public var description: String {
        var writer = TimestampWriter()
        var bytes: [UInt8] = []
        writer.append(self, to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Reads RFC 3339 with an optional fraction of up to nine digits and a zone of `Z` or `±hh:mm`.
    public init?(_ text: some StringProtocol) {
        guard let time = RFC3339(text) else { return nil }
        let (scaled, overflow) = time.seconds.multipliedReportingOverflow(by: 1_000_000_000)
        guard !overflow else { return nil }
        self.init(nanoseconds: scaled + time.nanoseconds)
    }
}

extension Timestamp: Codable {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let value = Timestamp(text) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "'\(text)' is not a time in RFC 3339")
        }
        self = value
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

/// Writes times as RFC 3339, remembering the second it wrote last: events come by the thousand within one.
public struct TimestampWriter: Sendable {
    private var second: Int64 = .min
    private var text: [UInt8] = []

    public init() {}

    /// Appends the time's text, thirty bytes.
    public mutating func append(_ time: Timestamp, to bytes: inout [UInt8]) {
        let (quotient, remainder) = time.nanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
        let whole = remainder < 0 ? quotient - 1 : quotient
        var fraction = remainder < 0 ? remainder + 1_000_000_000 : remainder
        if whole != second || text.isEmpty {
            remember(whole)
        }
        bytes.append(contentsOf: text)
        var place: Int64 = 100_000_000
        while place > 0 {
            bytes.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: fraction / place))
            fraction %= place
            place /= 10
        }
        bytes.append(UInt8(ascii: "Z"))
    }

    private mutating func remember(_ whole: Int64) {
        second = whole
        let days = whole >= 0 ? whole / 86_400 : (whole - 86_399) / 86_400
        let rest = whole - days * 86_400
        let date = CivilDate(daysSinceEpoch: days)
        text.removeAll(keepingCapacity: true)

        func put(_ value: Int64, _ count: Int) {
            var place: Int64 = 1
            for _ in 1..<count { place *= 10 }
            var left = value
            for _ in 0..<count {
                text.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: left / place % 10))
                left %= place
                place = max(place / 10, 1)
            }
        }
        put(date.year, 4)
        text.append(UInt8(ascii: "-"))
        put(date.month, 2)
        text.append(UInt8(ascii: "-"))
        put(date.day, 2)
        text.append(UInt8(ascii: "T"))
        put(rest / 3_600, 2)
        text.append(UInt8(ascii: ":"))
        put(rest / 60 % 60, 2)
        text.append(UInt8(ascii: ":"))
        put(rest % 60, 2)
        text.append(UInt8(ascii: "."))
    }
}
