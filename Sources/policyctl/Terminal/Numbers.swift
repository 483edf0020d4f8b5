import PolicyAPI
import PolicyModel

/// Numbers and times for people.
enum Shown {
    /// A point in time to the second: `2026-11-21T09:51:36Z`.
    static func time(_ time: Timestamp) -> String { time.description.prefix(19) + "Z" }

    /// An address with its port, if there is one: `192.0.2.1:80`, `[2001:db8::1]:80`.
    static func endpoint(_ address: IPAddress, _ port: UInt16?) -> String {
        guard let port else { return address.description }
        return address.family == .v6 ? "[\(address)]:\(port)" : "\(address):\(port)"
    }

    /// A count with a mark between thousands: `1,234,567`.
    static func count(_ value: some BinaryInteger) -> String {
        let digits = Array(String(value))
        var text = ""
        for (position, digit) in digits.enumerated() {
            let left = digits.count - position
            if position > 0, left % 3 == 0, digits[position - 1] != "-" { text.append(",") }
            text.append(digit)
        }
        return text
    }

    /// A number of bytes in the unit it is below 1,024 of.
    static func bytes(_ value: some BinaryInteger) -> String {
        var amount = Double(value)
        for unit in ["B", "KiB", "MiB", "GiB"] {
            if amount < 1024 { return unit == "B" ? "\(value) B" : "\(tenths(amount)) \(unit)" }
            amount /= 1024
        }
        return "\(tenths(amount)) TiB"
    }

    /// Microseconds as seconds, milliseconds or microseconds.
    static func duration(microseconds: Int) -> String {
        switch microseconds {
        case ..<1_000: "\(microseconds) µs"
        case ..<1_000_000: "\(tenths(Double(microseconds) / 1_000)) ms"
        default: "\(tenths(Double(microseconds) / 1_000_000)) s"
        }
    }

    /// Seconds as `3d 4h`, `2h 10m`, `5m 3s` or `12s`.
    static func age(seconds: Int) -> String {
        switch seconds {
        case ..<60: "\(max(0, seconds))s"
        case ..<3_600: "\(seconds / 60)m \(seconds % 60)s"
        case ..<86_400: "\(seconds / 3_600)h \(seconds % 3_600 / 60)m"
        default: "\(seconds / 86_400)d \(seconds % 86_400 / 3_600)h"
        }
    }

    /// A noun with its number: `1 rule`, `2 rules`.
    static func counted(_ number: Int, _ noun: String, plural: String? = nil) -> String {
        "\(count(number)) \(number == 1 ? noun : plural ?? noun + "s")"
    }

    private static func tenths(_ value: Double) -> String {
        let scaled = Int((value * 10).rounded())
        return scaled % 10 == 0 ? "\(scaled / 10)" : "\(scaled / 10).\(scaled % 10)"
    }
}
