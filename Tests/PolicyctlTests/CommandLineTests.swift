import ArgumentParser
import PolicyAPI
import PolicyModel
import Testing

@testable import policyctl

@Suite struct PacketOptionTests {
    static func packet(_ text: String) throws -> Packet {
        try PacketOptions.parse(text.split(separator: " ").map(String.init)).packet()
    }

    @Test func aTCPPacketOfEitherFamily() throws {
        let four = try Self.packet("--direction ingress --interface eth0 --protocol tcp --from 192.0.2.7:40000 --to 192.0.2.1:443")
        #expect(
            four
                == Packet(
                    direction: .ingress, interface: "eth0", protocol: 6, source: IPAddress(v4: 0xC000_0207),
                    destination: IPAddress(v4: 0xC000_0201), sourcePort: 40_000, destinationPort: 443))
        let six = try Self.packet("--direction egress --interface wg0 --protocol 17 --from 2001:db8::1 --to [2001:db8::53]:53")
        #expect((six.protocol, six.sourcePort, six.destinationPort) == (17, 0, 53))
        #expect(six.destination == IPAddress("2001:db8::53"))
    }

    @Test func icmpIsThatOfTheFamily() throws {
        let four = try Self.packet("--direction ingress --interface e --icmp echo-request --from 10.0.0.1 --to 10.0.0.2")
        #expect((four.protocol, four.icmpType, four.icmpCode) == (1, 8, 0))
        let six = try Self.packet("--direction ingress --interface e --protocol icmp --icmp 1/4 --from ::1 --to ::2")
        #expect((six.protocol, six.icmpType, six.icmpCode) == (58, 1, 4))
    }

    @Test(arguments: [
        ("--interface e --protocol tcp --from 10.0.0.1 --to 10.0.0.2:1", "--direction is missing"),
        ("--direction in --interface e --protocol tcp --from 10.0.0.1 --to 10.0.0.2:1", "neither ingress nor egress"),
        ("--direction ingress --interface e --protocol tcp --from 10.0.0.1 --to ::1", "different families"),
        ("--direction ingress --interface e --protocol tcp --from 10.0.0.1 --to 10.0.0.2", "has no port"),
        ("--direction ingress --interface e --protocol gre --from 10.0.0.1 --to 10.0.0.2:5", "has no ports"),
        ("--direction ingress --interface e --protocol tpc --from 10.0.0.1 --to 10.0.0.2:5", "not the name or number of a protocol"),
        ("--direction ingress --interface e --protocol tcp --from 10.0.0.1 --to 10.0.0.2:70000", "'70000' is not a port"),
        ("--direction ingress --interface e --protocol tcp --from 10.0.0 --to 10.0.0.2:7", "is not an address"),
        ("--direction ingress --interface e --protocol icmp --from 10.0.0.1 --to 10.0.0.2", "--icmp is missing"),
        ("--direction ingress --interface e --protocol tcp --icmp 8 --from 10.0.0.1 --to 10.0.0.2:7", "--icmp goes with protocol icmp"),
        ("--direction ingress --interface e --icmp nonsense --from 10.0.0.1 --to 10.0.0.2", "ICMP message"),
        ("--direction ingress --interface e --protocol icmpv6 --icmp 1 --from 10.0.0.1 --to 10.0.0.2", "does not go with"),
    ])
    func whatIsMissingOrWrongIsNamed(_ arguments: String, _ words: String) throws {
        let error = try #require(throws: ValidationError.self) { try Self.packet(arguments) }
        #expect(error.message.contains(words), "\(error.message)")
    }
}

@Suite struct CommandLineTests {
    static func parse(_ text: String) throws -> any ParsableCommand {
        try Policyctl.parseAsRoot(text.split(separator: " ").map(String.init))
    }

    @Test(
        arguments: [
            ("30s", 30), ("10m", 600), ("12h", 43_200), ("7d", 604_800), ("1h30m", 5_400), ("45", 45),
        ] as [(String, Double)])
    func aTimeToLiveIsReadAsPeopleWriteIt(_ text: String, _ seconds: Double) throws {
        #expect(try TimeToLive.read(text).seconds == seconds)
    }

    @Test(arguments: ["", "0", "-5m", "10x", "m", "1h30", "5.5m", "99999d"])
    func whatIsNoTimeIsRefused(_ text: String) {
        #expect(throws: ValidationError.self) { try TimeToLive.read(text) }
    }

    @Test func filtersOfEventsAreChecked() throws {
        let events = try #require(try Self.parse("events --verdict deny --from 10.0.0.0/8 --port 22 --interface eth* --last 5") as? Events)
        let filter = try events.filter()
        #expect((filter.verdict, filter.from, filter.port, filter.interfaces) == (.deny, CIDR("10.0.0.0/8"), 22, ["eth*"]))
        for wrong in ["--verdict no", "--from 10.0.0.1/8", "--port 70000", "--last -1", "--protocol tpc"] {
            #expect(throws: (any Error).self, "\(wrong)") { try Self.parse("events \(wrong)") }
        }
    }

    @Test(arguments: [
        "apply --replace", "diff --replace", "diff --against a.yaml", "diff -f a.yaml --against b.yaml --replace",
        "apply --confirm-within soon", "apply --dry-run --confirm-within 60s", "validate",
        "why --engine magic --packets x", "why", "why --packets x --from 10.0.0.1", "delete web",
        "set add abusers 10.0.0.1/8", "set add abusers 10.0.0.1 --ttl soon", "set add abusers", "get nonsense", "status -o xml", "nonsense",
        "import", "import nft", "import pf x", "import nft x --name -a",
    ])
    func wrongUsageIsRefusedBeforeAnythingIsDone(_ arguments: String) {
        #expect(throws: (any Error).self) { try Self.parse(arguments) }
    }

    @Test(arguments: [
        "apply", "apply -f a.yaml b.yaml --replace --dry-run", "apply -f a.yaml --confirm-within 60s", "apply --confirm-within 2m",
        "confirm",
        "validate -f a.yaml --strict -o json", "apply -f a.yaml --strict", "diff", "diff -f a.yaml --replace --exit-code -o yaml",
        "diff -f a.yaml b.yaml --against c.yaml d.yaml --strict", "delete HostPolicy/web AddressSet/x", "get",
        "get rules -o json",
        "set add abusers 10.0.0.1 2001:db8::/32 --ttl 10m", "set list abusers", "set remove abusers 10.0.0.1", "events",
        "events --last 5 -o json", "import iptables a b --ipset c -o d --name e", "import kubernetes - -o json",
        "status -o yaml", "down --yes", "why --packets x --engine reference,compiled,kernel -o json", "--socket /x status",
    ])
    func usageOfTheDocumentationIsTaken(_ arguments: String) throws {
        _ = try Self.parse(arguments)
    }
}

@Suite struct ShownTests {
    @Test func countsHaveMarksBetweenThousands() {
        #expect(
            [0, 7, 999, 1_000, 65_536, 1_234_567, -1_000].map { Shown.count($0) } == [
                "0", "7", "999", "1,000", "65,536", "1,234,567", "-1,000",
            ])
    }

    @Test func bytesAndTimesHaveUnits() {
        #expect([0, 1_023, 1_024, 1_536, 5 << 20].map { Shown.bytes($0) } == ["0 B", "1023 B", "1 KiB", "1.5 KiB", "5 MiB"])
        #expect([999, 1_500, 2_000_000].map { Shown.duration(microseconds: $0) } == ["999 µs", "1.5 ms", "2 s"])
        #expect([5, 65, 3_660, 90_000].map { Shown.age(seconds: $0) } == ["5s", "1m 5s", "1h 1m", "1d 1h"])
        #expect(
            [Shown.counted(1, "policy", plural: "policies"), Shown.counted(2, "policy", plural: "policies")] == ["1 policy", "2 policies"])
    }

    @Test func aTableIsAlignedWithoutBlanksAtTheEnd() {
        var table = Table("NAME", .number("COUNT"), "WHERE")
        table.rows = [["a", "5", "x"], ["longer", "1,000", ""]]
        #expect(table.text == "NAME    COUNT  WHERE\na           5  x\nlonger  1,000\n")
        #expect(Table("A", "B").text == "A  B\n")
    }

    @Test func aMessagePrintsAsYAML() throws {
        let text = try Format.yamlText([SetMessage(name: "a: b", documentEntries: 1, runtimeEntries: 0, usedBy: 2, location: "x.yaml:1")])
        #expect(text == "- documentEntries: 1\n  location: \"x.yaml:1\"\n  name: \"a: b\"\n  runtimeEntries: 0\n  usedBy: 2\n", "\(text)")
    }
}

@Suite struct LineBufferTests {
    /// However the stream is cut, what comes out are the same bytes in whole lines.
    @Test func onlyWholeLinesComeOut() {
        let text = Array("one\ntwo\n\nthree and more\nno end".utf8)
        for size in 1...text.count {
            var buffer = LineBuffer()
            var out: [UInt8] = []
            for begin in stride(from: 0, to: text.count, by: size) {
                let piece = Array(text[begin..<min(begin + size, text.count)])
                buffer.add(piece.span.bytes) { whole in
                    #expect(whole.last == UInt8(ascii: "\n"))
                    out += whole
                }
            }
            #expect(out == Array("one\ntwo\n\nthree and more\n".utf8), "pieces of \(size)")
        }
    }
}
