import BPF
import BPFObjects
import BPFTesting
import CBundledProbes
import Glibc
import Testing

@Suite("The probe of TCP connections", .timeLimit(.minutes(2)))
struct TCPConnectionTests {
    private let namespace: NetworkNamespace
    private let probe: BundledProbe<tcp_connection_event>

    init() throws {
        namespace = try NetworkNamespace()
        let number = namespace.run { netns() }
        probe = try BundledProbe(
            .tcpConnections,
            attaching: [
                ("state_changed", "raw_tracepoint:inet_sock_set_state"), ("accept4_exit", "tracepoint:syscalls/sys_exit_accept4"),
                ("accept_exit", "tracepoint:syscalls/sys_exit_accept"),
            ]
        ) { try $0.setGlobal("only_netns", to: number) }
    }

    private func inside<R>(_ body: () throws(TestingError) -> R) throws -> R {
        try namespace.run { () throws(TestingError) in try body() }
    }

    /// A socket of ours and the one accepted for it, at either end of a connection.
    private func connect(_ host: String, _ port: UInt16) throws -> (client: TestSocket, server: TestSocket) {
        let listener = try inside { () throws(TestingError) in try TestSocket.listener(host, port: port) }
        let client = try inside { () throws(TestingError) in try TestSocket(.tcp, family: listener.family) }
        #expect(try client.connect(to: host, port: port, milliseconds: 10_000) == .connected)
        return (client, try #require(listener.accept(milliseconds: 10_000)))
    }

    @Test(arguments: ["127.0.0.1", "::1"]) func `a connection is told from both ends, from connect and accept to close`(host: String) throws
    {
        var ends: (client: TestSocket, server: TestSocket)? = try connect(host, 4001)
        ends?.client.send(String(repeating: "q", count: 1_000))
        ends?.server.send(String(repeating: "a", count: 2_345))
        var read = 0
        while read < 1_000, let part = ends?.server.receive(milliseconds: 10_000) { read += part.count }
        read = 0
        while read < 2_345, let part = ends?.client.receive(milliseconds: 10_000) { read += part.count }
        // The client closes first; the server when it has seen that.
        let server = ends?.server
        ends = nil
        #expect(server?.receive(milliseconds: 10_000) == nil)
        if let server { shutdown(server.descriptor, CInt(SHUT_WR)) }
        let events = try probe.records { $0.count { $0.kind == CLOSED } == 2 }

        let connected = try #require(events.first { $0.kind == CONNECTED })
        let accepted = try #require(events.first { $0.kind == ACCEPTED })
        let closed = events.filter { $0.kind == CLOSED }
        #expect(events.count == 4)
        for event in events {
            #expect(event.pid == UInt32(getpid()) && event.uid == getuid() && !text(event.comm).isEmpty)
            #expect(address(event.local_address) == host && address(event.remote_address) == host)
            #expect(event.error == 0 && event.duration_ns > 0)
        }
        #expect(connected.remote_port == 4001 && connected.local_port == accepted.remote_port && accepted.local_port == 4001)
        #expect(connected.state == SYN_SENT && !connected.was_accepted && accepted.was_accepted)
        let own = try #require(closed.first { !$0.was_accepted })
        let other = try #require(closed.first { $0.was_accepted })
        #expect(own.remote_port == 4001 && own.local_port == connected.local_port && other.local_port == 4001)
        #expect(own.sent_bytes == 1_000 && own.received_bytes == 2_345)
        #expect(other.sent_bytes == 2_345 && other.received_bytes == 1_000)
        #expect(other.state == LAST_ACK && !other.time_wait && own.state == FIN_WAIT2 && own.time_wait)
        #expect(own.round_trip_us > 0 && own.retransmits == 0)

        let line = try #require(probe.lines.first { $0.contains(#""kind":"CLOSED","state":"FIN_WAIT2""#) })
        #expect(line.contains(#""local_address":"\#(host)","remote_address":"\#(host)""#) && !line.contains("padding"), "\(line)")

        let counts = try probe.counts(tcp_connection_counts.self)
        #expect(counts.connected == 1 && counts.established_by_peers == 1 && counts.accepted == 1 && counts.connect_failed == 0)
        #expect(counts.closed == 2 && counts.time_wait == 1 && counts.closed_with_error == 0 && counts.untracked == 0)
    }

    @Test func `a refused connection says so`() throws {
        let client = try inside { () throws(TestingError) in try TestSocket(.tcp, family: .v4) }
        #expect(try client.connect(to: "127.0.0.1", port: 4002) == .failed(ECONNREFUSED))
        let event = try #require(try probe.records { !$0.isEmpty }.first)
        #expect(event.kind == CONNECT_FAILED && event.error == ECONNREFUSED && event.state == SYN_SENT && event.remote_port == 4002)
        #expect(event.pid == UInt32(getpid()) && event.local_port > 0 && event.sent_bytes == 0)
        #expect(try probe.counts(tcp_connection_counts.self).connect_failed == 1)
    }

    @Test func `a reset ends a connection with its error`() throws {
        let ends = try connect("127.0.0.1", 4003)
        var linger = linger(l_onoff: 1, l_linger: 0)
        setsockopt(ends.client.descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout.size(ofValue: linger)))
        // Connecting to nothing takes a connection down at once where lingering is off: as close() would.
        var nowhere = sockaddr()
        nowhere.sa_family = sa_family_t(AF_UNSPEC)
        _ = Glibc.connect(ends.client.descriptor, &nowhere, socklen_t(MemoryLayout<sockaddr>.size))
        let closed = try probe.records { $0.count { $0.kind == CLOSED } == 2 }.filter { $0.kind == CLOSED }
        let other = try #require(closed.first { $0.was_accepted })
        #expect(other.error == ECONNRESET && other.state == ESTABLISHED && !other.time_wait)
        let counts = try probe.counts(tcp_connection_counts.self)
        #expect(counts.closed == 2 && counts.closed_with_error >= 1 && counts.time_wait == 0)
    }

    @Test func `a connection that nobody accepted has no process on that side`() throws {
        let listener = try inside { () throws(TestingError) in try TestSocket.listener("127.0.0.1", port: 4004) }
        do {
            let client = try inside { () throws(TestingError) in try TestSocket(.tcp, family: .v4) }
            #expect(try client.connect(to: "127.0.0.1", port: 4004, milliseconds: 10_000) == .connected)
        }
        _ = listener
        let event = try #require(try probe.records { $0.contains { $0.kind == CONNECTED } }.first)
        #expect(event.pid == UInt32(getpid()))
        shutdown(listener.descriptor, CInt(SHUT_RDWR))
        let closed = try probe.records { $0.contains { $0.kind == CLOSED && $0.was_accepted } }.filter {
            $0.kind == CLOSED && $0.was_accepted
        }
        #expect(closed.map(\.pid) == [0])
        #expect(closed.first.map { text($0.comm) } == "")
    }
}
