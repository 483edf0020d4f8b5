import EBPF
import Testing

@Suite("Packets on the host")
struct PacketBufferTests {
    /// An Ethernet frame of IPv4 and UDP, 42 bytes.
    static let frame: [UInt8] =
        [0x02, 0, 0, 0, 0, 1, 0x02, 0, 0, 0, 0, 2, 0x08, 0x00]
        + [0x45, 0, 0, 28, 0x12, 0x34, 0x20, 0x01, 64, 17, 0, 0, 192, 0, 2, 1, 198, 51, 100, 7]
        + [0x30, 0x39, 0, 53, 0, 8, 0, 0]

    @Test("A value that ends with the packet is read, one that reaches a byte beyond is not")
    func ends() {
        let packet = PacketBuffer(Self.frame)
        #expect(packet.read(UDPHeader.self, at: 34)?.destinationPort == 53)
        #expect(packet.read(UDPHeader.self, at: 35) == nil)
        #expect(packet.read(UInt8.self, at: 41) == 0)
        #expect(packet.read(UInt8.self, at: 42) == nil)
        #expect(packet.read(UInt8.self, at: -1) == nil)
        #expect(packet.read(UInt8.self, at: .max) == nil)
    }

    @Test("Offsets end where those of the kernel's contexts end")
    func furthest() {
        let packet = PacketBuffer([UInt8](repeating: 7, count: 70_000))
        #expect(packet.read(UInt8.self, at: 65_534) == 7)
        #expect(packet.read(UInt8.self, at: 65_535) == nil)
        #expect(packet.read(UInt16.self, at: 65_533) == 0x0707)
        #expect(packet.read(UInt16.self, at: 65_534) == nil)
    }

    @Test("What is written is read again, and nothing is written beyond the end")
    func writes() {
        let packet = PacketBuffer(Self.frame)
        #expect(packet.write(BigEndian<UInt16>(8080), at: 36))
        #expect(packet.bytes[36...37] == [0x1f, 0x90])
        #expect(packet.read(TransportPorts.self, at: 34)?.destination.value == 8080)
        let before = packet.bytes
        #expect(!packet.write(UInt64.max, at: 35))
        #expect(packet.bytes == before)
    }

    @Test("Headers lie as on the wire")
    func headers() throws {
        let packet = PacketBuffer(Self.frame)
        let ethernet = try #require(packet.read(EthernetHeader.self, at: 0))
        #expect(ethernet.type == .ipv4)
        #expect(ethernet.source.number == 0x0200_0000_0002)
        #expect(!ethernet.source.isGroup)
        let header = try #require(packet.read(IPv4Header.self, at: EthernetHeader.size))
        #expect(header.version == 4)
        #expect(header.headerLength == 20)
        #expect(header.totalLength.value == 28)
        #expect(header.identification.value == 0x1234)
        #expect(header.hasMoreFragments)
        #expect(header.fragmentOffset == 8)
        #expect(header.timeToLive == 64)
        #expect(header.protocol == .udp)
        #expect(header.source == IPv4Address(192, 0, 2, 1))
        #expect(header.destination.number.value == 0xc633_6407)
    }
}
