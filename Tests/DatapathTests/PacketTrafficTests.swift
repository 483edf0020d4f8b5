import BPF
@testable import BPFTesting
import CDatapath
@testable import Datapath
import Glibc
import PolicyCompiler
import PolicyModel
import Testing

/// The lines of docs/packets.md that only packets on interfaces can show: each with a packet that the policy allows, to port 80, and one
/// that it denies, to port 81.
@Suite(.serialized) struct PacketTrafficTests {
    /// A host whose policy counts what is to port 80 and what is to port 81, and whatever else there is by another rule.
    struct Guarded {
        let hosts: TwoHosts
        let datapath: Datapath
        private var numbers = RuleNumbers()

        private static let rules = [
            Rule(name: "open", action: .allow, protocols: [.tcp, .udp], ports: [PortRange(80)], log: .all),
            Rule(name: "closed", action: .deny, protocols: [.tcp, .udp], ports: [PortRange(81)], log: .all),
            Rule(name: "errors", action: .deny, icmp: [ICMPMatch("3", v4: .init(type: 3), v6: .init(type: 1))]),
        ]

        init(_ interface: String = "eth0", prepare: (TwoHosts) throws -> Void = { _ in }) throws {
            let hosts = try TwoHosts()
            for (host, address) in [(hosts.host, "02:00:00:00:00:02"), (hosts.peer, "02:00:00:00:00:01")] {
                try host.ip("link", "set", "eth0", "address", address)
            }
            try prepare(hosts)
            try self.init(hosts, interface)
        }

        init(_ hosts: TwoHosts, _ interface: String) throws {
            self.hosts = hosts
            let datapath = try hosts.datapath()
            self.datapath = datapath
            let rest = Rule(name: "rest", action: .allow)
            let policy = HostPolicy(name: "live", ingress: Self.rules + [rest], egress: Self.rules + [rest])
            try datapath.install([policy], revision: 1, &numbers)
            let protected = try hosts.host.run { try datapath.synchronizeInterfaces(InterfaceSelector([interface])) }
            try #require(protected.map(\.name) == [interface])
        }

        func packets(_ rule: String, _ direction: Direction = .ingress) throws -> UInt64 {
            let number = try #require(numbers.number(of: RuleKey(policy: "live", direction: direction, rule: rule)))
            return try datapath.counters()[number]?.packets ?? 0
        }

        func reason(_ reason: PacketEvent.Reason) throws -> UInt64 {
            try hosts.host.run { try datapath.status() }.reasons[reason]?.packets ?? 0
        }

        /// Sockets that take what comes to port 80, so that the host does not answer it with errors, which would be counted too.
        func listeners(_ addresses: [String] = ["192.0.2.1", "2001:db8::1"]) throws -> [TestSocket] {
            try hosts.host.run { try addresses.map { try TestSocket.bound(.udp, $0, port: 80) } }
        }

        /// The lengths of the packets to port 80 that events told of so far.
        func lengths() throws -> [Int] {
            let ring = try RingBuffer(pinnedAt: hosts.bpffs.path("policyd/shared/policyd_events"))
            let decoder = EventDecoder(interfaces: [:])
            var lengths: [Int] = []
            try ring.drain().forEach(as: pd_event.self) {
                let event = decoder.decode($0)
                if event.destinationPort == 80 { lengths.append(event.length) }
            }
            return lengths
        }

        func remove() throws { try hosts.host.run { try datapath.remove() } }
    }

    private static let link = BPFTesting.Packet.ethernet()
    private static func text(_ count: Int) -> String { String(repeating: "x", count: count) }

    @Test func tagsBesideTheFrame() throws {
        let guarded = try Guarded()
        let socket = try guarded.hosts.peer.run { try TaggedFrames(interface: "eth0") }
        let witness = try guarded.hosts.host.run { try TaggedFrames(interface: "eth0") }
        let listeners = try guarded.listeners()
        for (index, tags) in ([[5], [0xe005], [0], [5, 6], [5, 6, 7]] as [[UInt16]]).enumerated() {
            for port in [80, 81] as [UInt16] {
                let (open, closed) = (try guarded.packets("open"), try guarded.packets("closed"))
                for packet in [
                    BPFTesting.Packet.ethernet(vlans: tags).ipv4("192.0.2.2", "192.0.2.1"),
                    .ethernet(vlans: tags).ipv6("2001:db8::2", "2001:db8::1", extensions: [.destinationOptions()]),
                ] {
                    try socket.send(packet.udp(UInt16(1000 + index), port).payload("this packet").bytes)
                    #expect(witness.receive { $0.suffix(11) == Array("this packet".utf8)[...] } != nil)
                    // Beside it there is the outermost; those within stay where they are.
                    #expect(witness.tag == tags[0] & 0xfff)
                }
                #expect(try guarded.packets("open") - open == (port == 80 ? 2 : 0), "\(tags)")
                #expect(try guarded.packets("closed") - closed == (port == 81 ? 2 : 0), "\(tags)")
            }
        }
        withExtendedLifetime(listeners) {}
        try guarded.remove()
    }

    @Test(arguments: [false, true]) func superPacketsOfTCP(arePutTogetherOnReceipt: Bool) throws {
        let guarded = try Guarded { hosts in
            guard arePutTogetherOnReceipt else { return }
            try hosts.peer.run { for offload in [Offload.tso, .gso] { try offload.set(false, interface: "eth0") } }
            try hosts.host.run { try Offload.gro.set(true, interface: "eth0") }
        }
        for (family, address) in TwoHosts.addresses {
            _ = try guarded.lengths()
            let open = try guarded.packets("open")
            let server = try guarded.hosts.host.run { try TestSocket.listener(address.host, port: 80) }
            let client = try guarded.hosts.peer.run { try TestSocket(.tcp, family: family) }
            #expect(try client.connect(to: address.host, port: 80) == .connected)
            let accepted = try #require(server.accept())
            var left = 400_000
            while left > 0 {
                client.send(Self.text(40_000))
                while let part = accepted.receive(milliseconds: 20) { left -= part.utf8.count }
            }
            #expect(left == 0, "\(family)")
            let lengths = try guarded.lengths()
            #expect(lengths.contains { $0 > 3_000 }, "\(family): \(lengths.max() ?? 0)")
            // Counted as what they are cut into, or were put together from.
            #expect(try guarded.packets("open") - open >= 400_000 / 1_448, "\(family)")
            let refused = try guarded.hosts.peer.run { try TestSocket(.tcp, family: family) }
            #expect(try refused.connect(to: address.host, port: 81, milliseconds: 100) == .timedOut)
        }
        try guarded.remove()
    }

    @Test func superPacketsOfUDP() throws {
        let guarded = try Guarded()
        for (family, address) in TwoHosts.addresses {
            for (port, rule) in [(80, "open"), (81, "closed")] as [(UInt16, String)] {
                let before = try guarded.packets(rule)
                let server = try guarded.hosts.host.run { try TestSocket.bound(.udp, address.host, port: port) }
                let client = try guarded.hosts.peer.run { try TestSocket(.udp, family: family) }
                // UDP_SEGMENT of linux/udp.h.
                var size: CInt = 1_000
                try #require(setsockopt(client.descriptor, 17, 103, &size, 4) == 0)
                #expect(try client.connect(to: address.host, port: port) == .connected)
                client.send(Self.text(20_000))
                var received = 0
                while server.receive(milliseconds: 50) != nil { received += 1 }
                #expect(received == (port == 80 ? 20 : 0), "\(family)")
                #expect(try guarded.packets(rule) - before == 20, "\(family)")
            }
            #expect(try guarded.lengths().contains { $0 > 20_000 }, "\(family)")
        }
        try guarded.remove()
    }

    @Test func bigTCP() throws {
        let guarded = try Guarded { hosts in
            for host in [hosts.host, hosts.peer] { try host.ip("link", "set", "eth0", "gso_max_size", "180000", "gro_max_size", "180000") }
        }
        let server = try guarded.hosts.host.run { try TestSocket.listener("2001:db8::1", port: 80) }
        let client = try guarded.hosts.peer.run { try TestSocket(.tcp, family: .v6) }
        var room: CInt = 16 << 20
        // SO_RCVBUFFORCE and SO_SNDBUFFORCE: more than the limits of the system.
        try #require(setsockopt(server.descriptor, SOL_SOCKET, 33, &room, 4) == 0)
        try #require(setsockopt(client.descriptor, SOL_SOCKET, 32, &room, 4) == 0)
        #expect(try client.connect(to: "2001:db8::1", port: 80) == .connected)
        let accepted = try #require(server.accept())
        var received = 0
        for _ in 0..<4 {
            client.send(Self.text(2_000_000))
            while let part = accepted.receive(milliseconds: 50) { received += part.utf8.count }
        }
        #expect(received == 8_000_000)
        let longest = try guarded.lengths().max() ?? 0
        #expect(longest > 65_575)
        #expect(try guarded.reason(.malformed) == 0)
        try guarded.remove()
    }

    /// Whether this kernel lets packet sockets send frames of more than 65,535 bytes, found by trial: Linux 6.1 does not.
    private static func sendsLargeFrames() throws -> Bool {
        let host = try NetworkNamespace()
        try host.ip("link", "set", "lo", "mtu", "100000")
        let socket = try host.run { try TaggedFrames(interface: "lo") }
        return (try? socket.send(BPFTesting.Packet.ethernet(etherType: 0x1234).payload(Array(repeating: 0, count: 70_000)).bytes)) != nil
    }

    @Test(.enabled("packet sockets send no frames of more than 65,535 bytes here") { try sendsLargeFrames() }) func jumbograms() throws {
        let guarded = try Guarded("lo") { try $0.host.ip("link", "set", "lo", "mtu", "100000") }
        let socket = try guarded.hosts.host.run { try TaggedFrames(interface: "lo") }
        for (port, rule) in [(80, "open"), (81, "closed")] as [(UInt16, String)] {
            // Behind the options 70,000 bytes of UDP, whose own length is then 0.
            let datagram = BPFTesting.Packet().payload([3, 232, 0, UInt8(port), 0, 0, 0, 1] + Array(repeating: 0, count: 69_992)).bytes
            let length = big(UInt32(8 + datagram.count))
            let frame = BPFTesting.Packet.ethernet().ipv6(
                "::1", "::1", extensions: [.hopByHop([194, 4] + length)], nextHeader: 17, payloadLength: 0
            ).payload(datagram)
            // Who sends is told of what is dropped on its way out.
            if port == 80 { try socket.send(frame.bytes) } else { #expect(throws: TestingError.self) { try socket.send(frame.bytes) } }
            // On loopback what is allowed out comes in again.
            #expect(try eventually { try guarded.packets(rule, .egress) == 1 })
            #expect(try eventually { try guarded.packets(rule, .ingress) == (port == 80 ? 1 : 0) })
        }
        #expect(try guarded.reason(.malformed) == 0)
        try guarded.remove()
    }

    @Test func memoryThatIsNotContiguous() throws {
        let guarded = try Guarded { hosts in
            for host in [hosts.host, hosts.peer] { try host.ip("link", "set", "eth0", "mtu", "9000") }
        }
        let socket = try guarded.hosts.peer.run { try TaggedFrames(interface: "eth0") }
        let listeners = try guarded.listeners()
        let data = [UInt8](repeating: 7, count: 6_000)
        let chain: [IPv6Extension] = [.hopByHop(), .destinationOptions(Array(repeating: 0, count: 400)), .routing()]
        var number: UInt16 = 1_000
        for linear in [14, 20, 40, 60, 100] as [UInt16] {
            for (port, rule) in [(80, "open"), (81, "closed")] as [(UInt16, String)] {
                let before = try guarded.packets(rule)
                for packet in [
                    Self.link.ipv4("192.0.2.2", "192.0.2.1", options: Array(repeating: 1, count: 40)).udp(number, port),
                    Self.link.ipv6("2001:db8::2", "2001:db8::1", extensions: chain).udp(number, port),
                ] {
                    try socket.send(packet.payload(data).bytes, linear: linear)
                }
                number += 1
                #expect(try eventually { try guarded.packets(rule) - before == 2 }, "\(linear) bytes, port \(port)")
            }
        }
        // An error about what the host sent, whose quoted packet is not at hand at first.
        for (linear, family) in [(14, .v4), (46, .v4), (14, .v6), (70, .v6)] as [(UInt16, TestSocket.Family)] {
            let asker = try guarded.hosts.host.run { try TestSocket(.udp, family: family) }
            let address = try #require(TwoHosts.addresses[family])
            #expect(try asker.connect(to: address.peer, port: 80) == .connected)
            asker.send("?")
            let open = try guarded.packets("open", .egress)
            let (source, destination) = (address.peer, address.host)
            let isSix = family == .v6
            let quoted = isSix ? Self.link.ipv6(destination, source) : Self.link.ipv4(destination, source)
            let error = (isSix ? Self.link.ipv6(source, destination) : Self.link.ipv4(source, destination)).icmp(
                type: isSix ? 1 : 3, code: 0)
            let packet = error.quoting(quoted.udp(asker.port, 80)).payload(data)
            try socket.send(packet.bytes, linear: linear)
            #expect(try eventually { try guarded.packets("open", .egress) == open + 1 }, "\(family), \(linear)")
        }
        #expect(try guarded.packets("errors") == 0)
        withExtendedLifetime(listeners) {}
        try guarded.remove()
    }

    @Test(.enabled(if: TunDevice.isAvailable, "this kernel has no tun devices")) func interfacesWithoutLinkHeaders() throws {
        for tellsProtocol in [false, true] {
            let hosts = try TwoHosts()
            let tun = try hosts.host.run { try TunDevice("tun0", tellsProtocol: tellsProtocol) }
            try hosts.host.ip("link", "set", "tun0", "up")
            try hosts.host.addAddress("198.51.100.1/24", to: "tun0")
            try hosts.host.addAddress("2001:db8:1::1/64", to: "tun0")
            let guarded = try Guarded(hosts, "tun0")
            let listeners = try guarded.listeners(["198.51.100.1", "2001:db8:1::1"])
            func send(_ packet: BPFTesting.Packet, as type: UInt16) throws {
                try tun.send((tellsProtocol ? [0, 0] + big(type) : []) + packet.networkBytes)
            }
            for (port, rule) in [(80, "open"), (81, "closed")] as [(UInt16, String)] {
                try send(Self.link.ipv4("198.51.100.2", "198.51.100.1").udp(1000, port), as: 0x0800)
                try send(Self.link.ipv6("2001:db8:1::2", "2001:db8:1::1", extensions: [.hopByHop()]).udp(1000, port), as: 0x86dd)
                #expect(try eventually { try guarded.packets(rule) == 2 })
                let asker = try hosts.host.run { try TestSocket.bound(.udp, "198.51.100.1", port: 0) }
                try asker.send("?", to: "198.51.100.2", port: port)
                #expect(try guarded.packets(rule, .egress) == 1)
            }
            var seen: [[UInt8]] = []
            while let packet = tun.receive() { seen.append(tellsProtocol ? Array(packet.dropFirst(4)) : packet) }
            // Of UDP over IPv4 only what went to port 80 came out.
            #expect(seen.filter { $0.count >= 28 && $0[0] == 0x45 && $0[9] == 17 }.map { $0[23] } == [80])
            if tellsProtocol {
                let denied = try guarded.reason(.malformed)
                let whole = Self.link.ipv4("198.51.100.2", "198.51.100.1").udp(1000, 80).networkBytes
                for (type, first) in [(0x0800, 0x05), (0x86dd, 0xff), (0x0806, 0), (0x1234, 0x55)] as [(UInt16, UInt8)] {
                    try tun.send([0, 0] + big(type) + [first] + whole.dropFirst())
                }
                #expect(try eventually { try guarded.reason(.malformed) - denied == 4 })
            }
            withExtendedLifetime(listeners) {}
            try guarded.remove()
        }
    }

    @Test func loopback() throws {
        let guarded = try Guarded("lo")
        for (family, address) in TwoHosts.addresses {
            for port in [80, 81] as [UInt16] {
                try guarded.hosts.host.run {
                    let server = try TestSocket.listener(address.host, port: port)
                    let client = try TestSocket(.tcp, family: family)
                    #expect(try client.connect(to: address.host, port: port, milliseconds: 100) == (port == 80 ? .connected : .timedOut))
                    withExtendedLifetime(server) {}
                }
            }
        }
        #expect(try guarded.packets("closed", .egress) >= 2)
        #expect(try guarded.reason(.malformed) == 0)
        try guarded.remove()
    }

    @Test func aLaterFragmentBeforeItsFirst() throws {
        let guarded = try Guarded()
        let server = try guarded.hosts.host.run { try TestSocket.bound(.udp, "192.0.2.1", port: 80) }
        let socket = try guarded.hosts.peer.run { try TaggedFrames(interface: "eth0") }
        // 3,000 bytes, without a checksum.
        let datagram = [3, 232, 0, 80] + big(UInt16(3_008)) + [0, 0] + Array(Self.text(3_000).utf8)
        let fragments = [(0, 1480), (1480, 2960), (2960, 3008)].map { from, to in
            { (id: UInt16) in
                Self.link.ipv4(
                    "192.0.2.2", "192.0.2.1", identification: id, fragment: Fragment(offset: from, more: to < 3_008), protocolNumber: 17
                ).payload(Array(datagram[from..<to])).bytes
            }
        }
        for fragment in fragments { try socket.send(fragment(1)) }
        #expect(server.receive()?.utf8.count == 3_000)
        for place in [0, 2, 1] { try socket.send(fragments[place](2)) }
        #expect(server.receive()?.utf8.count == 3_000)
        for place in [1, 0, 2] { try socket.send(fragments[place](3)) }
        #expect(server.receive(milliseconds: 100) == nil)
        #expect(try guarded.reason(.fragment) == 1)
        // Sent again, as those who hear of the loss do, it is whole.
        try socket.send(fragments[1](3))
        #expect(server.receive()?.utf8.count == 3_000)
        try guarded.remove()
    }
}
