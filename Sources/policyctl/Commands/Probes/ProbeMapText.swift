import PolicyAPI

/// A map's entries for people.
struct ProbeMapText {
    private let contents: ProbeMapContentsMessage
    private static let barWidth = 40

    init(_ contents: ProbeMapContentsMessage) { self.contents = contents }

    var text: String {
        if let counts = powersOfTwo { return bars(counts) }
        var table = Table("KEY", "VALUE")
        for entry in contents.entries {
            table.rows.append(["\(entry.key)", entry.values.isEmpty && entry.stacks != nil ? "" : Self.value(entry.values)])
            for stack in entry.stacks ?? [] {
                table.rows.append(["", "  \(stack.field):"])
                table.rows += stack.frames.map { ["", "    \($0.text)"] }
            }
        }
        return table.text
    }

    /// The sum of the processors' values if they are numbers, or of numbers in objects; else all of them.
    private static func value(_ values: [JSONValue]) -> String {
        guard values.count > 1, let first = values.first else { return values.first.map { "\($0)" } ?? "-" }
        if let sum = values.dropFirst().reduce(Optional(first), { sum, value in sum.flatMap { added($0, value) } }) { return "\(sum)" }
        return values.map(\.description).joined(separator: " | ")
    }

    private static func added(_ one: JSONValue, _ other: JSONValue) -> JSONValue? {
        switch (one, other) {
        case (.integer(let one), .integer(let other)): return .integer(one &+ other)
        case (.object(let one), .object(let other)):
            var sum = one
            for (key, value) in other {
                guard let before = sum[key], let added = added(before, value) else { return nil }
                sum[key] = added
            }
            return .object(sum)
        default: return nil
        }
    }

    /// What each power of two was counted, if the map counts those.
    private var powersOfTwo: [UInt64]? {
        let name = contents.name.lowercased()
        guard ["hist", "log2", "latency"].contains(where: name.contains), contents.type.hasSuffix("array"),
            (2...65).contains(contents.entries.count)
        else { return nil }
        var counts: [UInt64] = []
        for entry in contents.entries {
            var sum: UInt64 = 0
            for value in entry.values {
                guard case .integer(let number) = value, number >= 0 else { return nil }
                sum &+= UInt64(number)
            }
            counts.append(sum)
        }
        return counts
    }

    private func bars(_ counts: [UInt64]) -> String {
        guard let first = counts.firstIndex(where: { $0 > 0 }), let last = counts.lastIndex(where: { $0 > 0 }) else {
            return "nothing has been counted in \(contents.name)\n"
        }
        let most = counts.max() ?? 1
        var table = Table(.number("FROM"), .number("BELOW"), .number("COUNT"), "")
        for power in first...last {
            let width = Int((Double(counts[power]) / Double(most) * Double(Self.barWidth)).rounded(.up))
            table.rows.append([
                power == 0 ? "0" : Self.power(power), Self.power(power + 1), Shown.count(counts[power]),
                String(repeating: "▇", count: width),
            ])
        }
        return table.text
    }

    /// 2 to a power below 66.
    private static func power(_ exponent: Int) -> String { Shown.count(UInt128(1) << UInt128(exponent)) }
}
