import BPF
import BPFTesting
import EBPF
import EBPFTestObjects
import EBPFTestTypes
import FoundationEssentials
import Testing

@Suite("Packets that programs change")
struct KernelPacketTests {
    private let udp = Packet.ethernet().ipv4("10.1.2.3", "10.0.0.2").udp(40_000, 53).payload("hello there")

    @Test("The longest prefix of the source sets the mark, as a table on the host says")
    func marks() throws {
        let loaded = try OpenObject(.packets).load()
        let program = try loaded.program("markSource")
        let sources: BPF.Map<Prefix<IPv4Address>, UInt32> = try loaded.map("sources")
        let prefixes: [(prefix: Prefix<IPv4Address>, value: UInt32)] = [
            (Prefix(IPv4Address(10, 0, 0, 0), length: 8), 8), (Prefix(IPv4Address(10, 1, 0, 0), length: 16), 16),
            (Prefix(IPv4Address(10, 1, 128, 0), length: 17), 17), (Prefix(IPv4Address(192, 0, 2, 1), length: 32), 32),
        ]
        for (prefix, value) in prefixes { try sources.set(value, forKey: prefix) }
        let table = HostPrefixTable(prefixes)
        let expected: [(String, UInt32?)] = [
            ("10.2.2.3", 8), ("10.1.2.3", 16), ("10.1.127.255", 16), ("10.1.128.0", 17), ("192.0.2.1", 32),
            ("192.0.2.0", nil), ("11.0.0.1", nil),
        ]
        for (source, mark) in expected {
            let bytes = Packet.ethernet().ipv4(source, "10.0.0.2").udp(40_000, 53).bytes
            #expect(rule(forSourceOf: PacketBuffer(bytes), in: table) == mark, "\(source)")
            let result = try program.testRun(data: bytes, context: TestRunContext())
            #expect(result.returnValue == (mark == nil ? 2 : 0), "\(source)")
            #expect(result.context?.mark == mark ?? 0, "\(source)")
            #expect(result.context?.priority == mark.map { $0 + 1 } ?? 0, "\(source)")
        }
        let six = Packet.ethernet().ipv6("2001:db8::1", "2001:db8::2").udp(1, 2)
        #expect(Int32(bitPattern: try program.testRun(data: six.bytes).returnValue) == -1)
        #expect(rule(forSourceOf: PacketBuffer(six.bytes), in: table) == nil)
    }

    @Test("The program of the documentation's overview, which is overview.bpf.swift, drops fragments and nothing else")
    func overview() throws {
        let project = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        func text(_ path: String) throws -> String { try String(contentsOf: project.appending(path: path), encoding: .utf8) }
        let source = try text("Tests/EBPFTestObjects/overview.bpf.swift")
        #expect(try text("Sources/EBPF/EBPF.docc/EBPF.md").contains("```swift\n\(source)```\n"))
        let loaded = try OpenObject(.overview).load()
        let program = try loaded.program("dropFragments")
        let (drop, pass): (UInt32, UInt32) = (1, 2)
        let expected: [(Packet, UInt32)] = [
            (udp, pass), (udp.overwriting(at: 20, [0x20, 0]), drop), (udp.overwriting(at: 20, [0, 1]), drop),
            (udp.overwriting(at: 20, [0x40, 0]), pass), (.ethernet().ipv6("2001:db8::1", "2001:db8::2").udp(1, 2), pass),
        ]
        for (packet, action) in expected { #expect(try program.testRun(data: packet.bytes).returnValue == action, "\(packet)") }
        #expect(try loaded.perCPUMap("drops", key: UInt32.self, value: UInt64.self).sum(forKey: 0) == 2)
    }

    @Test("A rewritten packet has the checksums it would have been built with")
    func checksums() throws {
        let program = try OpenObject(.packets).load().program("rewrite")
        let result = try program.testRun(data: udp.bytes)
        #expect(result.returnValue == 0)
        let packet = PacketBuffer(result.data)
        let header = try #require(packet.read(IPv4Header.self, at: 14))
        let before = try #require(PacketBuffer(udp.bytes).read(IPv4Header.self, at: 14))
        #expect(header.timeToLive == before.timeToLive - 1)
        #expect(header.checksum == header.computedChecksum)
        let expected = Packet.ethernet().ipv4("10.1.2.3", "10.0.0.2").udp(40_000, 8080).payload("hello there").bytes
        #expect(Array(result.data[34...]) == Array(expected[34...]))
    }

    @Test("A tag is put into a frame, which grows at its beginning")
    func growth() throws {
        let result = try OpenObject(.packets).load().program("tag").testRun(data: udp.bytes)
        #expect(result.returnValue == 3)
        let tagged = Packet.ethernet(vlans: [100]).ipv4("10.1.2.3", "10.0.0.2").udp(40_000, 53).payload("hello there")
        #expect(result.data == tagged.bytes)
    }

    @Test("A frame is cut, and metadata is there only after it was made")
    func metadata() throws {
        let result = try OpenObject(.packets).load().program("trim").testRun(data: udp.bytes)
        #expect(result.returnValue == 2)
        // What a test-run gives back begins with the metadata.
        #expect(result.data == [7, 0, 0, 0] + udp.bytes.dropLast(2))
    }

    @Test("A tag beside the packet's bytes is put on, seen and taken off")
    func tags() throws {
        let program = try OpenObject(.packets).load().program("tagAndBack")
        let result = try program.testRun(data: udp.bytes, context: TestRunContext())
        #expect(result.returnValue == 0)
        #expect(result.context?.mark == 0x2005)
        #expect(result.data == udp.bytes)
    }

    @Test("A packet grows at both ends")
    func stretching() throws {
        let program = try OpenObject(.packets).load().program("stretch")
        let result = try program.testRun(data: udp.bytes, context: TestRunContext())
        #expect(result.returnValue == 0)
        #expect(result.context?.mark != 0)
        #expect(result.data.count == udp.bytes.count + 56)
    }
}
