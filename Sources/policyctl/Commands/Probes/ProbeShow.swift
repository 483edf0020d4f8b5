import ArgumentParser
import PolicyAPI

extension ProbeCommand {
    /// `policyctl probe show`
    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Shows a probe, or what one of its maps holds.",
            discussion: """
                Keys and values are written by the types the object declares. Maps that count powers of two, with 'hist', 'log2' or 'latency' in \
                their names, are drawn as bars.
                """)

        @Argument(help: ArgumentHelp("The probe's name.", valueName: "NAME")) var name: String
        @Argument(help: ArgumentHelp("One of its maps.", valueName: "MAP")) var map: String?
        @Option(name: .long, help: ArgumentHelp("The most entries of a map.", valueName: "N")) var limit = 1_000
        @OptionGroup var format: FormatOptions
        @OptionGroup var daemon: DaemonOptions

        func validate() throws {
            if !(1...1_000_000).contains(limit) { throw ValidationError("--limit \(limit): a number from 1 to 1000000 is expected") }
        }

        func run() async throws {
            guard let map else {
                let probe: ProbeMessage = try await daemon.client.get("\(API.probes)/\(name)")
                try format.output.print(probe) { ProbeText.whole(probe) }
                return
            }
            let contents: ProbeMapContentsMessage = try await daemon.client.get(
                "\(API.probes)/\(name)/maps/\(map)", query: [(name: "limit", value: "\(limit)")])
            try format.output.print(contents) { ProbeMapText(contents).text }
        }
    }
}

extension ProbeText {
    /// All that is to be said of a probe.
    static func whole(_ probe: ProbeMessage) -> String {
        var programs = Table("PROGRAM", "TYPE", "ATTACHED")
        for program in probe.programs {
            let places = program.attached.isEmpty ? "-" : program.attached.joined(separator: ", ")
            programs.rows.append([program.name, program.type, program.leftOut.map { "left out: \($0)" } ?? places])
        }
        var maps = Table("MAP", "TYPE", .number("ENTRIES"), "RECORD")
        for map in probe.maps { maps.rows.append([map.name, map.type, Shown.count(map.maxEntries), map.record ?? "-"]) }
        return table([probe]) + "\n" + programs.text + (probe.maps.isEmpty ? "" : "\n" + maps.text)
    }
}

/// A map's entries for people.
struct ProbeMapText {
    private let contents: ProbeMapContentsMessage
    private static let barWidth = 40

    init(_ contents: ProbeMapContentsMessage) { self.contents = contents }

    var text: String {
        if let counts = powersOfTwo { return bars(counts) }
        var table = Table("KEY", "VALUE")
        table.rows = contents.entries.map { ["\($0.key)", Self.value($0.values)] }
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
