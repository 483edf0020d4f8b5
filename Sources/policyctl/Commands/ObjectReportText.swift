import Probes

/// A report on an object for people.
struct ObjectReportText {
    private let report: ObjectReport
    private let palette: Palette

    init(_ report: ObjectReport, _ palette: Palette) {
        self.report = report
        self.palette = palette
    }

    var text: String {
        let license = report.license.isEmpty ? "no license" : "license \(report.license)"
        var parts = ["\(palette.strong(report.name)): \(Shown.bytes(report.bytes)), \(license)\n"]
        if !report.programs.isEmpty { parts.append(programs) }
        if !report.maps.isEmpty { parts.append(maps) }
        if !report.globals.isEmpty { parts.append(globals) }
        if !report.types.isEmpty { parts.append(types) }
        if !report.notes.isEmpty { parts.append(report.notes.map { palette.faint($0) + "\n" }.joined()) }
        parts.append(refusals)
        return parts.joined(separator: "\n")
    }

    private var programs: String {
        var table = Table("PROGRAM", "TYPE", "SECTION", "ATTACHES TO", .number("INSTRUCTIONS"), "CALLS")
        for program in report.programs {
            let section = program.isLoadedByDefault ? program.section : "?\(program.section)"
            table.rows.append([
                program.name, program.type, section, program.attach ?? "-", Shown.count(program.instructions),
                Self.list(program.helpers + program.kernelFunctions, most: 4),
            ])
        }
        return table.text
    }

    private var maps: String {
        var table = Table("MAP", "TYPE", .number("KEY"), .number("VALUE"), .number("MAX ENTRIES"))
        for map in report.maps {
            table.rows.append([map.name, map.type, "\(map.keySize)", "\(map.valueSize)", Shown.count(map.maxEntries)])
        }
        return table.text
    }

    private var globals: String {
        var table = Table("GLOBAL", "TYPE", .number("SIZE"), "SECTION")
        for global in report.globals { table.rows.append([global.name, global.type, "\(global.size)", global.section]) }
        return table.text
    }

    private var types: String {
        var table = Table("TYPE", .number("SIZE"), "MEMBERS")
        for type in report.types {
            let members = type.fields.map { $0.name.isEmpty ? $0.type : $0.name } + type.values.map(\.name)
            table.rows.append([type.name, "\(type.size)", Self.list(members, most: 6)])
        }
        return table.text
    }

    private var refusals: String {
        if report.refusals.isEmpty { return palette.allowed("nothing is known that this host would refuse") + "\n" }
        return palette.denied("this host would refuse") + "\n"
            + report.refusals.map { "  \($0.subject): \($0.reason.replacing("\n", with: "\n    "))\n" }.joined()
    }

    /// Some words of a list, and how many there are beside.
    private static func list(_ words: [String], most: Int) -> String {
        let rest = words.count > most + 1 ? words.count - most : 0
        let shown = rest > 0 ? words.prefix(most) : words[...]
        return shown.isEmpty ? "-" : shown.joined(separator: ", ") + (rest > 0 ? " and \(rest) more" : "")
    }
}
