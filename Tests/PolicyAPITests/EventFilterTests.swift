import PolicyAPI
import PolicyModel
import Testing

@Suite struct EventFilterTests {
    static func filter(_ items: (String, String)...) throws -> EventFilter {
        var filter = EventFilter()
        for (name, value) in items { #expect(try filter.set(name, value), "\(name)") }
        return filter
    }

    @Test(arguments: [
        ("verdict", "deny", true), ("verdict", "allow", false), ("direction", "ingress", true), ("direction", "egress", false),
        ("rule", "web", true), ("rule", "web/rest", true), ("rule", "web/https", false), ("rule", "we", false),
        ("interface", "eth*", true), ("interface", "!eth0", false), ("from", "192.0.2.0/24", true), ("from", "192.0.2.1", false),
        ("to", "192.0.2.1", true), ("to", "2001:db8::/32", false), ("port", "22", true), ("port", "40000", true), ("port", "23", false),
        ("protocol", "tcp", true), ("protocol", "6", true), ("protocol", "icmp", false),
    ])
    func aFieldDecides(_ name: String, _ value: String, _ isWanted: Bool) throws {
        #expect(try Self.filter((name, value)).matches(EventEncodingTests.tcp) == isWanted)
    }

    @Test func icmpIsThatOfTheFamily() throws {
        #expect(try Self.filter(("protocol", "icmp")).matches(EventEncodingTests.icmp))
        #expect(try Self.filter(("protocol", "icmpv6")).matches(EventEncodingTests.icmp))
        #expect(try !Self.filter(("protocol", "icmpv4")).matches(EventEncodingTests.icmp))
    }

    @Test func whatAPacketDoesNotHaveDoesNotMatch() throws {
        for (name, value) in [("from", "0.0.0.0/0"), ("rule", "web"), ("port", "0")] {
            #expect(try !Self.filter((name, value)).matches(EventEncodingTests.malformed), "\(name)")
        }
    }

    @Test func allHaveToHold() throws {
        #expect(try !Self.filter(("verdict", "deny"), ("port", "23")).matches(EventEncodingTests.tcp))
    }

    @Test func theQuerySaysTheSame() throws {
        let filter = try Self.filter(
            ("verdict", "deny"), ("direction", "egress"), ("rule", "a/b"), ("interface", "eth*"), ("interface", "!eth1"),
            ("from", "10.0.0.0/8"),
            ("to", "2001:db8::1"), ("port", "53"), ("protocol", "icmpv6"))
        var again = EventFilter()
        for (name, value) in filter.query { _ = try again.set(name, value) }
        #expect(again == filter)
        #expect(filter.query.count == 9)
    }

    @Test(arguments: [
        ("verdict", "no"), ("direction", "in"), ("from", "10.0.0.1/8"), ("to", "x"), ("port", "65536"), ("port", "-1"), ("protocol", "tpc"),
        ("rule", ""),
    ])
    func aValueThatMeansNothingIsAnError(_ name: String, _ value: String) {
        var filter = EventFilter()
        #expect(throws: EventFilter.Invalid.self) { try filter.set(name, value) }
    }

    @Test func anUnknownNameIsNotTaken() throws {
        var filter = EventFilter()
        #expect(try !filter.set("colour", "red"))
    }
}
