import ArgumentParser
import PolicyAPI

extension ProbeCommand {
    /// `policyctl probe list`
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Lists the probes that are loaded.")

        @OptionGroup var format: FormatOptions
        @OptionGroup var daemon: DaemonOptions

        func run() async throws {
            let probes: [ProbeMessage] = try await daemon.client.get(API.probes)
            try format.output.print(probes) { ProbeText.table(probes) }
        }
    }

    /// `policyctl probe unload`
    struct Unload: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Takes probes out of the kernel, and of what comes back after a restart.")

        @Argument(help: ArgumentHelp("Names of probes.", valueName: "NAME")) var names: [String]
        @OptionGroup var format: FormatOptions
        @OptionGroup var daemon: DaemonOptions

        func run() async throws {
            var changes: [ProbeChangeMessage] = []
            do {
                for name in names { changes.append(try await daemon.client.delete("\(API.probes)/\(name)")) }
            } catch {
                if !changes.isEmpty { try changes.report(format.output) }
                throw error
            }
            if try !changes.report(format.output) { throw CommandFailure(.refused) }
        }
    }
}

extension [ProbeChangeMessage] {
    /// Prints them, and says what of them could not be done.
    ///
    /// - Returns: Whether all is as was asked.
    @discardableResult
    func report(_ format: Format) throws -> Bool {
        try format.print(self) { ProbeText.changes(self) }
        for change in self {
            for warning in change.warnings { complain("policyctl: probe \(change.probe.name): \(warning)") }
        }
        return allSatisfy(\.warnings.isEmpty)
    }
}

/// Probes in words for people.
enum ProbeText {
    static func table(_ probes: [ProbeMessage]) -> String {
        var table = Table(
            "PROBE", "OBJECT", .number("PROGRAMS"), .number("ATTACHED"), .number("EVENTS"), .number("LOST"), .number("MEMORY"), "PERSISTS",
            "LOADED")
        for probe in probes {
            let events = probe.events
            table.rows.append([
                probe.name, probe.object, "\(probe.programs.count { $0.leftOut == nil })",
                "\(probe.programs.reduce(0) { $0 + $1.attached.count })",
                Shown.count(events.received), Shown.count(events.lostInKernel + events.lostToLimit + events.lostToFollowers),
                Shown.bytes(probe.memoryBytes), probe.persist ? "yes" : "no", Shown.time(probe.loaded),
            ])
        }
        return table.text + probes.flatMap { probe in probe.warnings.map { "warning: probe \(probe.name): \($0)\n" } }.joined()
    }

    static func changes(_ changes: [ProbeChangeMessage]) -> String { changes.map(text).joined() }

    private static func text(_ change: ProbeChangeMessage) -> String {
        let probe = change.probe
        let time = "in \(Shown.duration(microseconds: change.microseconds))"
        let size =
            "\(Shown.counted(probe.programs.count { $0.leftOut == nil }, "program")), \(Shown.counted(probe.maps.count, "map")), "
            + Shown.bytes(probe.memoryBytes)
        switch change.outcome {
        case .unloaded:
            let events = probe.events
            return "unloaded probe \(probe.name) \(time): \(Shown.counted(events.received, "event")), "
                + "\(Shown.count(events.lostInKernel + events.lostToLimit)) lost\n"
        case .unchanged: return "probe \(probe.name) is loaded already, with the same document and object\n"
        case .checked: return "probe \(probe.name) would be loaded: \(size)\n" + leftOut(probe) + warnings(probe)
        case .loaded, .replaced:
            let verb = change.outcome == .loaded ? "loaded" : "replaced"
            var text = "\(verb) probe \(probe.name) \(time): \(size)\n"
            for program in probe.programs {
                for target in program.attached { text += "  \(program.name) at \(target)\n" }
            }
            return text + leftOut(probe) + warnings(probe)
        }
    }

    private static func warnings(_ probe: ProbeMessage) -> String { probe.warnings.map { "  warning: \($0)\n" }.joined() }

    private static func leftOut(_ probe: ProbeMessage) -> String {
        probe.programs.compactMap { program in program.leftOut.map { "  without \(program.name): \($0)\n" } }.joined()
    }
}
