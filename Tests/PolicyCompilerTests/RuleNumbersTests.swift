import FoundationEssentials
import PolicyCompiler
import PolicyModel
import Testing

@Suite struct RuleNumbersTests {
    static func policySet(_ names: [String]) throws -> PolicySet {
        try PolicySet(policies: [HostPolicy(name: "p", ingress: names.map { Rule(name: $0, action: .allow) })])
    }

    static func key(_ rule: String) -> RuleKey { RuleKey(policy: "p", direction: .ingress, rule: rule) }

    @Test func rulesKeepTheirNumbers() throws {
        var numbers = RuleNumbers()
        let first = numbers.assign(for: try Self.policySet(["a", "b"]))
        #expect(first == [16, 17])
        let second = numbers.assign(for: try Self.policySet(["new", "b", "a"]))
        #expect(second == [18])
        #expect(numbers.number(of: Self.key("a")) == 16)
        #expect(numbers.number(of: Self.key("b")) == 17)
        #expect(numbers.key(of: 18) == Self.key("new"))
    }

    /// Until the switch packets are still counted under the number of a rule that goes: no other rule may have it by then.
    @Test func aFreedNumberIsNotGivenInTheSameStep() throws {
        var numbers = RuleNumbers()
        numbers.assign(for: try Self.policySet(["a"]))
        #expect(numbers.assign(for: try Self.policySet(["b"])) == [17])
        #expect(numbers.number(of: Self.key("a")) == nil)
        #expect(numbers.assign(for: try Self.policySet(["b", "c"])) == [16])
    }

    @Test func aRuleIsAsOldAsTheRevisionThatBroughtIt() throws {
        var numbers = RuleNumbers()
        numbers.assign(for: try Self.policySet(["a"]), revision: 3)
        numbers.assign(for: try Self.policySet(["a", "b"]), revision: 5)
        numbers = try JSONDecoder().decode(RuleNumbers.self, from: JSONEncoder().encode(numbers))
        #expect(numbers.revision(of: Self.key("a")) == 3)
        #expect(numbers.revision(of: Self.key("b")) == 5)
        numbers.assign(for: try Self.policySet(["b"]), revision: 6)
        numbers.assign(for: try Self.policySet(["a", "b"]), revision: 7)
        #expect(numbers.revision(of: Self.key("a")) == 7, "it was gone meanwhile")
    }

    @Test(arguments: ["16 0 ingress p", "16 0 inward p a", "x 0 ingress p a", "3 0 ingress p a", "16 0 ingress p a\n16 0 ingress p b"])
    func whatIsDamagedIsRefused(text: String) throws {
        let data = try JSONEncoder().encode(text)
        #expect(throws: DecodingError.self) { try JSONDecoder().decode(RuleNumbers.self, from: data) }
    }

    @Test func numbersWrittenBeforeRulesHadAnAgeAreRead() throws {
        let text = #"[{"key":{"policy":"p","direction":"ingress","rule":"a"},"number":16}]"#
        let numbers = try JSONDecoder().decode(RuleNumbers.self, from: Array(text.utf8).withUnsafeBytes { Data($0) })
        #expect(numbers.number(of: Self.key("a")) == 16)
        #expect(numbers.revision(of: Self.key("a")) == 0)
    }
}
