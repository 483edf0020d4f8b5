import FoundationEssentials
import PolicyAPI
import PolicyModel
import Testing

@Suite struct EventEncodingTests {
    static let rule = RuleName(policy: "web", rule: "rest", tier: .application, location: "web.yaml:14")

    static let tcp = EventRecord(
        time: Timestamp(nanoseconds: 1_795_254_696_123_456_789), verdict: .deny, direction: .ingress, interface: "eth0", protocol: 6,
        source: IPAddress(v4: 0xC000_0207), destination: IPAddress(v4: 0xC000_0201), sourcePort: 40_000, destinationPort: 22, rule: rule,
        reason: "rule", revision: 7, length: 74, count: 3)

    static let icmp = EventRecord(
        time: Timestamp(nanoseconds: 5), verdict: .allow, direction: .egress, interface: "wg0", protocol: 58,
        source: IPAddress("2001:db8::1"), destination: IPAddress("fe80::2"), icmpType: 128, icmpCode: 1,
        rule: RuleName(policy: "a", rule: "b", tier: .safety, location: ""), reason: "rule", revision: .max, length: 0, count: 1)

    static let malformed = EventRecord(
        time: Timestamp(nanoseconds: 0), verdict: .deny, direction: .ingress, interface: "a\"\\\n\u{1}ü", protocol: 0, source: nil,
        destination: nil, reason: "malformed", revision: 0, length: 14)

    static func text(_ lines: EventLine...) -> String {
        var encoder = EventEncoder()
        var bytes: [UInt8] = []
        for line in lines { encoder.append(line, to: &bytes) }
        return String(decoding: bytes, as: UTF8.self)
    }

    @Test func aTCPEventIsThisLine() {
        #expect(
            Self.text(.verdict(Self.tcp)) == """
                {"time":"2026-11-21T09:51:36.123456789Z","type":"verdict","verdict":"deny","direction":"ingress","interface":"eth0",\
                "protocol":"tcp","source":"192.0.2.7","sourcePort":40000,"destination":"192.0.2.1","destinationPort":22,"icmpType":null,\
                "icmpCode":null,"policy":"web","rule":"rest","tier":"application","location":"web.yaml:14","reason":"rule","revision":7,\
                "length":74,"count":3}

                """)
    }

    @Test func aLossIsThisLine() {
        let loss = LossRecord(time: Timestamp(nanoseconds: 0), place: .client, count: 1_234)
        #expect(
            Self.text(.lost(loss)) == #"{"time":"1970-01-01T00:00:00.000000000Z","type":"lost","where":"client","count":1234}"# + "\n")
    }

    @Test(arguments: [
        EventLine.verdict(tcp), .verdict(icmp), .verdict(malformed),
        .lost(LossRecord(time: Timestamp(nanoseconds: 9), place: .kernel, count: 1)),
    ])
    func comesBackAsItWas(_ line: EventLine) throws {
        var decoder = EventDecoder()
        let text = Self.text(line)
        #expect(text.hasSuffix("\n"))
        #expect(try decoder.decode(Array(text.utf8.dropLast())[...]) == line)
    }

    /// What a stranger reads: any JSON parser takes the lines, and every line has every key.
    @Test func aGeneralParserTakesEveryLine() throws {
        struct Line: Decodable {
            var time: String
            var type: String
            var interface: String
            var source: String?
            var sourcePort: Int?
            var count: Int
        }
        for (event, interface) in [(Self.tcp, "eth0"), (Self.icmp, "wg0"), (Self.malformed, "a\"\\\n\u{1}ü")] {
            let line = Self.text(.verdict(event))
            let parsed = try JSONDecoder().decode(Line.self, from: Data(line.utf8))
            #expect(parsed.interface == interface)
            #expect(parsed.source == event.source?.description)
            for key in [
                "verdict", "direction", "protocol", "sourcePort", "destination", "destinationPort", "policy", "rule", "tier", "reason",
                "revision",
            ] {
                #expect(line.contains("\"\(key)\":"), "\(key) is missing")
            }
        }
    }

    /// The encoder writes addresses itself; the model's own text is the measure.
    @Test func addressesAreWrittenAsTheModelWritesThem() throws {
        var values: [IPAddress] = [
            "::", "::1", "1::", "1:0:0:2::", "1:0:0:2:0:0:0:3", "2001:db8:0:1:1:1:1:1", "0:1:0:1:0:1:0:1", "::ffff:192.0.2.1", "::ffff:0:0",
            "fe80::", "1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:0", "0:0:3:4:5:6:7:8", "0.0.0.0", "255.255.255.255", "10.0.0.1", "1.20.30.100",
        ].compactMap { IPAddress($0) }
        #expect(values.count == 17)
        var state: UInt64 = 42
        func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state >> 16
        }
        for _ in 0..<5_000 {
            // Masks by half-words make runs of zero groups.
            func half() -> UInt64 { (0..<4).reduce(0) { sum, _ in sum << 16 | (next() % 3 == 0 ? next() % 0x1_0000 : 0) } }
            values.append(IPAddress(v6: half(), low: half()))
            values.append(IPAddress(v4: UInt32(truncatingIfNeeded: next())))
        }
        for value in values {
            var event = Self.tcp
            event.source = value
            let line = Self.text(.verdict(event))
            #expect(line.contains("\"source\":\"\(value)\","), "\(value): \(line)")
        }
    }

    @Test func keysOfANewerDaemonArePassedOver() throws {
        let line = #"{"time":"1970-01-01T00:00:00Z","type":"lost","where":"kernel","count":2,"later":"x","n":-3,"f":true}"#
        var decoder = EventDecoder()
        let expected = EventLine.lost(LossRecord(time: Timestamp(nanoseconds: 0), place: .kernel, count: 2))
        #expect(try decoder.decode(Array(line.utf8)[...]) == expected)
    }

    @Test(arguments: [
        "", "{", "[]", "{}", #"{"time":"x","type":"lost"}"#, #"{"time":"1970-01-01T00:00:00Z","type":"other"}"#,
        #"{"time":"1970-01-01T00:00:00Z","type":"lost","where":"kernel","count":2} x"#,
        #"{"time":"1970-01-01T00:00:00Z","type":"verdict","verdict":"maybe","direction":"ingress","reason":"rule"}"#,
        #"{"time":"1970-01-01T00:00:00Z","type":"verdict","verdict":"deny","direction":"ingress","reason":"rule","sourcePort":70000}"#,
    ])
    func refusesWhatIsNoEvent(_ line: String) {
        var decoder = EventDecoder()
        #expect(throws: FlatJSON.Malformed.self) { try decoder.decode(Array(line.utf8)[...]) }
    }
}
