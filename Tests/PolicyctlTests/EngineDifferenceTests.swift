import PolicyAPI
import PolicyModel
import Testing

@testable import policyctl

/// Engines that do not agree: never seen, and so shown here by answers made up.
@Suite struct EngineDifferenceTests {
    private func packet() throws -> Packet {
        Packet(
            direction: .ingress, interface: "eth0", protocol: 6, source: try #require(IPAddress("192.0.2.9")),
            destination: try #require(IPAddress("192.0.2.1")), sourcePort: 4_000, destinationPort: 443)
    }

    private func answer(_ verdicts: [(Engine, [Verdict])]) -> WhyAnswer {
        WhyAnswer(
            revision: nil, verdicts: verdicts.map { EngineVerdicts(engine: $0, verdicts: $1.map(VerdictMessage.init)) }, walk: nil)
    }

    private let allow = Verdict(action: .allow, policy: "web", rule: "https", tier: .application)
    private let deny = Verdict(action: .deny, policy: "web", rule: "rest", tier: .application)

    @Test func `a difference names the packet and what each engine says`() throws {
        let packet = try packet()
        let answer = answer([(.reference, [allow, allow]), (.compiled, [allow, allow]), (.kernel, [allow, deny])])
        let found = answer.differences([packet, packet], at: [3, 6])
        #expect(
            found == [
                "packet 7 \(packet.jsonLine): reference says allow by web/https, compiled says allow by web/https, kernel says deny by web/rest"
            ])
        #expect(throws: CommandFailure.self) { try Why.report(found) }
        do {
            try Why.report(found)
        } catch let failure as CommandFailure {
            #expect(failure.code == .refused && failure.message.hasPrefix("BUG: the engines differ on 1 packet"), "\(failure)")
        }
    }

    @Test func `another rule with the same verdict is a difference, and so is an engine that says nothing`() throws {
        let packet = try packet()
        let other = Verdict(action: .allow, policy: "web", rule: "http", tier: .application)
        #expect(answer([(.reference, [allow]), (.compiled, [other])]).differences([packet]).count == 1)
        #expect(answer([(.reference, [allow]), (.compiled, [])]).differences([packet]).count == 1)
    }

    @Test func `engines that agree are no bug, wherever the files lie`() throws {
        var elsewhere = allow
        elsewhere.location = SourceLocation(file: "x.yaml", line: 3)
        let found = answer([(.reference, [allow]), (.compiled, [elsewhere])]).differences([try packet()])
        #expect(found.isEmpty)
        try Why.report(found)
    }
}
