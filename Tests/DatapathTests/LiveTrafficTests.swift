import BPF
import BPFTesting
import Datapath
import PolicyCompiler
import PolicyModel
import Testing

/// Real packets between two namespaces, judged by tables in the kernel.
@Suite(.serialized) struct LiveTrafficTests {
    static let neighbours = HostPolicy(
        name: "neighbours", tier: .safety,
        ingress: [Rule(name: "nd-in", action: .allow, icmp: [135, 136].map { ICMPMatch("\($0)", v4: nil, v6: .init(type: $0)) })],
        egress: [Rule(name: "nd-out", action: .allow, icmp: [135, 136].map { ICMPMatch("\($0)", v4: nil, v6: .init(type: $0)) })])

    static func web(_ port: UInt16, log: Rule.Log = .new) -> HostPolicy {
        HostPolicy(
            name: "web",
            ingress: [
                Rule(name: "open", action: .allow, protocols: [.tcp, .udp], ports: [PortRange(port)], log: log),
                Rule(name: "rest", action: .deny),
            ],
            egress: [Rule(name: "dns", action: .allow, protocols: [.udp], ports: [PortRange(53)]), Rule(name: "none", action: .deny)])
    }

    /// `auto` is tcx where the kernel has it, as this machine's has and Debian's 6.1 has not.
    @Test(arguments: [DatapathConfiguration.Attachment.auto, .clsact])
    func allowsAndDeniesInBothFamilies(attachment: DatapathConfiguration.Attachment) throws {
        let hosts = try TwoHosts()
        let datapath = try hosts.datapath(attachment)
        var numbers = RuleNumbers()
        try datapath.install([Self.neighbours, Self.web(80)], revision: 1, &numbers)
        let protected = try hosts.protect(datapath)
        #expect(protected.map(\.name) == ["eth0"])
        let hook: ProtectedInterface.Hook = attachment == .auto && Features.tcx == .available ? .tcx : .clsact
        #expect(protected.first?.hook == hook)
        for (family, address) in TwoHosts.addresses {
            for port in [80, 81] as [UInt16] {
                let server = try hosts.host.run { try TestSocket.listener(address.host, port: port) }
                let client = try hosts.peer.run { try TestSocket(.tcp, family: family) }
                let outcome = try client.connect(to: address.host, port: port)
                #expect(outcome == (port == 80 ? .connected : .timedOut), "\(family) \(port)")
                if port == 80 {
                    let accepted = try #require(server.accept())
                    client.send("hello")
                    #expect(accepted.receive() == "hello")
                    accepted.send("reply")
                    #expect(client.receive() == "reply")
                }
                let echo = try hosts.host.run { try TestSocket.bound(.udp, address.host, port: port) }
                let asker = try hosts.peer.run { try TestSocket.bound(.udp, address.peer, port: 0) }
                try asker.send("ping", to: address.host, port: port)
                #expect(echo.echoDatagram(milliseconds: 200) == (port == 80))
                #expect((asker.receive(milliseconds: 200) == "ping") == (port == 80))
            }
            // Egress of the guarded host.
            let name = try hosts.peer.run { try TestSocket.bound(.udp, address.peer, port: 53) }
            let other = try hosts.peer.run { try TestSocket.bound(.udp, address.peer, port: 54) }
            let asker = try hosts.host.run { try TestSocket.bound(.udp, address.host, port: 0) }
            try asker.send("name?", to: address.peer, port: 53)
            #expect(name.echoDatagram())
            #expect(asker.receive() == "name?")
            try asker.send("other?", to: address.peer, port: 54)
            #expect(!other.echoDatagram(milliseconds: 200))
        }
        let counters = try datapath.counters()
        let open = try #require(numbers.number(of: RuleKey(policy: "web", direction: .ingress, rule: "open")))
        #expect((counters[open]?.packets ?? 0) >= 2 * (6 + 2))
        #expect(try hosts.attachedPrograms().count == (hook == .tcx ? 2 : 0))
        try hosts.host.run { try datapath.remove() }
        #expect(!hosts.bpffs.pins.contains("policyd"))
        // Nothing is in the way any more.
        let server = try hosts.host.run { try TestSocket.listener("192.0.2.1", port: 99) }
        let client = try hosts.peer.run { try TestSocket(.tcp, family: .v4) }
        #expect(try client.connect(to: "192.0.2.1", port: 99) == .connected)
        withExtendedLifetime(server) {}
        let qdiscs = try hosts.host.run(command: "tc", "qdisc", "show", "dev", "eth0").output
        #expect(!qdiscs.contains("clsact"))
        #expect(try hosts.attachedPrograms().isEmpty)
    }

    @Test func eventsNameTheRule() async throws {
        let hosts = try TwoHosts()
        let datapath = try hosts.datapath()
        var numbers = RuleNumbers()
        try datapath.install([Self.neighbours, Self.web(80)], revision: 7, &numbers)
        _ = try hosts.protect(datapath)
        var events = datapath.events().makeAsyncIterator()
        let server = try hosts.host.run { try TestSocket.listener("192.0.2.1", port: 80) }
        for port in [80, 81] as [UInt16] {
            let client = try hosts.peer.run { try TestSocket(.tcp, family: .v4) }
            _ = try client.connect(to: "192.0.2.1", port: port, milliseconds: 200)
        }
        withExtendedLifetime(server) {}
        var seen: [PacketEvent] = []
        while seen.count < 2, let batch = try await events.next() {
            seen += batch.events.filter { $0.protocol == 6 }
            #expect(batch.lost == 0)
        }
        let rules = seen.map { $0.rule.flatMap(numbers.key(of:))?.rule }
        #expect(rules == ["open", "rest"])
        #expect(seen.map(\.verdict) == [.allow, .deny])
        #expect(seen.map(\.destinationPort) == [80, 81])
        #expect(
            seen.allSatisfy { $0.revision == 7 && $0.direction == .ingress && $0.source == IPAddress("192.0.2.2") && $0.reason == .rule })
        try hosts.host.run { try datapath.remove() }
    }

    @Test func aNewRevisionCutsAnEstablishedFlow() throws {
        let hosts = try TwoHosts()
        let datapath = try hosts.datapath()
        var numbers = RuleNumbers()
        try datapath.install([Self.neighbours, Self.web(80)], revision: 1, &numbers)
        _ = try hosts.protect(datapath)
        let server = try hosts.host.run { try TestSocket.listener("192.0.2.1", port: 80) }
        let client = try hosts.peer.run { try TestSocket(.tcp, family: .v4) }
        #expect(try client.connect(to: "192.0.2.1", port: 80) == .connected)
        let accepted = try #require(server.accept())
        client.send("one")
        #expect(accepted.receive() == "one")
        try datapath.install([Self.neighbours, Self.web(81)], revision: 2, &numbers)
        client.send("two")
        #expect(accepted.receive(milliseconds: 400) == nil)
        accepted.send("three")
        #expect(client.receive(milliseconds: 400) == nil)
        // Allowed again, the retransmissions get through.
        try datapath.install([Self.neighbours, Self.web(80)], revision: 3, &numbers)
        #expect(accepted.receive(milliseconds: 30_000) == "two")
        try hosts.host.run { try datapath.remove() }
    }

    @Test func theNextProcessAdoptsWhatIsInForce() throws {
        let hosts = try TwoHosts()
        var numbers = RuleNumbers()
        do {
            let datapath = try hosts.datapath()
            #expect(!datapath.adopted)
            try datapath.install([Self.neighbours, Self.web(80)], revision: 5, &numbers)
            _ = try hosts.protect(datapath)
        }
        // Nobody holds it now but the pins.
        let server = try hosts.host.run { try TestSocket.listener("192.0.2.1", port: 80) }
        let client = try hosts.peer.run { try TestSocket(.tcp, family: .v4) }
        #expect(try client.connect(to: "192.0.2.1", port: 80) == .connected)
        let refused = try hosts.peer.run { try TestSocket(.tcp, family: .v4) }
        #expect(try refused.connect(to: "192.0.2.1", port: 81, milliseconds: 200) == .timedOut)
        let accepted = try #require(server.accept())

        let datapath = try hosts.datapath()
        #expect(datapath.adopted)
        #expect(datapath.revisionInForce == 5)
        #expect(try hosts.protect(datapath).map(\.name) == ["eth0"])
        #expect(try hosts.host.run { try datapath.status() }.connections(.v4)?.used == 1)
        client.send("still")
        #expect(accepted.receive() == "still")
        // And can be changed by whoever adopted it, more than once: both generations are written.
        for (revision, port) in [(6, 81), (7, 80), (8, 81)] as [(UInt32, UInt16)] {
            try datapath.install([Self.neighbours, Self.web(port)], revision: revision, &numbers)
            #expect(datapath.revisionInForce == revision)
        }
        client.send("no more")
        #expect(accepted.receive(milliseconds: 300) == nil)
        try hosts.host.run { try datapath.remove() }
    }
}
