import Glibc
import PolicyAPI
import PolicyModel

/// Events as aligned lines for people: time, verdict, direction, interface, protocol, source → destination, policy/rule, reason.
///
/// Columns begin at a usual width and grow with what comes; they never shrink, so that lines stay below each other.
struct EventColumns {
    private let palette: Palette
    private var interfaceWidth = 6
    // "icmpv6 128/0"
    private var protocolWidth = 12
    private var sourceWidth = 21
    private var destinationWidth = 21
    private var ruleWidth = 20
    private var clock = LocalClock()

    init(_ palette: Palette) {
        self.palette = palette
    }

    /// The line of an event, with its line feed.
    mutating func line(_ line: EventLine) -> String {
        switch line {
        case .verdict(let event): self.line(event)
        case .lost(let loss): self.line(loss)
        }
    }

    private mutating func line(_ loss: LossRecord) -> String {
        palette.faint(clock.text(loss.time)) + "  "
            + palette.warning("lost   \(Shown.count(loss.count)) events: \(loss.place.inWords)") + "\n"
    }

    private mutating func line(_ event: EventRecord) -> String {
        let verdict = event.verdict == .allow ? palette.allowed("allow ") : palette.denied(event.verdict == .deny ? "deny  " : "reject")
        let rule = event.rule.map { "\($0.policy)/\($0.rule)" } ?? "-"
        var reason = event.reason
        if event.count > 1 { reason += " ×\(event.count)" }
        return [
            palette.faint(clock.text(event.time)),
            verdict,
            padded(event.direction.rawValue, to: 7),
            column(event.interface, &interfaceWidth),
            column(protocolText(event), &protocolWidth),
            column(endpoint(event.source, event.sourcePort, event), &sourceWidth) + " → "
                + column(endpoint(event.destination, event.destinationPort, event), &destinationWidth),
            palette.name(column(rule, &ruleWidth)),
            reason,
        ].joined(separator: "  ") + "\n"
    }

    private func protocolText(_ event: EventRecord) -> String {
        let name = ProtocolName.display(event.protocol)
        if event.isICMP { return "\(name) \(event.icmpType)/\(event.icmpCode)" }
        return event.source == nil && event.protocol == 0 ? "-" : name
    }

    private func endpoint(_ address: IPAddress?, _ port: UInt16, _ event: EventRecord) -> String {
        guard let address else { return "-" }
        return Shown.endpoint(address, event.hasPorts ? port : nil)
    }

    private func column(_ text: String, _ width: inout Int) -> String {
        width = max(width, text.utf8.count)
        return padded(text, to: width)
    }

    private func padded(_ text: String, to width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.utf8.count))
    }
}

/// The time of day where the user is, with milliseconds.
struct LocalClock {
    private var second: Int64 = .min
    private var text = ""

    mutating func text(_ time: Timestamp) -> String {
        let (quotient, remainder) = time.nanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
        if quotient != second {
            second = quotient
            var seconds = time_t(quotient)
            var parts = tm()
            localtime_r(&seconds, &parts)
            text = "\(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec))"
        }
        let milliseconds = abs(remainder) / 1_000_000
        return "\(text).\(milliseconds / 100)\(milliseconds / 10 % 10)\(milliseconds % 10)"
    }

    private func two(_ number: CInt) -> String { number < 10 ? "0\(number)" : "\(number)" }
}
