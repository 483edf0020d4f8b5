import BPF
import BPFObjects
import BPFTesting
import CBundledProbes
import Glibc
import Testing

@Suite("The probe of packet drops", .timeLimit(.minutes(2)))
struct PacketDropTests {
    @Test(arguments: ["127.0.0.1", "::1"]) func `a datagram nobody waits for is dropped, and the kernel says why`(host: String) throws {
        let namespace = try NetworkNamespace()
        let number = namespace.run { netns() }
        let probe = try BundledProbe(
            .packetDrops, of: packet_drop_event.self, attaching: [("dropped", "raw_tracepoint:kfree_skb")]
        ) { try $0.setGlobal("only_netns", to: number) }
        let socket = try namespace.run { () throws(TestingError) in try TestSocket.bound(.udp, host, port: 4100) }
        try socket.send("nobody", to: host, port: 4101)
        let found = try probe.records { $0.contains { $0.destination_port == 4101 } }
        let event = try #require(found.first { $0.destination_port == 4101 })
        #expect(text(event.reason) == "NO_SOCKET" && text(event.interface) == "lo" && event.protocol == 17)
        #expect(event.source_port == 4100 && address(event.source_address) == host && address(event.destination_address) == host)
        #expect(event.ethertype == (host == "::1" ? 0x86dd : 0x0800) && event.netns == number)
        // The function's name differs between kernels; it is one of UDP's.
        #expect(text(event.location).contains("udp"), "\(text(event.location))")

        let drops = try probe.loaded.map("drops", key: UInt32.self, value: packet_drop_count.self).entries().map(\.value)
        let count = try #require(drops.first { text($0.reason) == "NO_SOCKET" })
        #expect(count.packets == UInt64(found.count { text($0.reason) == "NO_SOCKET" }))
        #expect(count.bytes == found.filter { text($0.reason) == "NO_SOCKET" }.reduce(0) { $0 + UInt64($1.length_bytes) })
    }

    @Test func `drops without a reason are told when asked for, and those of other namespaces are not`() throws {
        let host = try NetworkNamespace()
        let other = try NetworkNamespace()
        let number = host.run { netns() }
        let probe = try BundledProbe(
            .packetDrops, of: packet_drop_event.self, attaching: [("dropped", "raw_tracepoint:kfree_skb")]
        ) {
            try $0.setGlobal("only_netns", to: number)
            try $0.setGlobal("with_unspecified", to: true)
        }
        for (namespace, port) in [(other, 4102), (host, 4103)] as [(NetworkNamespace, UInt16)] {
            let client = try namespace.run { () throws(TestingError) in try TestSocket(.tcp, family: .v4) }
            #expect(try client.connect(to: "127.0.0.1", port: port) == .failed(ECONNREFUSED))
        }
        let events = try probe.records { $0.contains { $0.destination_port == 4103 } }
        let event = try #require(events.first { $0.destination_port == 4103 })
        #expect(event.protocol == 6 && text(event.reason) == "NO_SOCKET" && text(event.location).contains("tcp"))
        #expect(!events.contains { $0.destination_port == 4102 || $0.source_port == 4102 })
    }
}
