import BPFTesting
import Glibc
import PolicyAPI
import Testing

/// Early drop as an operator has it: by the configuration, changed by a reload, told by `status`.
@Suite(.serialized) struct EarlyDropTests {
    static let policy = """
        apiVersion: policyd/v1
        kind: HostPolicy
        metadata: { name: closed }
        spec:
          ingress:
            - { name: bad, action: deny, from: [198.51.100.0/24] }
            - { name: telnet, action: deny, protocol: tcp, ports: [23] }
        """

    /// Sends so many frames that a rule denies, and waits until they are counted.
    static func flood(_ guarded: GuardedHost, _ count: Int) throws {
        let before = try guarded.counters("closed", "bad").packets
        try guarded.peer.run {
            let sender = try PacketSocket(interface: "eth0")
            for port in 0..<count {
                try sender.send(Packet.ethernet().ipv4("198.51.100.7", "192.0.2.1").udp(UInt16(2_000 + port), 9).bytes)
            }
        }
        #expect(try eventually { try guarded.counters("closed", "bad").packets >= before + UInt64(count) })
        #expect(try guarded.counters("closed", "bad").packets == before + UInt64(count))
    }

    @Test func modesComeAndGoByTheConfiguration() throws {
        let guarded = try GuardedHost(starting: false)
        let file = try guarded.folder.file("policyd.yaml", "xdp: { native: [eth0] }\n")
        try guarded.start(flags: ["--config", file])
        try guarded.apply(Self.policy)
        for (text, mode) in [
            ("xdp: { native: [eth0] }", "native"), ("xdp: { generic: ['eth*'] }", "generic"),
            ("xdp: { native: [], generic: ['wlan*'] }", nil),
            ("xdp: { native: ['*'], generic: ['*'] }", "native"),
        ] as [(String, String?)] {
            _ = try guarded.folder.file("policyd.yaml", text + "\n")
            try guarded.daemon.send(SIGHUP)
            #expect(try eventually { try guarded.status().interfaces.map(\.xdp) == [mode] }, "\(text)")
            #expect(try guarded.status().warnings.isEmpty)
            let shown = try guarded.host.ip("link", "show", "eth0").split(separator: " ").first { $0.hasPrefix("xdp") }
            #expect(shown == mode.map { $0 == "native" ? "xdp" : "xdpgeneric" })
            try Self.flood(guarded, 20)
        }
        // It stays without the daemon, and goes with `down`.
        try guarded.stop(SIGKILL)
        #expect(try guarded.host.ip("link", "show", "eth0").contains("prog/xdp"))
        try guarded.start(flags: ["--config", file])
        #expect(try guarded.status().interfaces.map(\.xdp) == ["native"])
        try Self.flood(guarded, 20)
        try guarded.done("down", "--yes")
        #expect(try !guarded.host.ip("link", "show", "eth0").contains("xdp"))
        try guarded.apply(Self.policy)
        #expect(try guarded.status().interfaces.map(\.xdp) == ["native"])
        try guarded.end()
    }

    @Test func aRefusalIsAWarningAndTheInterfaceIsProtected() throws {
        let guarded = try GuardedHost(starting: false)
        try guarded.start(flags: ["--xdp-native", "lo", "--xdp-generic", "eth0"], interfaces: ["*"])
        try guarded.apply(Self.policy)
        let status = try guarded.status()
        #expect(status.interfaces.map(\.name) == ["lo", "eth0"])
        #expect(status.interfaces.map(\.xdp) == [nil, "generic"])
        #expect(status.interfaces.first?.xdpFailure == "its driver has no native XDP; generic works at every interface")
        #expect(status.warnings == ["lo has no early drop: its driver has no native XDP; generic works at every interface"])
        let text = try guarded.done("status").output
        #expect(text.contains("refused"))
        try guarded.end()
    }
}
