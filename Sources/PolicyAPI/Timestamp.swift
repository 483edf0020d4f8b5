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
        var digits = Array(text.utf8)[...]

        func number(_ count: Int) -> Int64? {
            guard digits.count >= count else { return nil }
            var value: Int64 = 0
            for byte in digits.prefix(count) {
                guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") else { return nil }
                value = value * 10 + Int64(byte - UInt8(ascii: "0"))
            }
            digits = digits.dropFirst(count)
            return value
        }
        func skip(_ allowed: UInt8...) -> UInt8? {
            guard let first = digits.first, allowed.contains(first) else { return nil }
            digits = digits.dropFirst()
            return first
        }

        guard let year = number(4), skip(UInt8(ascii: "-")) != nil, let month = number(2), (1...12).contains(month),
            skip(UInt8(ascii: "-")) != nil, let day = number(2), (1...31).contains(day),
            skip(UInt8(ascii: "T"), UInt8(ascii: "t"), UInt8(ascii: " ")) != nil,
            let hour = number(2), hour < 24, skip(UInt8(ascii: ":")) != nil,
            let minute = number(2), minute < 60, skip(UInt8(ascii: ":")) != nil,
            let second = number(2), second < 60
        else { return nil }

        var fraction: Int64 = 0
        if skip(UInt8(ascii: ".")) != nil {
            var place: Int64 = 100_000_000
            var any = false
            while let digit = number(1) {
                guard place > 0 else { return nil }
                fraction += digit * place
                place /= 10
                any = true
            }
            guard any else { return nil }
        }

        var offset: Int64 = 0
        switch skip(UInt8(ascii: "Z"), UInt8(ascii: "z"), UInt8(ascii: "+"), UInt8(ascii: "-")) {
        case nil: return nil
        case UInt8(ascii: "Z"), UInt8(ascii: "z"): break
        case let sign:
            guard let hours = number(2), skip(UInt8(ascii: ":")) != nil, let minutes = number(2), minutes < 60 else { return nil }
            offset = (hours * 60 + minutes) * 60 * (sign == UInt8(ascii: "-") ? -1 : 1)
        }
        guard digits.isEmpty else { return nil }

        let days = CivilDate(year: year, month: month, day: day).daysSinceEpoch
        guard CivilDate(daysSinceEpoch: days) == CivilDate(year: year, month: month, day: day) else { return nil }
        let seconds = days * 86_400 + hour * 3_600 + minute * 60 + second - offset
        let (scaled, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        guard !overflow else { return nil }
        self.init(nanoseconds: scaled + fraction)
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

/// A day of the proleptic Gregorian calendar.
struct CivilDate: Hashable {
    var year: Int64
    var month: Int64
    var day: Int64

    init(year: Int64, month: Int64, day: Int64) {
        self.year = year
        self.month = month
        self.day = day
    }

    /// The day this many days after 1970-01-01. Years are counted from March, so that the leap day is the last of its year.
    init(daysSinceEpoch days: Int64) {
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let marchMonth = (5 * dayOfYear + 2) / 153
        day = dayOfYear - (153 * marchMonth + 2) / 5 + 1
        month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
        year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    }

    var daysSinceEpoch: Int64 {
        let marchYear = month <= 2 ? year - 1 : year
        let era = (marchYear >= 0 ? marchYear : marchYear - 399) / 400
        let yearOfEra = marchYear - era * 400
        let marchMonth = month > 2 ? month - 3 : month + 9
        let dayOfYear = (153 * marchMonth + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
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
