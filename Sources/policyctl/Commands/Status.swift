import ArgumentParser
import PolicyAPI

/// `policyctl status`
struct Status: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Shows what is enforced where, and how full the tables are.")

    @OptionGroup var format: FormatOptions
    @OptionGroup var color: ColorOptions
    @OptionGroup var daemon: DaemonOptions

    func run() async throws {
        let status: StatusMessage = try await daemon.client.get(API.status)
        try format.output.print(status) { StatusText(status, color.palette).text }
    }
}

/// The daemon's health for people.
struct StatusText {
    let status: StatusMessage
    let palette: Palette

    init(_ status: StatusMessage, _ palette: Palette) {
        self.status = status
        self.palette = palette
    }

    var text: String {
        var lines: [(String, String)] = []
        if let revision = status.revision {
            lines.append(("revision", "\(palette.strong("\(revision.number)"))  \(revision.created)  \(revision.origin)"))
        } else {
            lines.append(("revision", palette.warning("none: no policy is in force")))
        }
        if let confirmation = status.confirmation {
            let what = "revision \(confirmation.revision) \(confirmation.consequence), unless confirmed: policyctl confirm"
            lines.append(("waiting", palette.warning(what)))
        }
        let counts = status.counts
        lines.append(
            (
                "holds",
                [
                    Shown.counted(counts.policies, "policy", plural: "policies"), Shown.counted(counts.rules, "rule"),
                    Shown.counted(counts.sets, "set"), Shown.counted(counts.entries, "entry", plural: "entries"),
                ].joined(separator: ", ")
            ))
        lines.append(("folder", "\(status.folder.path): \(folderText)"))
        lines.append(
            (
                "daemon",
                "\(status.daemon.version), pid \(status.daemon.pid), since \(status.daemon.started)"
                    + "\(status.daemon.adopted ? ", adopted what was enforced" : ""), \(Shown.bytes(status.daemon.memoryBytes))"
            ))
        lines.append(("events", eventsText))
        var text = ""
        for (name, value) in lines {
            text += name + String(repeating: " ", count: 10 - name.count) + value + "\n"
        }
        for difference in status.folder.differences.prefix(20) { text += "          \(difference)\n" }
        for warning in status.warnings { text += palette.warning("warning   ") + warning + "\n" }
        return text + "\n" + interfaces + reasons + maps
    }

    private var folderText: String {
        switch status.folder.state {
        case .same: palette.allowed("in force")
        case .differs: palette.warning("differs from what is in force")
        case .absent: "absent or empty"
        case .invalid: palette.warning("invalid")
        }
    }

    private var eventsText: String {
        let events = status.events
        var lost = "none lost"
        if events.lostInKernel + events.lostToFollowers > 0 {
            lost = palette.warning(
                "\(Shown.count(events.lostInKernel)) lost in the kernel, \(Shown.count(events.lostToFollowers)) lost to slow followers")
        }
        let followers = Shown.counted(events.followers, "follower")
        return "\(Shown.count(events.received)) received, \(lost), \(followers), \(Shown.count(events.kept)) kept"
    }

    private var interfaces: String {
        var table = Table("INTERFACE", .number("INDEX"), "ATTACHED", "XDP", "STATE")
        for interface in status.interfaces {
            let xdp = interface.xdp ?? (interface.xdpFailure == nil ? "off" : "refused")
            table.rows.append([interface.name, "\(interface.index)", interface.attachment, xdp, interface.failure ?? "protected"])
        }
        for name in status.awaited { table.rows.append([name, "-", "-", "-", "does not exist; protected when it appears"]) }
        return table.rows.isEmpty ? palette.warning("no interface is protected") + "\n" : table.text
    }

    private var reasons: String {
        let seen = status.reasons.filter { $0.packets > 0 }
        guard !seen.isEmpty else { return "" }
        var table = Table("NO RULE, BUT", .number("PACKETS"), .number("BYTES"))
        for reason in seen { table.rows.append([reason.reason, Shown.count(reason.packets), Shown.count(reason.bytes)]) }
        return "\n" + table.text
    }

    private var maps: String {
        guard !status.maps.isEmpty else { return "" }
        var table = Table("TABLE", .number("USED"), .number("OF"), .number("MEMORY"), .number("PUSHED OUT"))
        for map in status.maps {
            let use = map.limit > 0 ? [Shown.count(map.entries), Shown.count(map.limit)] : ["-", "-"]
            table.rows.append([map.name] + use + [map.bytes.map { Shown.bytes($0) } ?? "-", map.evicted.map { Shown.count($0) } ?? "-"])
        }
        return "\n" + table.text
    }
}
