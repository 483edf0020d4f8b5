import BPFTesting
import Datapath
import FoundationEssentials
import PolicyCompiler
import PolicyModel
import Testing

/// `established: keep`: connections older than a rule are not cut by it.
@Suite(.serialized) struct KeepTests {
    static func web(closed: UInt16?, action: Action = .deny) -> HostPolicy {
        let stop = closed.map {
            Rule(name: "stop", action: action, protocols: [.tcp], ports: [PortRange($0)], established: .keep)
        }
        return HostPolicy(
            name: "web", ingress: (stop.map { [$0] } ?? []) + [Rule(name: "open", action: .allow)],
            egress: [Rule(name: "none", action: .deny)])
    }

    /// Both ends of a connection.
    struct Connection {
        var client: TestSocket
        var accepted: TestSocket

        func works(_ text: String) -> Bool {
            client.send(text)
            return accepted.receive(milliseconds: 400) == text
        }
    }

    @Test(arguments: [Action.deny, .reject])
    func oldConnectionsStayAndYoungOnesGo(action: Action) throws {
        let hosts = try TwoHosts()
        var numbers = RuleNumbers()
        let server = try hosts.host.run { try TestSocket.listener("192.0.2.1", port: 80) }
        func connect() throws -> Connection? {
            let client = try hosts.peer.run { try TestSocket(.tcp, family: .v4) }
            guard try client.connect(to: "192.0.2.1", port: 80, milliseconds: 300) == .connected else { return nil }
            return Connection(client: client, accepted: try #require(server.accept()))
        }
        let old: Connection
        let young: Connection
        do {
            let datapath = try hosts.datapath()
            try datapath.install([Self.web(closed: nil)], revision: 1, &numbers)
            _ = try hosts.protect(datapath)
            old = try #require(try connect())
            try datapath.install([Self.web(closed: 81, action: action)], revision: 2, &numbers)
            young = try #require(try connect())
            #expect(old.works("two"))
        }
        // The daemon starts again, and the rule is as old as it was.
        numbers = try JSONDecoder().decode(RuleNumbers.self, from: JSONEncoder().encode(numbers))
        let datapath = try hosts.datapath()
        for revision in [3, 4] as [UInt32] {
            try datapath.install([Self.web(closed: 80, action: action)], revision: revision, &numbers)
            #expect(old.works("\(revision)"))
            #expect(try connect() == nil)
        }
        #expect(!young.works("no more"))
        #expect(old.works("still"))
        #expect((try hosts.host.run { try datapath.status() }.reasons[.established]?.packets ?? 0) > 0, "no rule allows it")
        // Without `keep` the rule cuts it.
        var rule = Self.web(closed: 80, action: action)
        rule.ingress[0].established = .judge
        try datapath.install([rule], revision: 5, &numbers)
        #expect(!old.works("no more"))
        try hosts.host.run { try datapath.remove() }
    }
}
