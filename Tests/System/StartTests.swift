import BPFTesting
import Glibc
import PolicyAPI
import Testing

/// How the daemon starts: alone on its folders, with interfaces that come later, with words where it cannot.
@Suite(.serialized) struct StartTests {
    @Test func aSecondDaemonOnTheSameSocketOrFolderIsRefusedInWords() throws {
        let guarded = try GuardedHost()
        let pid = try guarded.daemon.pid
        let revision = try guarded.apply(BadInputTests.policy).revision
        let other = guarded.folder.path + "/other"
        for (what, socket, state, bpffs) in [
            ("the socket \(guarded.socket)", guarded.socket, other, guarded.bpffs.path("other")),
            ("the state folder \(guarded.folder.path)/state", "\(other).socket", "\(guarded.folder.path)/state", guarded.bpffs.path("other")),
            ("the bpffs folder \(guarded.pinFolder)", "\(other).socket", other, guarded.pinFolder),
        ] {
            let second = try guarded.launch(socket: socket, state: state, bpffs: bpffs)
            #expect(second.wait(seconds: 10) == 1, "\(what)")
            #expect(second.errors.contains("another policyd (pid \(pid)) already uses \(what)"), "\(second.errors)")
        }
        // The first one has not noticed.
        let status = try guarded.status()
        #expect(status.daemon.pid == Int(pid))
        #expect(status.revision?.number == revision)
        #expect(try guarded.attachedPrograms().count == 2)
        try guarded.end()
    }

    @Test func aSocketLeftByAKilledDaemonIsNoObstacle() throws {
        let guarded = try GuardedHost()
        try guarded.stop(SIGKILL)
        #expect(access(guarded.socket, F_OK) == 0)
        try guarded.start()
        try guarded.stop(SIGTERM)
        #expect(access(guarded.socket, F_OK) != 0, "an orderly end leaves no socket")
        #expect(try guarded.policyctl("status").status == 3)
        try guarded.end()
    }

    @Test func anInterfaceThatComesLaterIsReportedAndThenProtected() throws {
        let guarded = try GuardedHost(starting: false)
        try guarded.start(interfaces: ["eth0", "eth7"])
        try guarded.apply(
            """
            apiVersion: policyd/v1
            kind: HostPolicy
            metadata: { name: late }
            spec:
              interfaces: [eth7]
              ingress: [{ name: open, action: allow, protocol: tcp, ports: [8080] }, { name: rest, action: deny }]
            """)
        var status = try guarded.status()
        #expect(status.awaited == ["eth7"])
        #expect(status.interfaces.map(\.name) == ["eth0"])
        #expect(try guarded.done("status").output.contains("eth7"))

        try guarded.host.connect("eth7", to: guarded.peer, "eth7")
        try guarded.host.addAddress("198.51.100.1/24", to: "eth7")
        try guarded.peer.addAddress("198.51.100.2/24", to: "eth7")
        #expect(try eventually { try guarded.status().interfaces.map(\.name).sorted() == ["eth0", "eth7"] })
        status = try guarded.status()
        #expect(status.awaited.isEmpty)
        let stream = try EventStream(guarded)
        let listeners = try guarded.host.run {
            try [8080, 8081].map { try TestSocket.listener("198.51.100.1", port: $0) } + [try TestSocket.listener("192.0.2.1", port: 8081)]
        }
        for (address, port, outcome) in [
            ("198.51.100.1", 8080, .connected), ("198.51.100.1", 8081, .timedOut), ("192.0.2.1", 8081, .connected),
        ] as [(String, UInt16, TestSocket.Outcome)] {
            let client = try guarded.peer.run { try TestSocket(.tcp, family: .v4) }
            #expect(try client.connect(to: address, port: port, milliseconds: outcome == .timedOut ? 100 : 3000) == outcome, "\(address) \(port)")
        }
        withExtendedLifetime(listeners) {}
        let event = try stream.first { $0.verdict == "deny" && $0.protocol == "tcp" }
        #expect(event?.interface == "eth7")
        #expect(event?.rule == "rest")

        try guarded.host.ip("link", "delete", "eth7")
        #expect(try eventually { try guarded.status().awaited == ["eth7"] })
        try guarded.end()
    }

    @Test func aPolicyFolderIsPutInForceAtTheFirstStart() throws {
        let guarded = try GuardedHost(starting: false)
        try guarded.folder.file("policies/web.yaml", BadInputTests.policy)
        try guarded.start()
        let status = try guarded.status()
        #expect(status.revision?.number == 1)
        #expect(status.folder.state == .same)
        #expect(try guarded.counters("web", "rest").packets >= 0)
        try guarded.end()
    }

    @Test func whatKeepsTheDaemonFromStartingIsSaidInOneLine() throws {
        let guarded = try GuardedHost(starting: false)
        let config = try guarded.folder.file("policyd.yaml", "interfaces: [eth0]\nsoket: /x\nlog: { level: loud }\n")
        for (flags, status, words) in [
            (["--config", config], 1, "\(config):2:1"), (["--config", config], 1, "\(config):3:"),
            (["--config", "/absent.yaml"], 1, "/absent.yaml"), (["--socket-group", "nobody-has-this"], 1, "nobody-has-this"),
            (["--bpffs", guarded.folder.path + "/plain"], 1, "is not on a bpf filesystem"), (["--no-such-flag"], 2, "no-such-flag"),
        ] as [([String], Int32, String)] {
            let process = try guarded.launch(
                bpffs: flags.first == "--bpffs" ? flags[1] : nil, flags: flags.first == "--bpffs" ? [] : flags)
            #expect(process.wait(seconds: 10) == status, "\(flags)")
            #expect(process.errors.contains(words), "\(flags): \(process.errors)")
        }
        #expect(guarded.bpffs.pins.isEmpty)
    }
}
