import PolicyModel
import PolicyTesting
import Testing

@Suite struct OppositeVerdictTests {
    private let text = """
        ingress:
          - { name: abuse, action: deny, from: ["set:abusers"] }
          - { name: https, action: allow, protocol: tcp, ports: [443, 8000-8100], from: [any, "!203.0.113.0/24"] }
          - { name: ping, action: allow, icmp: [echo-request] }
          - { name: rest, action: deny }
        """

    private func evaluator() throws -> ReferenceEvaluator {
        let set = "---\napiVersion: policyd/v1\nkind: AddressSet\nmetadata: { name: abusers }\nspec: { addresses: [198.51.100.0/24] }\n"
        return ReferenceEvaluator(try DocumentLoader.load(text: policyText(text) + set, path: "web.yaml").policySet())
    }

    private func packet(_ source: String, _ port: UInt16, _ number: UInt8 = 6) throws -> Packet {
        Packet(
            direction: .ingress, interface: "eth0", protocol: number, source: try #require(IPAddress(source)),
            destination: try #require(IPAddress("192.0.2.1")), sourcePort: 4_000, destinationPort: port)
    }

    @Test func `the fields that would have to differ are told, the nearest rule first`() throws {
        let found = try evaluator().opposites(for: packet("192.0.2.9", 22))
        #expect(
            found.map(\.description) == [
                "would be allowed by web/https (web.yaml:7) if the destination port were 443 or 8000-8100",
                "would be allowed by web/ping (web.yaml:8) if the protocol were icmp and the ICMP message were echo-request",
                "would be allowed by no rule if rule web/rest were not there",
            ])
        #expect(found.first?.packet?.destinationPort == 443)
    }

    @Test func `a rule in front that takes the changed packet as well is stepped around`() throws {
        let negative = try evaluator().opposites(for: packet("203.0.113.9", 443)).map(\.description)
        #expect(negative.first == "would be allowed by web/https (web.yaml:7) if the source were outside 203.0.113.0/24")
        // Denied by the first rule: nothing stands in front of it.
        #expect(
            try evaluator().opposites(for: packet("198.51.100.9", 443)).map(\.description) == [
                "would be allowed by web/https (web.yaml:7) if rule web/abuse were not there"
            ])
    }

    @Test func `of an allowed packet it tells what would deny it`() throws {
        let found = try evaluator().opposites(for: packet("192.0.2.9", 443)).map(\.description)
        #expect(
            found == [
                "would be denied by web/abuse (web.yaml:6) if the source were in set:abusers",
                "would be denied by web/rest (web.yaml:9) if rule web/https were not there",
            ])
    }

    @Test func `every way that is told is one, whatever the policies`() {
        var generator = PolicyGenerator(seed: 311)
        var ways = 0
        for _ in 0..<150 {
            let policySet = generator.policySet()
            let evaluator = ReferenceEvaluator(policySet)
            for _ in 0..<4 {
                let packet = generator.packet(for: policySet)
                let allowed = evaluator.verdict(for: packet).action == .allow
                for way in evaluator.opposites(for: packet) {
                    ways += 1
                    #expect((way.verdict.action == .allow) != allowed && !way.conditions.isEmpty)
                    guard let changed = way.packet else { continue }
                    #expect(changed != packet && evaluator.verdict(for: changed) == way.verdict)
                }
            }
        }
        #expect(ways > 300, "\(ways)")
    }
}
