import PolicyModel
import Testing

@Suite struct MatchTests {
    @Test(arguments: [
        (["eth0"], "eth0", true), (["eth0"], "eth01", false), (["eth*"], "eth", true), (["eth*", "!eth1"], "eth1", false),
        (["eth*", "!eth1"], "eth10", true), (["!lo"], "eth0", true), (["!lo", "!docker*"], "docker0", false), (["wg?"], "wg", false),
        (["wg?"], "wg1", true), (["*a*b"], "xaxbab", true), (["*a*b"], "xaxba", false), (["*"], "", true), (["a**b"], "ab", true),
    ])
    func `interfaces are chosen by globs, of which negated ones take away`(patterns: [String], name: String, expected: Bool) {
        #expect(InterfaceSelector(patterns: patterns).matches(name) == expected)
    }

    @Test func `a hostile glob costs little`() {
        let selector = InterfaceSelector([String(repeating: "*a", count: 200) + "b"])
        let time = ContinuousClock().measure { #expect(!selector.matches(String(repeating: "a", count: 2000))) }
        #expect(time < .seconds(2))
    }

    @Test func `protocol icmp is each family's own`() {
        #expect(ProtocolMatch.icmp.matches(1, family: .v4))
        #expect(!ProtocolMatch.icmp.matches(58, family: .v4))
        #expect(ProtocolMatch.icmp.matches(58, family: .v6))
        #expect(!ProtocolMatch.icmp.matches(1, family: .v6))
        #expect(!ProtocolMatch.icmpv4.matches(1, family: .v6))
        #expect(!ProtocolMatch.icmpv6.matches(58, family: .v4))
        #expect(ProtocolMatch.number(1).matches(1, family: .v6))
        #expect(ProtocolMatch.number(58).matches(58, family: .v4))
    }

    @Test func `a port range holds both its ends`() throws {
        let range = try #require(PortRange(8000, 8100))
        #expect(range.contains(8000) && range.contains(8100) && !range.contains(7999) && !range.contains(8101))
        #expect(PortRange(2, 1) == nil)
        #expect(PortRange.all.contains(0) && PortRange.all.contains(65535))
    }
}
