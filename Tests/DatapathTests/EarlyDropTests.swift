import BPF
import BPFTestObjects
import BPFTesting
@testable import Datapath
import Glibc
import Logging
import PolicyCompiler
import PolicyModel
import Synchronization
import Testing

/// How early drop comes, changes and goes, and how it is refused.
@Suite(.serialized) struct EarlyDropTests {
    static func closing(_ ports: [UInt16], extra: Int = 0) -> HostPolicy {
        let others = (0..<extra).map { index in
            Rule(name: "other-\(index)", action: .deny, protocols: [.tcp], ports: [PortRange(UInt16(20_000 + index))])
        }
        return HostPolicy(
            name: "closing",
            ingress: ports.map { Rule(name: "port-\($0)", action: .deny, protocols: [.udp], ports: [PortRange($0)]) } + others)
    }

    private static let probes = Atomic<UInt16>(10_000)

    /// Which of two ports frames for are dropped before sockets that see everything see them.
    static func droppedEarly(_ hosts: TwoHosts) throws -> Set<UInt16> {
        // A flow of its own: what is let through makes a connection, and those are not dropped early.
        let source = probes.add(1, ordering: .relaxed).newValue
        let inside = try hosts.host.run { try PacketSocket(interface: "eth0") }
        let sender = try hosts.peer.run { try PacketSocket(interface: "eth0") }
        var dropped: Set<UInt16> = [90, 91]
        for port in [90, 91, 92] as [UInt16] {
            try sender.send(Packet.ethernet().ipv4("192.0.2.2", "192.0.2.1").udp(source, port).payload("probe").bytes)
        }
        while let frame = inside.receive(milliseconds: 2_000) {
            guard frame.count == 47, frame[34...35].elementsEqual([UInt8(source >> 8), UInt8(source & 255)]) else { continue }
            let port = UInt16(frame[36]) << 8 | UInt16(frame[37])
            if port == 92 { break }
            dropped.remove(port)
        }
        return dropped
    }

    typealias Packet = BPFTesting.Packet

    /// What `ip` says is attached at XDP.
    static func shown(_ hosts: TwoHosts) throws -> Substring? {
        try hosts.host.ip("link", "show", "eth0").split(separator: " ").first { $0.hasPrefix("xdp") }
    }

    @Test func modesChangeWhileAPolicyIsInForce() throws {
        let hosts = try TwoHosts()
        let datapath = try hosts.datapath()
        var numbers = RuleNumbers()
        try datapath.install([Self.closing([90])], revision: 1, &numbers)
        for mode in [nil, .native, .native, .generic, .native, nil, .generic, nil] as [EarlyDrop?] {
            #expect(try hosts.protect(datapath, mode).map(\.earlyDrop) == [mode])
            #expect(try hosts.host.run { try datapath.status() }.interfaces.map(\.earlyDrop) == [mode])
            #expect(try Self.shown(hosts) == (mode.map { $0 == .native ? "xdp" : "xdpgeneric" }))
            #expect(try Self.droppedEarly(hosts) == (mode == nil ? [] : [90]))
        }
        let folder = "\(hosts.bpffs.path)/policyd/early"
        #expect(Directory.names(in: folder).isEmpty)
        try hosts.host.run { try datapath.remove() }
    }

    /// Each generation has a program of its own, also when its tables are made anew for a larger policy.
    @Test(arguments: [EarlyDrop.native, .generic]) func eachRevisionIsTheOneThatDrops(mode: EarlyDrop) throws {
        let hosts = try TwoHosts()
        let datapath = try hosts.datapath()
        var numbers = RuleNumbers()
        // Nothing is in force yet.
        #expect(try hosts.protect(datapath, mode).map(\.earlyDrop) == [mode])
        #expect(try Self.droppedEarly(hosts) == [])
        let revisions: [([UInt16], Int)] = [
            ([90], 0), ([91], 0), ([90, 91], 0), ([], 0), ([91], 600), ([90], 600), ([], 2_000), ([90], 0),
        ]
        for (index, (ports, extra)) in revisions.enumerated() {
            try datapath.install([Self.closing(ports, extra: extra)], revision: UInt32(index + 1), &numbers)
            #expect(try Self.droppedEarly(hosts) == Set(ports), "\(ports) \(extra)")
        }
        try hosts.host.run { try datapath.remove() }
    }

    @Test func theNextProcessAdoptsAndTakesItOut() throws {
        let hosts = try TwoHosts()
        var numbers = RuleNumbers()
        do {
            let datapath = try hosts.datapath()
            try datapath.install([Self.closing([90])], revision: 1, &numbers)
            #expect(try hosts.protect(datapath, .native).map(\.earlyDrop) == [.native])
        }
        // Nobody holds it now but the pins.
        #expect(try Self.droppedEarly(hosts) == [90])
        do {
            let datapath = try hosts.datapath()
            #expect(datapath.adopted)
            #expect(try hosts.protect(datapath, .native).map(\.earlyDrop) == [.native])
            #expect(try Self.droppedEarly(hosts) == [90])
            for (revision, port) in [(2, 91), (3, 90), (4, 91)] as [(UInt32, UInt16)] {
                try datapath.install([Self.closing([port])], revision: revision, &numbers)
                #expect(try Self.droppedEarly(hosts) == [port])
            }
        }
        let datapath = try hosts.datapath()
        try hosts.host.run { try datapath.remove() }
        #expect(try Self.shown(hosts) == nil)
        #expect(!hosts.bpffs.pins.contains("policyd"))
        #expect(try Self.droppedEarly(hosts) == [])
    }

    /// A daemon of another build puts its programs in the place of those that are there, in one step for each interface.
    @Test(arguments: [EarlyDrop.native, .generic]) func anotherBuildTakesThePlace(mode: EarlyDrop) throws {
        let hosts = try TwoHosts()
        var numbers = RuleNumbers()
        do {
            let datapath = try hosts.datapath()
            try datapath.install([Self.closing([90])], revision: 1, &numbers)
            #expect(try hosts.protect(datapath, mode).map(\.earlyDrop) == [mode])
        }
        let folder = "\(hosts.bpffs.path)/policyd/early"
        let own = Directory.names(in: folder)
        #expect(own.count == 2)
        for name in own { #expect(rename("\(folder)/\(name)", "\(folder)/\(name.replacing(EarlyPrograms.ownBuild, with: "0ld"))") == 0) }
        let index = try hosts.host.index(of: "eth0")
        let link = try Link(pinnedAt: "\(hosts.bpffs.path)/policyd/links/\(index)-\(mode.rawValue)")
        let before = try link.info

        let datapath = try hosts.datapath()
        #expect(try Self.droppedEarly(hosts) == [90])
        #expect(try hosts.protect(datapath, mode).map(\.earlyDropFailure) == [nil])
        let after = try link.info
        #expect(after.id == before.id && after.programID != before.programID)
        #expect(Directory.names(in: folder) == own)
        #expect(try Self.droppedEarly(hosts) == [90])
        try datapath.install([Self.closing([91])], revision: 2, &numbers)
        #expect(try Self.droppedEarly(hosts) == [91])
        // Nothing more to be done.
        _ = try hosts.protect(datapath, mode)
        #expect(try link.info.programID == after.programID)
        try hosts.host.run { try datapath.remove() }
    }

    /// The interface goes, and comes again under another number.
    @Test func interfacesThatVanishLeaveNothing() throws {
        let hosts = try TwoHosts()
        let datapath = try hosts.datapath()
        var numbers = RuleNumbers()
        try datapath.install([Self.closing([90])], revision: 1, &numbers)
        #expect(try hosts.protect(datapath, .native).map(\.earlyDrop) == [.native])
        try hosts.host.ip("link", "del", "eth0")
        #expect(try hosts.protect(datapath, .native).isEmpty)
        #expect(Directory.names(in: "\(hosts.bpffs.path)/policyd/links").isEmpty)
        try hosts.host.connect("eth0", to: hosts.peer, "eth0")
        #expect(try hosts.protect(datapath, .native).map(\.earlyDrop) == [.native])
        #expect(try Self.droppedEarly(hosts) == [90])
        try hosts.host.run { try datapath.remove() }
    }

    @Test func refusalsAreInWordsAndTheInterfaceIsProtectedAllTheSame() throws {
        let hosts = try TwoHosts()
        let datapath = try hosts.datapath()
        var numbers = RuleNumbers()
        try datapath.install([Self.closing([90])], revision: 1, &numbers)
        // Another's program, which is left alone. Ours of another datapath will do.
        let bpffs = try PrivateBPFFS()
        let other = try hosts.host.run {
            let other = try Datapath(
                DatapathConfiguration(bpffs: bpffs.path("policyd"), connectionLimit: 1024),
                logger: Logger(label: "other", factory: RecordingLog.init))
            let protected = try other.synchronizeInterfaces(InterfaceSelector(["eth0"]), earlyDrop: EarlyDropSelection(generic: ["*"]))
            #expect(protected.map(\.earlyDrop) == [.generic])
            return other
        }
        for mode in [EarlyDrop.generic, .native] {
            let protected = try hosts.protect(datapath, mode)
            #expect(protected.map(\.name) == ["eth0"])
            #expect(protected.map(\.earlyDrop) == [nil])
            #expect(protected.first?.earlyDropFailure == "another XDP program is attached to it, which is left alone")
            #expect(
                try hosts.host.run { try datapath.status() }.interfaces.first?.earlyDropFailure?.hasPrefix("another XDP program") == true)
        }
        #expect(try Self.shown(hosts) == "xdpgeneric")
        try hosts.host.run { try other.remove() }
        let after = try hosts.protect(datapath, .native)
        #expect(after.map(\.earlyDrop) == [.native])
        #expect(after.map(\.earlyDropFailure) == [nil])
        // A driver that has none, and an interface without Ethernet headers.
        try hosts.host.ip("tuntap", "add", "dev", "tun0", "mode", "tun")
        let (lo, tun) = try hosts.host.run {
            let protected = try datapath.synchronizeInterfaces(.all, earlyDrop: EarlyDropSelection(native: ["lo", "tun0"]))
            return (protected.first { $0.name == "lo" }, protected.first { $0.name == "tun0" })
        }
        #expect(lo?.earlyDropFailure == "its driver has no native XDP; generic works at every interface")
        #expect(tun?.earlyDropFailure == "its frames have no Ethernet header")
        #expect(try Self.shown(hosts) == nil)
        try hosts.host.run { try datapath.remove() }
    }

    /// The kernel leaves tc without link headers behind some programs of others at XDP; what no rule can judge must not pass for it.
    @Test(.enabled(if: KernelFeatures.hasFrags, "this kernel has no XDP frames of several parts"))
    func anothersGenericProgramHidesNoPacket() throws {
        let hosts = try TwoHosts()
        var object = try OpenObject(.verdict)
        try object.allowFragments(program: "bt_xdp_pass")
        let other = try object.load().program("bt_xdp_pass", as: XDP.self)
        let index = try hosts.host.index(of: "eth0")
        try hosts.host.run { try other.attach(interface: .index(index), .generic).pin(at: hosts.bpffs.path("other")) }
        let datapath = try hosts.datapath()
        var numbers = RuleNumbers()
        try datapath.install([LiveTrafficTests.neighbours, LiveTrafficTests.web(80)], revision: 1, &numbers)
        _ = try hosts.protect(datapath)
        for (family, address) in TwoHosts.addresses {
            for port in [80, 81] as [UInt16] {
                let server = try hosts.host.run { try TestSocket.listener(address.host, port: port) }
                let client = try hosts.peer.run { try TestSocket(.tcp, family: family) }
                #expect(try client.connect(to: address.host, port: port, milliseconds: 300) == (port == 80 ? .connected : .timedOut))
                guard port == 80 else { continue }
                let accepted = try #require(server.accept())
                client.send("hello")
                #expect(accepted.receive() == "hello")
            }
        }
        // Answers to what is rejected find their way back as well.
        let told = HostPolicy(name: "told", ingress: [Rule(name: "all", action: .reject, protocols: [.tcp])])
        try datapath.install([LiveTrafficTests.neighbours, told], revision: 2, &numbers)
        let client = try hosts.peer.run { try TestSocket(.tcp, family: .v4) }
        #expect(try client.connect(to: "192.0.2.1", port: 82) == .failed(ECONNREFUSED))
        #expect(try hosts.host.run { try datapath.status() }.reasons[.nonIP]?.packets ?? 0 <= 8)
        try Link(pinnedAt: hosts.bpffs.path("other")).detach()
        try hosts.host.run { try datapath.remove() }
    }

    @Test func interfacesAreChosenByGlobs() {
        let selection = EarlyDropSelection(native: ["eth*", "!eth9"], generic: ["*", "!wg*"])
        #expect(selection.mode("eth0") == .native)
        #expect(selection.mode("eth9") == .generic)
        #expect(selection.mode("wlan0") == .generic)
        #expect(selection.mode("wg0") == nil)
        #expect(EarlyDropSelection.none.mode("eth0") == nil)
    }
}
