import CDatapath
import PolicyCompiler
import PolicyModel
import Testing

/// Which rules may be acted on before connections are looked at.
@Suite struct EarlyRulesTests {
    /// How many of the first rules of each family.
    private static func early(_ policies: [HostPolicy], _ sets: [AddressSet] = []) throws -> [UInt32] {
        let policy = try CompilerTests.compile(PolicySet(policies: policies, sets: sets))
        return [policy.header.early.0, policy.header.early.1]
    }

    private static let bad = AddressMatch([.prefix(CIDR(IPAddress(v4: 0xc633_6400), length: 24))])

    private static func rule(_ name: String, _ action: Action, port: UInt16? = nil, mode: HostPolicy.Mode? = nil) -> Rule {
        Rule(name: name, action: action, protocols: port == nil ? [] : [.tcp], ports: port.map { [PortRange($0)] } ?? [], mode: mode)
    }

    @Test func endsBehindTheLastDenyBeforeARuleForEverything() throws {
        let rules = [
            Self.rule("a", .allow, port: 1), Self.rule("b", .deny, port: 2), Self.rule("c", .allow, port: 3),
            Self.rule("d", .deny, port: 4), Self.rule("e", .allow, port: 5), Self.rule("rest", .deny), Self.rule("f", .deny, port: 6),
        ]
        for count in rules.indices {
            let expected: UInt32 = count > 3 ? 4 : count > 1 ? 2 : 0
            #expect(try Self.early([HostPolicy(name: "p", ingress: Array(rules[..<count]))]) == [expected, expected], "\(count)")
        }
        #expect(try Self.early([HostPolicy(name: "p", ingress: rules)]) == [4, 4])
    }

    @Test func onlyIngressRulesThatDenyCount() throws {
        #expect(try Self.early([HostPolicy(name: "p", egress: [Self.rule("a", .deny, port: 1)])]) == [0, 0])
        #expect(try Self.early([HostPolicy(name: "p", ingress: [Self.rule("a", .reject, port: 1)])]) == [0, 0])
        #expect(try Self.early([HostPolicy(name: "p", ingress: [Self.rule("a", .deny, port: 1, mode: .audit)])]) == [0, 0])
        #expect(try Self.early([HostPolicy(name: "p", mode: .audit, ingress: [Self.rule("a", .deny, port: 1)])]) == [0, 0])
        #expect(try Self.early([HostPolicy(name: "p", ingress: [Rule(name: "a", action: .deny, remote: Self.bad)])]) == [1, 0])
    }
}
