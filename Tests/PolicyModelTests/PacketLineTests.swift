import PolicyModel
import PolicyTesting
import Testing

@Suite struct PacketLineTests {
    static let tcp = """
        {"direction":"ingress","interface":"eth0","protocol":"tcp","source":"192.0.2.9","sourcePort":40000,\
        "destination":"192.0.2.1","destinationPort":443}
        """

    @Test func `a line is read, names and numbers alike`() throws {
        let packet = try Packet(jsonLine: Self.tcp)
        #expect(packet.direction == .ingress && packet.interface == "eth0" && packet.protocol == 6)
        #expect(packet.source.description == "192.0.2.9" && packet.sourcePort == 40000 && packet.destinationPort == 443)
        #expect(try Packet(jsonLine: Self.tcp.replacing("\"tcp\"", with: "6")) == packet)
        #expect(try Packet(jsonLine: Self.tcp.replacing("443", with: "\"443\"")) == packet)
        let ping =
            #"{"direction":"egress","interface":"e","protocol":"icmp","source":"::1","destination":"::2","icmpType":"echo-request","icmpCode":null}"#
        #expect(try Packet(jsonLine: ping).protocol == 58)
        #expect(try Packet(jsonLine: ping).icmpType == 128)
    }

    @Test func `fields that the protocol does not have are not looked at`() throws {
        let line =
            #"{"direction":"egress","interface":"e","protocol":"gre","source":"::1","destination":"::2","sourcePort":5,"icmpType":null}"#
        #expect(try Packet(jsonLine: line).sourcePort == 0)
    }

    @Test func `a packet that is written is read as the same`() throws {
        var generator = PolicyGenerator(seed: 5)
        let policySet = generator.policySet()
        for _ in 0..<500 {
            let packet = generator.packet(for: policySet)
            #expect(try Packet(jsonLine: packet.jsonLine) == packet)
        }
    }

    @Test(arguments: [
        ("x", "", "is not one JSON object of words and whole numbers"),
        ("\"eth0\"", "[\"eth0\"]", "is not one JSON object of words and whole numbers"),
        ("ingress", "in", "direction: 'in' is neither 'ingress' nor 'egress'"),
        (
            "\"interface\"", "\"iface\"",
            "unknown key 'iface'; known are direction, interface, protocol, source, sourcePort, destination, destinationPort, icmpType and icmpCode"
        ),
        ("\"destinationPort\"", "\"destinationPrt\"", "unknown key 'destinationPrt'; did you mean 'destinationPort'?"),
        ("\"eth0\"", "null", "'interface' is missing: a word"),
        ("192.0.2.9", "192.0.2", "source: '192.0.2' is not an IP address"),
        ("192.0.2.9", "::1", "source: ::1 and destination 192.0.2.1 are of two address families"),
        ("\"tcp\"", "\"tpc\"", "protocol: 'tpc' is not the name or number of a protocol; did you mean 'tcp'?"),
        ("\"tcp\"", "256", "protocol: 256 is not the name or number of a protocol (0-255)"),
        ("\"tcp\"", "\"icmpv6\"", "protocol: 'icmpv6' does not go with addresses of IPv4"),
        ("\"tcp\"", "\"icmp\"", "'icmpType' is missing: the name or number of an ICMP type of IPv4 (0-255)"),
        ("443", "70000", "destinationPort: 70000 is not a port (0-65535)"),
        ("443", "null", "'destinationPort' is missing: a port (0-65535)"),
    ])
    func `a line that is wrong is told in one sentence`(part: String, replacement: String, expected: String) {
        let line = part == "x" ? "{" : Self.tcp.replacing(part, with: replacement)
        let error = #expect(throws: PacketLineError.self) { try Packet(jsonLine: line) }
        #expect(error?.description == expected)
    }

    @Test func `a file's mistakes have their lines`() {
        let lines = PacketLines("\(Self.tcp)\n\n{}\n\(Self.tcp)\nx\n", path: "p.jsonl")
        #expect(lines.packets.count == 2)
        #expect(
            lines.diagnostics.map(\.summary) == [
                "p.jsonl:3: error: 'direction' is missing: a word", "p.jsonl:5: error: is not one JSON object of words and whole numbers",
            ])
        #expect(PacketLines(path: "/nowhere").diagnostics.map(\.summary) == ["/nowhere: error: no such file"])
    }

    @Test func `a verdict is one line, with nulls where no rule decided`() {
        #expect(Verdict(action: .allow).jsonLine == #"{"verdict":"allow","policy":null,"rule":null,"tier":null}"#)
        let verdict = Verdict(action: .deny, policy: "web", rule: "rest", tier: .application)
        #expect(verdict.jsonLine == #"{"verdict":"deny","policy":"web","rule":"rest","tier":"application"}"#)
    }
}
