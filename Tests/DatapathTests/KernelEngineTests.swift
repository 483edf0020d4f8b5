import Datapath
import PolicyCompiler
import PolicyModel
import Testing

/// The kernel program under test-run against the reading of the language, on policies written by hand.
@Suite struct KernelEngineTests {
    static func compiled(_ policySet: PolicySet, limits: CompileLimits = CompileLimits()) throws -> CompiledPolicy {
        var numbers = RuleNumbers()
        numbers.assign(for: policySet)
        return try CompiledPolicy.compile(policySet, revision: 1, numbers: numbers, interfaces: ["eth0", "wg0"], limits: limits)
    }

    static func prefix(_ text: String) throws -> AddressTerm {
        .prefix(try #require(CIDR(text)))
    }

    static func packet(
        _ direction: Direction = .ingress, _ proto: UInt8, _ source: String, _ destination: String, ports: (UInt16, UInt16) = (40_000, 0),
        icmp: (UInt8, UInt8) = (0, 0), interface: String = "eth0"
    ) throws -> Packet {
        let hasPorts = ProtocolMatch.hasPorts(proto)
        return Packet(
            direction: direction, interface: interface, protocol: proto, source: try #require(IPAddress(source)),
            destination: try #require(IPAddress(destination)), sourcePort: hasPorts ? ports.0 : 0,
            destinationPort: hasPorts ? ports.1 : 0, icmpType: icmp.0, icmpCode: icmp.1)
    }

    @Test func threeEnginesAgreeOnAPolicyOfEachConstruct() throws {
        let web = HostPolicy(
            name: "web",
            ingress: [
                Rule(
                    name: "https", action: .allow, protocols: [.tcp], ports: [PortRange(443), PortRange(8000...8100)],
                    remote: AddressMatch([.any], except: [.set("abusers")])),
                Rule(name: "ping", action: .allow, icmp: [ICMPMatch("echo-request", v4: .init(type: 8), v6: .init(type: 128))]),
                Rule(
                    name: "wg", action: .allow, protocols: [.udp], sourcePorts: [PortRange(51820)],
                    interfaces: InterfaceSelector(["wg*"])),
                Rule(name: "gre", action: .allow, protocols: [.number(47)], remote: AddressMatch([try Self.prefix("2001:db8::/32")])),
                Rule(name: "rest", action: .deny),
            ],
            egress: [Rule(name: "later", action: .pass, remote: AddressMatch([try Self.prefix("10.0.0.0/8")]))])
        let watch = HostPolicy(name: "watch", priority: 1, mode: .audit, ingress: [Rule(name: "tcp", action: .deny, protocols: [.tcp])])
        let base = HostPolicy(name: "base", tier: .baseline, egress: [Rule(name: "none", action: .deny)])
        let abusers = AddressSet(
            name: "abusers", addresses: [try #require(CIDR("198.51.100.0/24")), try #require(CIDR("2001:db8:bad::/48"))])
        let policySet = try PolicySet(policies: [web, watch, base], sets: [abusers])
        let policy = try Self.compiled(policySet)
        let reference = ReferenceEvaluator(policySet)
        let kernel = try KernelEngine(policy)
        let packets = [
            try Self.packet(.ingress, 6, "192.0.2.1", "192.0.2.9", ports: (40_000, 443)),
            try Self.packet(.ingress, 6, "198.51.100.7", "192.0.2.9", ports: (40_000, 443)),
            try Self.packet(.ingress, 6, "2001:db8:bad::1", "2001:db8::9", ports: (40_000, 8100)),
            try Self.packet(.ingress, 6, "2001:db8:bae::1", "2001:db8::9", ports: (40_000, 8100)),
            try Self.packet(.ingress, 6, "192.0.2.1", "192.0.2.9", ports: (40_000, 8101)),
            try Self.packet(.ingress, 1, "192.0.2.1", "192.0.2.9", icmp: (8, 0)),
            try Self.packet(.ingress, 1, "192.0.2.1", "192.0.2.9", icmp: (3, 1)),
            try Self.packet(.ingress, 58, "2001:db8::1", "2001:db8::9", icmp: (128, 0)),
            try Self.packet(.ingress, 58, "2001:db8::1", "2001:db8::9", icmp: (135, 0)),
            try Self.packet(.ingress, 17, "192.0.2.1", "192.0.2.9", ports: (51820, 1)),
            try Self.packet(.ingress, 17, "192.0.2.1", "192.0.2.9", ports: (51820, 1), interface: "wg0"),
            try Self.packet(.ingress, 17, "192.0.2.1", "192.0.2.9", ports: (51820, 1), interface: "wg7"),
            try Self.packet(.ingress, 47, "2001:db8::1", "2001:db8::9"),
            try Self.packet(.ingress, 47, "192.0.2.1", "192.0.2.9"),
            try Self.packet(.egress, 6, "192.0.2.9", "10.1.2.3", ports: (443, 40_000)),
            try Self.packet(.egress, 17, "192.0.2.9", "11.1.2.3", ports: (443, 40_000)),
        ]
        for packet in packets {
            let expected = reference.verdict(for: packet)
            #expect(policy.verdict(for: packet) == expected, "compiled: \(packet)")
            let judged = try kernel.verdict(for: packet)
            #expect(judged == expected, "kernel: \(packet): \(judged)")
        }
    }
}
