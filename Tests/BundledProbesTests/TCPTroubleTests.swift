import BPF
import BPFObjects
import BPFTesting
import CBundledProbes
import CLibBPF
import Glibc
import Testing

@Suite("The probe of TCP retransmits and resets", .timeLimit(.minutes(2)))
struct TCPTroubleTests {
    private let host: NetworkNamespace
    private let peer: NetworkNamespace
    private let probe: BundledProbe<tcp_trouble_event>

    init() throws {
        host = try NetworkNamespace()
        peer = try NetworkNamespace()
        try host.connect("veth0", to: peer, "veth0")
        try host.addAddress("10.78.0.1/24", to: "veth0")
        try peer.addAddress("10.78.0.2/24", to: "veth0")
        let number = host.run { netns() }
        probe = try BundledProbe(
            .tcpTroubles,
            attaching: [
                ("retransmitted", "raw_tracepoint:tcp_retransmit_skb"), ("syn_ack_retransmitted", "raw_tracepoint:tcp_retransmit_synack"),
                ("reset_sent", "raw_tracepoint:tcp_send_reset"), ("reset_received", "raw_tracepoint:tcp_receive_reset"),
            ]
        ) { try $0.setGlobal("only_netns", to: number) }
    }

    private func socket(in namespace: NetworkNamespace) throws -> TestSocket {
        try namespace.run { () throws(TestingError) in try TestSocket(.tcp, family: .v4) }
    }

    /// A connection from the host to the peer.
    private func connection(port: UInt16) throws -> (client: TestSocket, server: TestSocket) {
        let listener = try peer.run { () throws(TestingError) in try TestSocket.listener("10.78.0.2", port: port) }
        let client = try socket(in: host)
        #expect(try client.connect(to: "10.78.0.2", port: port, milliseconds: 10_000) == .connected)
        return (client, try #require(listener.accept(milliseconds: 10_000)))
    }

    @Test func `a request nobody answers is sent again, on the timer`() throws {
        // A neighbour that is not there: no answer, and no error either.
        try host.ip("neighbour", "add", "10.78.0.9", "lladdr", "02:00:00:00:00:99", "dev", "veth0")
        let client = try socket(in: host)
        #expect(try client.connect(to: "10.78.0.9", port: 81, milliseconds: 1) == .timedOut)
        let event = try #require(try probe.records { !$0.isEmpty }.first)
        #expect(event.kind == RETRANSMIT && event.state == SYN_SENT && event.congestion == LOSS)
        #expect(address(event.local_address) == "10.78.0.1" && address(event.remote_address) == "10.78.0.9" && event.remote_port == 81)
        #expect(event.length == 1 && event.local_port == client.port)
    }

    @Test func `data on its way to a cable that was cut is sent again`() throws {
        let (client, server) = try connection(port: 82)
        try peer.ip("link", "set", "veth0", "down")
        try host.ip("neighbour", "replace", "10.78.0.2", "lladdr", "02:00:00:00:00:98", "dev", "veth0", "nud", "permanent")
        client.send(String(repeating: "x", count: 700))
        let event = try #require(try probe.records { $0.contains { $0.kind == RETRANSMIT } }.first { $0.kind == RETRANSMIT })
        #expect(event.state == ESTABLISHED && event.length == 700 && event.remote_port == 82 && event.sequence != 0)
        _ = server
    }

    @Test func `a reset is told by who sends and who gets it`() throws {
        let (client, server) = try connection(port: 83)
        var never = linger(l_onoff: 1, l_linger: 0)
        // The peer, whose sockets are not the probe's, takes it down; the host gets the reset.
        setsockopt(server.descriptor, SOL_SOCKET, SO_LINGER, &never, socklen_t(MemoryLayout.size(ofValue: never)))
        abort(server)
        let received = try #require(try probe.records { !$0.isEmpty }.first)
        #expect(received.kind == RESET_RECEIVED && received.state == ESTABLISHED && received.remote_port == 83)
        #expect(received.local_port == client.port && address(received.remote_address) == "10.78.0.2" && text(received.reason) == "")

        let (other, second) = try connection(port: 84)
        abort(other)
        let sent = try #require(try probe.records { $0.count == 2 }.last)
        #expect(sent.kind == RESET_SENT && sent.remote_port == 84 && address(sent.local_address) == "10.78.0.1")
        #expect(text(sent.reason).isEmpty != kernelHasEnum("sk_rst_reason"), "\(text(sent.reason))")
        _ = second
    }

    @Test func `a request for a port nobody listens at is answered by a reset, of which newer kernels tell`() throws {
        let client = try socket(in: peer)
        #expect(try client.connect(to: "10.78.0.1", port: 85) == .failed(ECONNREFUSED))
        let (other, server) = try connection(port: 86)
        abort(other)
        let events = try probe.records { $0.contains { $0.remote_port == 86 } }
        _ = server
        guard kernelHasEnum("sk_rst_reason") else {
            #expect(events.map(\.remote_port) == [86])
            return
        }
        let event = try #require(events.first)
        #expect(event.kind == RESET_SENT && event.local_port == 85 && event.state == CLOSE && text(event.reason) == "NO_SOCKET")
        #expect(address(event.local_address) == "10.78.0.1" && address(event.remote_address) == "10.78.0.2")
    }

    /// Ends a connection by a reset.
    private func abort(_ socket: TestSocket) {
        var nowhere = sockaddr()
        nowhere.sa_family = sa_family_t(AF_UNSPEC)
        _ = Glibc.connect(socket.descriptor, &nowhere, socklen_t(MemoryLayout<sockaddr>.size))
    }
}

/// Whether the running kernel knows an enumeration.
func kernelHasEnum(_ name: String) -> Bool {
    guard let btf = btf__load_vmlinux_btf() else { return false }
    defer { btf__free(btf) }
    return btf__find_by_name_kind(btf, name, UInt32(BTF_KIND_ENUM)) > 0
}
