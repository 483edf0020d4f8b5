import Datapath
import PolicyCompiler
import PolicyModel
import Testing

/// Rules in audit mode within a policy that enforces.
@Suite struct AuditedRuleTests {
    static func policySet(_ count: Int) throws -> PolicySet {
        let rules = (0..<count).map { Rule(name: "r\($0)", action: .deny, protocols: [.tcp], mode: .audit) }
        return try PolicySet(policies: [HostPolicy(name: "many", ingress: rules + [Rule(name: "end", action: .reject)])])
    }

    @Test func aThousandThatAllMatchLeadToTheRuleBehind() throws {
        let policySet = try Self.policySet(1000)
        let policy = try KernelEngineTests.compiled(policySet)
        let packet = try KernelEngineTests.packet(.ingress, 6, "192.0.2.1", "192.0.2.9", ports: (40_000, 80))
        let expected = ReferenceEvaluator(policySet).verdict(for: packet)
        #expect(expected.rule == "end" && expected.action == .reject && expected.audited.count == 1000)
        for verdict in [policy.verdict(for: packet), try KernelEngine(policy).verdict(for: packet)] {
            #expect(verdict.rule == "end" && verdict.action == .reject)
            #expect(verdict.audited.first == expected.audited.first)
        }
    }

    @Test func tooManyAreRefusedWithFigures() throws {
        let policySet = try Self.policySet(5000)
        let error = #expect(throws: CompileError.self) { try KernelEngineTests.compiled(policySet) }
        #expect(error?.description.contains("5000 audited rules") == true)
        #expect(error?.description.contains("limit is 4096") == true)
    }
}
