import Glibc
import PolicyAPI
import PolicyModel
import Testing

@testable import policyctl

@Suite struct EventColumnsTests {
    static let deny = EventRecord(
        time: Timestamp(nanoseconds: 1_795_254_696_123_456_789), verdict: .deny, direction: .ingress, interface: "eth0", protocol: 6,
        source: IPAddress(v4: 0xC000_0207), destination: IPAddress(v4: 0xC000_0201), sourcePort: 40_000, destinationPort: 22,
        rule: RuleName(policy: "web", rule: "rest", tier: .application, location: "web.yaml:14"), reason: "rule", revision: 7)

    static func plain(_ events: EventRecord...) -> [String] {
        var columns = EventColumns(Palette(isOn: false))
        return events.map { columns.line(.verdict($0)) }
    }

    /// The time of day is the reader's; the rest of the line does not depend on where that is.
    static func withoutTime(_ line: String) -> Substring { line.dropFirst(14) }

    @Test func aPlainLineHasItsFieldsInOrderAndNothingElse() throws {
        let line = try #require(Self.plain(Self.deny).first)
        #expect(
            Self.withoutTime(line)
                == "deny    ingress  eth0    tcp           192.0.2.7:40000       → 192.0.2.1:22           web/rest              rule\n")
        #expect(line.prefix(12).wholeMatch(of: /\d\d:\d\d:36\.123/) != nil)
        #expect(!line.contains("\u{1B}"))
    }

    @Test func linesOfBothFamiliesAndDirectionsAreAligned() {
        var other = Self.deny
        other.verdict = .allow
        other.direction = .egress
        other.protocol = 17
        let lines = Self.plain(Self.deny, other)
        #expect(lines[0].firstIndex(of: "→") == lines[1].firstIndex(of: "→"))
        #expect(Self.withoutTime(lines[1]).hasPrefix("allow   egress   eth0    udp "))
    }

    @Test func aColumnThatGrewStaysWide() {
        var long = Self.deny
        long.source = IPAddress("2001:db8:1111:2222:3333:4444:5555:6666")
        long.destination = IPAddress("2001:db8::1")
        let lines = Self.plain(Self.deny, long, Self.deny)
        #expect(lines[1].contains("[2001:db8:1111:2222:3333:4444:5555:6666]:40000 → [2001:db8::1]:22"))
        #expect(lines[1].firstIndex(of: "→") == lines[2].firstIndex(of: "→"))
    }

    @Test func icmpShowsItsTypeAndNoPorts() {
        var ping = Self.deny
        ping.protocol = 1
        ping.icmpType = 8
        let line = Self.plain(ping)[0]
        #expect(line.contains("icmp 8/0      192.0.2.7 "))
        #expect(!line.contains(":40000"))
    }

    @Test func anEventOfManyPacketsSaysHowMany() {
        var many = Self.deny
        many.count = 12
        #expect(Self.plain(many)[0].hasSuffix("rule ×12\n"))
    }

    @Test func whatIsNotKnownIsADash() {
        let malformed = EventRecord(
            time: Timestamp(nanoseconds: 0), verdict: .deny, direction: .ingress, interface: "eth0", protocol: 0, source: nil,
            destination: nil,
            reason: "malformed", revision: 1)
        let words = Self.withoutTime(Self.plain(malformed)[0]).split(separator: " ")
        #expect(words == ["deny", "ingress", "eth0", "-", "-", "→", "-", "-", "malformed\n"])
    }

    @Test func aLossSaysHowManyAndWhere() {
        var columns = EventColumns(Palette(isOn: false))
        let line = columns.line(.lost(LossRecord(time: Timestamp(nanoseconds: 0), place: .client, count: 1_234)))
        #expect(line.contains("lost   1,234 events: this client did not read fast enough"))
    }

    @Test func colourMarksTheVerdictAndChangesNoText() {
        var coloured = EventColumns(Palette(isOn: true))
        var allow = Self.deny
        allow.verdict = .allow
        let red = coloured.line(.verdict(Self.deny))
        let green = coloured.line(.verdict(allow))
        #expect(red.contains("\u{1B}[31"))
        #expect(green.contains("\u{1B}[32"))
        #expect(red.replacing(/\x1B\[[0-9;]*m/, with: "") == Self.plain(Self.deny)[0])
        #expect(green.replacing(/\x1B\[[0-9;]*m/, with: "") == Self.plain(allow)[0])
    }
}

@Suite(.serialized) struct ColorChoiceTests {
    @Test func neverAndAlwaysDoNotAsk() {
        #expect(ColorChoice.always.isOn(for: 1))
        #expect(!ColorChoice.never.isOn(for: 1))
    }

    @Test func autoIsOffWhereNobodyLooks() throws {
        var pipes: [CInt] = [-1, -1]
        try #require(pipe(&pipes) == 0)
        defer { for descriptor in pipes { close(descriptor) } }
        #expect(!ColorChoice.auto.isOn(for: pipes[1]))
    }

    @Test func autoHeedsNoColorOnATerminal() throws {
        let terminal = open("/dev/ptmx", O_RDWR | O_NOCTTY)
        try #require(terminal >= 0)
        defer { close(terminal) }
        unsetenv("NO_COLOR")
        setenv("TERM", "xterm", 1)
        #expect(ColorChoice.auto.isOn(for: terminal))
        setenv("NO_COLOR", "1", 1)
        #expect(!ColorChoice.auto.isOn(for: terminal))
        setenv("NO_COLOR", "", 1)
        setenv("TERM", "dumb", 1)
        #expect(!ColorChoice.auto.isOn(for: terminal))
        unsetenv("NO_COLOR")
    }
}
