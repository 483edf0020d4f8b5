/// A time as RFC 3339 writes it: `2026-12-31T18:00:00Z`, `2026-12-31T19:00:00.5+01:00`.
package struct RFC3339: Hashable {
    /// Whole seconds since 1970-01-01T00:00:00Z, without leap seconds.
    package var seconds: Int64
    /// The fraction in nanoseconds, from 0 to 999,999,999.
    package var nanoseconds: Int64
    /// The year as it is written, whatever it is in UTC.
    package var year: Int64

    /// Reads a time with an optional fraction of up to nine digits and a zone of `Z` or `±hh:mm`.
    package init?(_ text: some StringProtocol) {
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
            guard let hours = number(2), skip(UInt8(ascii: ":")) != nil, let minutes = number(2), hours < 24, minutes < 60 else {
                return nil
            }
            offset = (hours * 60 + minutes) * 60 * (sign == UInt8(ascii: "-") ? -1 : 1)
        }
        guard digits.isEmpty else { return nil }

        let days = CivilDate(year: year, month: month, day: day).daysSinceEpoch
        guard CivilDate(daysSinceEpoch: days) == CivilDate(year: year, month: month, day: day) else { return nil }
        seconds = days * 86_400 + hour * 3_600 + minute * 60 + second - offset
        nanoseconds = fraction
        self.year = year
    }
}

/// A day of the proleptic Gregorian calendar.
package struct CivilDate: Hashable {
    package var year: Int64
    package var month: Int64
    package var day: Int64

    package init(year: Int64, month: Int64, day: Int64) {
        self.year = year
        self.month = month
        self.day = day
    }

    /// The day this many days after 1970-01-01. Years are counted from March, so that the leap day is the last of its year.
    package init(daysSinceEpoch days: Int64) {
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

    /// The days since 1970-01-01; for a day that its month does not have, those of a later one.
    package var daysSinceEpoch: Int64 {
        let marchYear = month <= 2 ? year - 1 : year
        let era = (marchYear >= 0 ? marchYear : marchYear - 399) / 400
        let yearOfEra = marchYear - era * 400
        let marchMonth = month > 2 ? month - 3 : month + 9
        let dayOfYear = (153 * marchMonth + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }
}
