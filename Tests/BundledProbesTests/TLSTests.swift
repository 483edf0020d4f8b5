import BPF
import BPFObjects
import BPFTesting
import CBundledProbes
import Glibc
import Testing

/// What goes over a connection, as TLS frames it.
private enum TLS {
    static func record(_ type: UInt8, _ body: [UInt8]) -> [UInt8] { [type, 3, 3] + big(UInt16(body.count)) + body }

    /// A client's first message, which holds no newline, at which a shell would cut it, for a server by name
    /// and has other extensions before that.
    static func clientHello(_ name: String?) -> [UInt8] {
        var extensions = big(43) + big(3) + [2, 3, 4] + big(13) + big(4) + [0, 2, 0, 29]
        if let name {
            let entry = [0] + big(UInt16(name.utf8.count)) + Array(name.utf8)
            extensions += big(0) + big(UInt16(entry.count + 2)) + big(UInt16(entry.count)) + entry
        }
        let random = [UInt8](repeating: 7, count: 32)
        let body = [3, 3] + random + [32] + random + big(4) + [0x13, 1, 0x13, 2] + [1, 0] + big(UInt16(extensions.count)) + extensions
        return record(22, [1, 0] + big(UInt16(body.count)) + body)
    }

    static let serverHello = record(22, [2, 0, 0, 4, 3, 3, 0, 0])
    static let certificate = record(22, [11, 0, 0, 200] + [UInt8](repeating: 1, count: 200))
    static let changeCipherSpec = record(20, [1])
    /// A Finished of TLS 1.2, which is encrypted.
    static let finished = record(22, [UInt8](repeating: 0, count: 40))
    static func application(_ count: Int) -> [UInt8] { record(23, [UInt8](repeating: 9, count: count)) }
    static func alert(_ level: UInt8, _ description: UInt8) -> [UInt8] { record(21, [level, description]) }
}

/// A connection between a client and a server that a test plays packet by packet.
private struct Conversation {
    let clientPort: UInt16
    var sequences: [UInt32] = [1_000, 4_294_967_200]

    mutating func packet(fromServer: Bool, _ payload: [UInt8], flags: TCPFlags = [.ack]) -> Packet {
        let sequence = sequences[fromServer ? 1 : 0]
        sequences[fromServer ? 1 : 0] &+= UInt32(payload.count)
        let network = fromServer ? Packet.ethernet().ipv4("192.0.2.2", "192.0.2.1") : Packet.ethernet().ipv4("192.0.2.1", "192.0.2.2")
        let ports = fromServer ? (UInt16(443), clientPort) : (clientPort, 443)
        return network.tcp(ports.0, ports.1, flags: flags, sequence: sequence).payload(payload)
    }
}

@Suite("The probe of TLS failures", .timeLimit(.minutes(2)))
struct TLSTests {
    private enum Step {
        case client([UInt8])
        case server([UInt8])
        case clientEnds(TCPFlags)
        case serverEnds(TCPFlags)
    }

    private let probe: BundledProbe<tls_failure_event>

    init() throws { probe = try BundledProbe(.tlsFailures, running: ["tls_sent", "tls_received", "tls_at_interface"]) }

    private func run(_ packet: Packet, _ program: String = "tls_at_interface") throws {
        _ = try probe.loaded.program(program).testRun(data: packet.bytes)
    }

    /// Plays a conversation; returns what the probe tells of it, and its counters.
    private func play(_ steps: [Step], port: UInt16 = 50_000) throws -> (events: [tls_failure_event], counts: tls_counts) {
        var conversation = Conversation(clientPort: port)
        for step in steps {
            switch step {
            case .client(let bytes): try run(conversation.packet(fromServer: false, bytes))
            case .server(let bytes): try run(conversation.packet(fromServer: true, bytes))
            case .clientEnds(let flags): try run(conversation.packet(fromServer: false, [], flags: flags))
            case .serverEnds(let flags): try run(conversation.packet(fromServer: true, [], flags: flags))
            }
        }
        try probe.drain()
        return (probe.records, try probe.counts(tls_counts.self))
    }

    @Test func `handshakes that come to their end are no failures`() throws {
        let version12 = try play([
            .client(TLS.clientHello("a.test")), .server(TLS.serverHello + TLS.certificate), .client(TLS.changeCipherSpec + TLS.finished),
            .server(TLS.changeCipherSpec), .server(TLS.finished), .client(TLS.application(19)), .client(TLS.alert(2, 80)),
            .clientEnds([.fin, .ack]),
        ])
        #expect(version12.events.isEmpty && version12.counts.begun == 1 && version12.counts.completed == 1)
        let version13 = try play(
            [
                .client(TLS.clientHello("b.test")), .server(TLS.serverHello + TLS.changeCipherSpec), .server(TLS.application(900)),
                .client(TLS.changeCipherSpec + TLS.application(53)), .clientEnds([.fin, .ack]), .serverEnds([.rst]),
            ], port: 50_001)
        #expect(version13.events.isEmpty && version13.counts.begun == 2 && version13.counts.completed == 2 && version13.counts.failed == 0)
    }

    @Test func `a client asked to say hello again is not through by it`() throws {
        let told = try play([
            .client(TLS.clientHello("again.test")), .server(TLS.serverHello + TLS.changeCipherSpec),
            .client(TLS.changeCipherSpec + TLS.clientHello("again.test")), .server(TLS.serverHello + TLS.application(900)),
            .clientEnds([.fin, .ack]),
        ])
        #expect(told.events.map(\.kind) == [ENDED] && told.counts.begun == 1 && told.counts.completed == 0)
    }

    @Test func `an alert is told with who raised it, by name, and whom the client asked for`() throws {
        let told = try play([
            .client(TLS.clientHello("shop.example")), .server(TLS.alert(1, 112)), .server(TLS.alert(2, 40)), .serverEnds([.fin, .ack]),
        ])
        let event = try #require(told.events.first)
        #expect(told.events.count == 1 && event.kind == ALERT && event.alert == handshake_failure && event.by == SERVER)
        #expect(text(event.server_name) == "shop.example" && !event.server_answered && event.duration_ns > 0)
        #expect(address(event.client_address) == "192.0.2.1" && address(event.server_address) == "192.0.2.2")
        #expect(event.client_port == 50_000 && event.server_port == 443 && event.pid == 0)
        // The smaller port may as well be the client's.
        let other = try play(
            [.client(TLS.clientHello(nil)), .server(TLS.serverHello + TLS.certificate), .client(TLS.alert(2, 48))], port: 400)
        let second = try #require(other.events.last)
        #expect(second.alert == unknown_ca && second.by == CLIENT && second.server_answered && text(second.server_name) == "")
        #expect(address(second.client_address) == "192.0.2.1" && second.client_port == 400 && second.server_port == 443)
        #expect(other.counts.failed == 2 && other.counts.completed == 0)
    }

    @Test func `an alert of TLS 1.3 is known by its length`() throws {
        let told = try play([
            .client(TLS.clientHello("c.test")), .server(TLS.serverHello + TLS.changeCipherSpec + TLS.application(900)),
            .client(TLS.changeCipherSpec + TLS.application(19)), .clientEnds([.fin, .ack]),
        ])
        #expect(told.events.map(\.kind) == [ENCRYPTED_ALERT] && told.events.map(\.by) == [CLIENT] && told.events.map(\.alert) == [not_told])
    }

    @Test func `connections that end before the handshake does`() throws {
        var told = try play([.client(TLS.clientHello("silent.test")), .clientEnds([.fin, .ack])])
        #expect(told.events.map(\.kind) == [ENDED] && told.events.map(\.by) == [CLIENT])
        told = try play([.client(TLS.clientHello("rude.test")), .serverEnds([.rst, .ack])], port: 50_001)
        #expect(told.events.map(\.kind) == [ENDED, RESET] && told.events.last?.by == SERVER)
        told = try play([.client(TLS.clientHello("plain.test")), .server(Array("HTTP/1.1 400 Bad Request\r\n\r\n".utf8))], port: 50_002)
        #expect(told.events.map(\.kind) == [ENDED, RESET, NOT_TLS] && told.events.map { text($0.server_name) }.last == "plain.test")
    }

    @Test func `records cut at any place of a packet are followed, or the end is not told`() throws {
        let flight = TLS.serverHello + TLS.certificate + TLS.certificate
        var unclear: UInt64 = 0
        for cut in 1..<flight.count {
            let told = try play(
                [
                    .client(TLS.clientHello("cut.test")), .server(Array(flight[..<cut])), .server(Array(flight[cut...])),
                    .client(TLS.alert(2, 42)),
                ], port: UInt16(51_000 + cut))
            unclear = told.counts.unclear
            #expect(told.events.count == cut && told.events.last?.alert == bad_certificate, "cut at \(cut)")
        }
        #expect(unclear == 0)
        // A packet that never came by: how the server fared is not known.
        var conversation = Conversation(clientPort: 60_000)
        try run(conversation.packet(fromServer: false, TLS.clientHello("gap.test")))
        try run(conversation.packet(fromServer: true, TLS.serverHello))
        _ = conversation.packet(fromServer: true, TLS.certificate)
        try run(conversation.packet(fromServer: true, TLS.application(100)))
        try run(conversation.packet(fromServer: true, [], flags: [.fin, .ack]))
        let before = probe.records.count
        try probe.drain()
        #expect(probe.records.count == before)
        #expect(try probe.counts(tls_counts.self).unclear == 1)
    }

    @Test func `packets seen twice, or sent again, change nothing`() throws {
        var conversation = Conversation(clientPort: 50_000)
        let packets = [
            conversation.packet(fromServer: false, TLS.clientHello("twice.test")),
            conversation.packet(fromServer: true, TLS.serverHello + TLS.certificate),
            conversation.packet(fromServer: false, TLS.alert(2, 45)),
        ]
        for packet in packets {
            try run(packet, "tls_sent")
            try run(packet, "tls_received")
        }
        let event = try #require(try probe.records { !$0.isEmpty }.first)
        #expect(event.alert == certificate_expired && event.pid == UInt32(getpid()) && !text(event.comm).isEmpty)
        try probe.drain()
        #expect(probe.records.count == 1)
        #expect(try probe.counts(tls_counts.self).failed == 1)
    }

    @Test func `other traffic is left alone`() throws {
        var conversation = Conversation(clientPort: 50_000)
        try run(conversation.packet(fromServer: false, Array("GET / HTTP/1.1\r\n\r\n".utf8)))
        try run(conversation.packet(fromServer: true, TLS.application(50)))
        try run(conversation.packet(fromServer: true, [], flags: [.rst]))
        let hello = conversation.packet(fromServer: false, TLS.clientHello("truncated.test"))
        for count in 34..<64 { try run(hello.truncated(to: count)) }
        try probe.drain()
        #expect(probe.records.isEmpty)
        #expect(try probe.counts(tls_counts.self).begun == 0)
    }

    @Test func `a process of a cgroup that is refused is told of`() throws {
        let namespace = try NetworkNamespace()
        let cgroup = try ControlGroup()
        let listener = try namespace.run { () throws(TestingError) in try TestSocket.listener("127.0.0.1", port: 0) }
        let live = try BundledProbe(
            .tlsFailures, of: tls_failure_event.self,
            attaching: [("tls_sent", "cgroup/egress:\(cgroup.path)"), ("tls_received", "cgroup/ingress:\(cgroup.path)")])
        let client = try namespace.run { () throws(TestingError) in
            try ChildProcess(
                shell: "exec 3<>/dev/tcp/127.0.0.1/\(listener.port); printf '\(escaped(TLS.clientHello("live.test")))' >&3; "
                    + "read -n 1 -u 3 -t 60 answer", in: cgroup)
        }
        let server = try #require(listener.accept(milliseconds: 60_000))
        _ = try server.receiveOrFail(milliseconds: 60_000)
        let refusal = TLS.alert(2, 70)
        #expect(send(server.descriptor, refusal, refusal.count, CInt(MSG_NOSIGNAL)) == refusal.count)
        let event = try #require(try live.records { !$0.isEmpty }.first)
        #expect(client.wait(seconds: 60) != nil)
        #expect(event.kind == ALERT && event.alert == protocol_version && event.by == SERVER && text(event.server_name) == "live.test")
        #expect(event.pid == UInt32(client.pid) && text(event.comm) == "bash" && event.server_port == listener.port)
    }
}
