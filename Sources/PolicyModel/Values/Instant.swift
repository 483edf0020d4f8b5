#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// A point in time, in whole seconds: when a rule expires, or for when a packet is judged.
///
/// ```swift
/// let end = Instant("2026-12-31T18:00:00Z")
/// ```
public struct Instant: Hashable, Sendable {
    /// Seconds since 1970-01-01T00:00:00Z, without leap seconds.
    public var seconds: Int64

    public init(seconds: Int64) {
        self.seconds = seconds
    }

    /// The second that has begun, by the machine's clock.
    public static var now: Instant { Instant(seconds: Int64(time(nil))) }

    /// Reads RFC 3339 with a zone of `Z` or `±hh:mm`; a fraction is rounded up to the next whole second.
    public init?(_ text: some StringProtocol) {
        guard let time = RFC3339(text) else { return nil }
        self.init(seconds: time.seconds + (time.nanoseconds > 0 ? 1 : 0))
    }
}

extension Instant: Comparable {
    public static func < (one: Instant, other: Instant) -> Bool { one.seconds < other.seconds }
}

extension Instant: CustomStringConvertible {
    /// RFC 3339 in UTC: `2026-12-31T18:00:00Z`.
    public var description: String {
        let days = seconds >= 0 ? seconds / 86_400 : (seconds - 86_399) / 86_400
        let rest = seconds - days * 86_400
        let date = CivilDate(daysSinceEpoch: days)
        func padded(_ value: Int64, _ count: Int = 2) -> String {
            let digits = "\(value)"
            return String(repeating: "0", count: max(0, count - digits.count)) + digits
        }
        return "\(padded(date.year, 4))-\(padded(date.month))-\(padded(date.day))"
            + "T\(padded(rest / 3_600)):\(padded(rest / 60 % 60)):\(padded(rest % 60))Z"
    }
}

extension Instant: Codable {
    /// Reads the time from its text.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let instant = Instant(text) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "'\(text)' is not a time in RFC 3339")
        }
        self = instant
    }

    /// Writes the time as its text.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
