import Foundation

/// Numbers for people.
enum Format {
    /// About three digits, thousands apart: `0.62`, `41.3`, `1,250`, `1,250,000`.
    static func short(_ value: Double) -> String {
        let size = abs(value)
        if size >= 100 || value == value.rounded() { return thousands(Int(value.rounded())) }
        return String(format: size >= 10 ? "%.1f" : size >= 0.1 ? "%.2f" : "%.3f", value)
    }

    static func thousands(_ value: Int) -> String {
        var digits = String(abs(value))
        var parts: [String] = []
        while digits.count > 3 {
            parts.insert(String(digits.suffix(3)), at: 0)
            digits.removeLast(3)
        }
        parts.insert(digits, at: 0)
        return (value < 0 ? "-" : "") + parts.joined(separator: ",")
    }

    /// A size on an axis: `10`, `1k`, `100k`, `1M`.
    static func tick(_ value: Double) -> String {
        if value >= 1e6 { return "\(short(value / 1e6))M" }
        if value >= 1e3 { return "\(short(value / 1e3))k" }
        return short(value)
    }

    /// Left-aligned to a width, in characters.
    static func pad(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }
}

/// What several measurements of the same thing come to.
struct Sample {
    private let sorted: [Double]

    init(_ values: [Double]) { sorted = values.sorted() }

    var mean: Double { sorted.isEmpty ? .nan : sorted.reduce(0, +) / Double(sorted.count) }
    var median: Double { quantile(0.5) }

    /// The value that so much of the sample is not above.
    func quantile(_ share: Double) -> Double {
        guard !sorted.isEmpty else { return .nan }
        return sorted[min(sorted.count - 1, Int(Double(sorted.count) * share))]
    }

    /// The mean of all but the largest hundredth: an interrupt is not the program's doing.
    var calmMean: Double { Sample(Array(sorted.prefix(max(1, sorted.count * 99 / 100)))).mean }
}
