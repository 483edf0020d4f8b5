import BPF
import BPFObjects
import BPFTesting
import Glibc
import ProbeRecords
import Testing

/// Where a test has the probe's programs run.
struct Place: CustomTestStringConvertible {
    enum Hook: String { case cgroup, interface }
    let twin: Twin
    let hook: Hook
    var testDescription: String { "\(twin.rawValue), \(hook.rawValue)" }

    init(_ twin: Twin, _ hook: Hook) {
        self.twin = twin
        self.hook = hook
    }
}

@Suite("The probe of DNS", .timeLimit(.minutes(2)))
struct DNSTests {
    private func atCgroup(_ twin: Twin) throws -> BundledProbe<dns_event> {
        try BundledProbe(twin.dns, running: ["dns_sent", "dns_received"])
    }

    private func run(_ program: String, _ packet: Packet, in probe: BundledProbe<dns_event>) throws {
        let result = try probe.loaded.program(program).testRun(data: packet.bytes)
        // Whatever it sees, it lets pass: 1 at a cgroup, TCX_NEXT at an interface.
        #expect(result.returnValue == (["dns_sent", "dns_received"].contains(program) ? 1 : UInt32.max))
    }

    private func query(_ message: DNSMessage, version6: Bool = false) -> Packet {
        let ethernet = Packet.ethernet()
        let network = version6 ? ethernet.ipv6("2001:db8::1", "2001:db8::53") : ethernet.ipv4("192.0.2.1", "192.0.2.53")
        return network.udp(40_000, 53).payload(message.bytes)
    }

    private func answer(_ message: DNSMessage, version6: Bool = false) -> Packet {
        let ethernet = Packet.ethernet()
        let network = version6 ? ethernet.ipv6("2001:db8::53", "2001:db8::1") : ethernet.ipv4("192.0.2.53", "192.0.2.1")
        return network.udp(53, 40_000).payload(message.bytes)
    }

    private let a: UInt16 = 1
    private let aaaa: UInt16 = 28
    private let cname: UInt16 = 5

    @Test(arguments: [Place(.swift, .cgroup), Place(.swift, .interface), Place(.c, .cgroup), Place(.c, .interface)], [false, true])
    func `a query and its answer, with the time between them and the first address`(place: Place, version6: Bool) throws {
        let programs = place.hook == .cgroup ? ("dns_sent", "dns_received") : ("dns_egress", "dns_ingress")
        let probe = try BundledProbe(place.twin.dns, of: dns_event.self, running: [programs.0, programs.1])
        let question = DNSMessage(id: 0x1234, name: ["www", "example", "org"], type: a)
        try run(programs.0, query(question, version6: version6), in: probe)
        let alias = DNSMessage.labels(["edge"])
        let reply = DNSMessage(
            id: 0x1234, flags: 0x8180, name: question.name, type: a,
            answers: [
                .record(cname, alias), .named(["edge", "example", "net"], a, [198, 51, 100, 7]), .record(a, [198, 51, 100, 8]),
            ])
        try run(programs.1, answer(reply, version6: version6), in: probe)
        let events = try probe.records { $0.count >= 2 }
        try #require(events.count == 2)
        for event in events {
            #expect(text(event.name) == "www.example.org" && event.id == 0x1234 && !event.truncated)
            #expect(event.type == .A && event.type_number == 1)
            #expect(event.client_port == 40_000 && event.server_port == 53)
            #expect(address(event.client_address) == (version6 ? "2001:db8::1" : "192.0.2.1"))
            #expect(address(event.server_address) == (version6 ? "2001:db8::53" : "192.0.2.53"))
            // At a cgroup the process is known, and of the answer it is the one that asked.
            #expect(event.pid == (programs.0 == "dns_sent" ? UInt32(getpid()) : 0))
        }
        #expect(events[0].kind == .QUERY && events[0].direction == .SENT && events[0].duration_ns == 0 && events[0].answers == 0)
        #expect(events[1].kind == .ANSWER && events[1].direction == .RECEIVED && events[1].result == .NOERROR)
        #expect(events[1].duration_ns == events[1].time - events[0].time)
        #expect(events[1].answers == 3 && events[1].addresses == 2 && address(events[1].answer_address) == "198.51.100.7")
        // As whoever reads them by their types sees them.
        let line = try #require(probe.lines.last)
        for part in [
            #""kind":"ANSWER","direction":"RECEIVED","type":"A","result":"NOERROR","id":4660,"answers":3"#,
            #""answer_address":"198.51.100.7","name":"www.example.org"}"#, #"{"time":"2"#,
        ] { #expect(line.contains(part), "\(line)") }
    }

    @Test(arguments: Twin.allCases)
    func `failures by their names, addresses of IPv6, and answers too long for a datagram`(twin: Twin) throws {
        let probe = try atCgroup(twin)
        try run("dns_received", answer(DNSMessage(id: 1, flags: 0x8183, name: ["nowhere"], type: aaaa)), in: probe)
        var address6 = [UInt8](repeating: 0, count: 16)
        address6[0...3] = [0x20, 0x01, 0x0d, 0xb8]
        address6[15] = 9
        let cut = DNSMessage(id: 2, flags: 0x8382, name: ["cut"], type: aaaa, answers: [.record(aaaa, address6)])
        try run("dns_received", answer(cut), in: probe)
        // Results and types without a name of their own, by their number.
        try run("dns_received", answer(DNSMessage(id: 3, flags: 0x818b, name: ["odd"], type: 0xfde8)), in: probe)
        let events = try probe.records { $0.count >= 3 }
        try #require(events.count == 3)
        #expect(events[2].result == .OTHER && events[2].result_number == 11)
        #expect(events[2].type == .OTHER && events[2].type_number == 0xfde8)
        #expect(probe.lines[2].contains(#""type":"OTHER""#) && probe.lines[2].contains(#""type_number":65000,"result_number":11"#))
        #expect(events.prefix(2).map(\.result) == [.NXDOMAIN, .SERVFAIL] && events.prefix(2).map(\.truncated) == [false, true])
        #expect(events.prefix(2).map(\.type) == [.AAAA, .AAAA] && events.prefix(2).map(\.duration_ns) == [0, 0])
        #expect(address(events[0].answer_address) == "::" && address(events[1].answer_address) == "2001:db8::9")
    }

    @Test(arguments: Twin.allCases) func `a name of the greatest length, and the root`(twin: Twin) throws {
        let probe = try atCgroup(twin)
        let long = [String](repeating: String(repeating: "a", count: 63), count: 3) + [String(repeating: "b", count: 61)]
        try run("dns_sent", query(DNSMessage(id: 3, name: long, type: 16)), in: probe)
        try run("dns_sent", query(DNSMessage(id: 4, name: [], type: 2)), in: probe)
        let events = try probe.records { $0.count >= 2 }
        #expect(events.map { text($0.name) } == [long.joined(separator: "."), ""] && events.map(\.type) == [.TXT, .NS])
    }

    @Test(arguments: Twin.allCases) func `what is no DNS is counted, and nothing else becomes of it`(twin: Twin) throws {
        let probe = try atCgroup(twin)
        let whole = query(DNSMessage(id: 5, name: ["www", "example", "org"], type: a))
        // Cut in each place of the message; a message of which the header is there is malformed for its name.
        for count in 42..<whole.bytes.count { try run("dns_sent", whole.truncated(to: count), in: probe) }
        // A label's length that no label has, and a name without an end.
        try run("dns_sent", whole.overwriting(at: 54, [0xc0]), in: probe)
        try run("dns_sent", whole.overwriting(at: 54, [UInt8](repeating: 1, count: 40)), in: probe)
        // Another port, another protocol.
        try run(
            "dns_sent",
            Packet.ethernet().ipv4("192.0.2.1", "192.0.2.53").udp(40_000, 54).payload(DNSMessage(id: 6, name: ["x"], type: a).bytes),
            in: probe)
        try run("dns_sent", Packet.ethernet().ipv4("192.0.2.1", "192.0.2.53").tcp(40_000, 53).payload([0, 0, 0, 0]), in: probe)
        try run("dns_sent", whole, in: probe)
        #expect(try probe.records { !$0.isEmpty }.map(\.id) == [5])
        let counts = try probe.counts(dns_counts.self)
        #expect(counts.malformed == UInt64(whole.bytes.count - 42 + 2) && counts.answers == 0)
    }

    @Test(arguments: Twin.allCases) func `queries seen are queries told and queries lost`(twin: Twin) throws {
        let small = try BundledProbe(twin.dns, of: dns_event.self, ringBytes: 4096, running: ["dns_sent"])
        let packet = query(DNSMessage(id: 7, name: ["busy"], type: a))
        _ = try small.loaded.program("dns_sent").testRun(data: packet.bytes, repeat: 1000)
        let lost = try small.drain()
        #expect(lost > 0 && !small.records.isEmpty && lost + UInt64(small.records.count) == 1000)
        #expect(try small.counts(dns_counts.self).queries == 1000)
    }

    @Test(arguments: [("dns_sent", "dns_received"), ("dns_egress", "dns_ingress")])
    func `in Swift and in C the same packets come to the same records, broken ones too`(programs: (String, String)) throws {
        let twins = try Twin.allCases.map {
            try BundledProbe($0.dns, of: dns_event.self, ringBytes: 1 << 22, running: [programs.0, programs.1])
        }
        let question = DNSMessage(id: 9, name: ["www", "example", "org"], type: aaaa)
        let reply = DNSMessage(
            id: 9, flags: 0x8180, name: question.name, type: aaaa,
            answers: [.record(cname, DNSMessage.labels(["edge"])), .named(["edge"], a, [198, 51, 100, 7]), .record(a, [198, 51, 100, 8])])
        var random = SeededNumbers(seed: 53)
        var counted = 0
        for packet in 0..<2_000 {
            let isAnswer = packet % 2 == 1
            var bytes = (isAnswer ? answer(reply) : query(question)).bytes
            // Often within the message, else anywhere behind the Ethernet header.
            for _ in 0..<packet % 7 {
                let place = Int.random(in: (Bool.random(using: &random) ? 42 : 14)..<bytes.count, using: &random)
                bytes[place] = UInt8.random(in: 0...(Bool.random(using: &random) ? 255 : 63), using: &random)
            }
            if packet % 5 == 4 { bytes.removeLast(Int.random(in: 0..<bytes.count - 34, using: &random)) }
            let program = isAnswer ? programs.1 : programs.0
            let results = try twins.map { try $0.loaded.program(program).testRun(data: bytes).returnValue }
            for twin in twins { #expect(try twin.drain() == 0) }
            let told = twins.map { $0.records[counted...].map(untimed) }
            guard results[0] == results[1], told[0] == told[1] else {
                let found = twins.map { "\($0.lines[counted...])" }
                Issue.record("packet \(packet), \(bytes): in Swift \(results[0]) \(found[0]), in C \(results[1]) \(found[1])")
                return
            }
            counted += told[0].count
        }
        #expect(counted > 500)
        #expect(try bytes(of: twins[0].counts(dns_counts.self)) == bytes(of: twins[1].counts(dns_counts.self)))
    }

    /// A record's bytes, those of the times left out; of the duration, whether there is one.
    private func untimed(_ event: dns_event) -> [UInt8] {
        var event = event
        event.time = 0
        event.duration_ns = event.duration_ns == 0 ? 0 : 1
        return bytes(of: event)
    }

    private func bytes<Value>(of value: Value) -> [UInt8] { withUnsafeBytes(of: value) { Array($0) } }

    @Test(arguments: Twin.allCases) func `a process of a cgroup asks, and is told of with its answer`(twin: Twin) throws {
        let namespace = try NetworkNamespace()
        let cgroup = try ControlGroup()
        let server = try namespace.run { () throws(TestingError) in try TestSocket.bound(.udp, "127.0.0.1", port: 0) }
        let port = server.port
        let live = try BundledProbe(
            twin.dns, of: dns_event.self,
            attaching: [("dns_sent", "cgroup/egress:\(cgroup.path)"), ("dns_received", "cgroup/ingress:\(cgroup.path)")]
        ) { try $0.setGlobal("port", to: port) }
        let question = DNSMessage(id: 0x4142, name: ["live", "test"], type: a)
        let client = try namespace.run { () throws(TestingError) in
            try ChildProcess(
                shell: "exec 3<>/dev/udp/127.0.0.1/\(port); printf '\(escaped(question.bytes))' >&3; read -n 1 -u 3 -t 60 answer",
                in: cgroup)
        }
        let reply = DNSMessage(id: 0x4142, flags: 0x8180, name: question.name, type: a, answers: [.record(a, [203, 0, 113, 5])])
        #expect(server.answer(with: reply.bytes) == question.bytes)
        let events = try live.records { $0.contains { $0.kind == .ANSWER } }
        #expect(client.wait(seconds: 60) != nil)
        #expect(events.map(\.kind) == [.QUERY, .ANSWER] && events.allSatisfy { text($0.name) == "live.test" })
        #expect(events.allSatisfy { $0.pid == UInt32(client.pid) && text($0.comm) == "bash" && $0.uid == getuid() })
        #expect(events.last?.duration_ns ?? 0 > 0 && events.last.map { address($0.answer_address) } == "203.0.113.5")
    }
}

/// Bytes as `printf` of a shell writes them.
func escaped(_ bytes: [UInt8]) -> String {
    bytes.map { byte in
        let digits = String(byte, radix: 8)
        return "\\" + String(repeating: "0", count: 3 - digits.count) + digits
    }.joined()
}

extension ChildProcess {
    /// A shell that does what it is told from within a control group. What it prints is of no interest.
    convenience init(shell script: String, in cgroup: ControlGroup) throws(TestingError) {
        let name = "bundled-\(cgroup.path.split(separator: "/").last ?? "")"
        defer { for ending in ["out", "err"] { unlink("/tmp/\(name).\(ending)") } }
        try self.init(["bash", "-c", "echo $$ > '\(cgroup.path)/cgroup.procs' && \(script)"], folder: "/tmp", name: name)
    }
}

extension TestSocket {
    /// Waits for a datagram, answers its sender, and returns what it held.
    func answer(with bytes: [UInt8]) -> [UInt8]? {
        var ready = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        guard poll(&ready, 1, 60_000) > 0 else { return nil }
        var buffer = [UInt8](repeating: 0, count: 2048)
        var from = sockaddr_storage()
        var size = socklen_t(MemoryLayout<sockaddr_storage>.size)
        return withUnsafeMutablePointer(to: &from) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                let count = recvfrom(descriptor, &buffer, buffer.count, 0, address, &size)
                guard count >= 0, sendto(descriptor, bytes, bytes.count, 0, address, size) == bytes.count else { return nil }
                return Array(buffer.prefix(count))
            }
        }
    }
}
