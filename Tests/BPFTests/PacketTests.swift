import BPFTesting
import Testing

@Suite("Packets")
struct PacketTests {
    @Test func `a UDP packet is as the standards have it`() {
        // The checksums were computed by another program.
        let packet = Packet.ethernet().ipv4("192.0.2.1", "198.51.100.7").udp(53, 1024).payload("abc")
        #expect(
            Array(packet.bytes[14...]) == [
                0x45, 0, 0, 31, 0, 1, 0, 0, 64, 17, 0x8e, 0x91, 192, 0, 2, 1, 198, 51, 100, 7,
                0, 53, 4, 0, 0, 11, 0x4b, 0x04, 0x61, 0x62, 0x63,
            ])
        #expect(Array(packet.bytes[12..<14]) == [8, 0])
    }

    @Test(arguments: [
        Packet.ethernet().ipv4("10.0.0.1", "10.0.0.2").tcp(1, 2).payload("odd"),
        Packet.ethernet().ipv4("10.0.0.1", "10.0.0.2", options: [7, 7, 4, 0, 0, 0, 0]).udp(1, 2),
        Packet.ethernet().ipv4("10.0.0.1", "10.0.0.2").icmp(type: 8).payload("ping"),
        Packet.ethernet().ipv6("fd00::1", "fd00::2").tcp(1, 2, options: [2, 4, 5, 0xb4]),
        Packet.ethernet().ipv6("fd00::1", "fd00::2", extensions: [.hopByHop(), .destinationOptions([1, 2, 3])]).udp(1, 2).payload("x"),
        Packet.ethernet().ipv6("fd00::1", "fd00::2").icmp(type: 128).payload("ping"),
    ])
    func `checksums verify`(packet: Packet) throws {
        let bytes = packet.networkBytes
        let isVersion4 = bytes[0] >> 4 == 4
        var offset = isVersion4 ? Int(bytes[0] & 15) * 4 : 40
        var number = isVersion4 ? bytes[9] : bytes[6]
        while [0, 60].contains(number) {
            number = bytes[offset]
            offset += (Int(bytes[offset + 1]) + 1) * 8
        }
        if isVersion4 { #expect(sum(Array(bytes[..<offset])) == 0xffff) }
        let transport = Array(bytes[offset...])
        let addresses = isVersion4 ? Array(bytes[12..<20]) : Array(bytes[8..<40])
        let pseudo: [UInt8] = number == 1 ? [] : addresses + [0, number, UInt8(transport.count >> 8), UInt8(transport.count & 255)]
        #expect(sum(pseudo + transport) == 0xffff)
    }

    @Test func `VLAN tags stand between Ethernet and IP`() {
        let bytes = Packet.ethernet(vlans: [100, 7]).ipv4("10.0.0.1", "10.0.0.2").udp(1, 2).bytes
        #expect(Array(bytes[12..<22]) == [0x88, 0xa8, 0, 100, 0x81, 0, 0, 7, 8, 0])
    }

    @Test func `IPv4 options lengthen the header`() {
        let bytes = Packet.ethernet().ipv4("10.0.0.1", "10.0.0.2", options: [1, 1, 1, 1, 0]).udp(5, 6).bytes
        #expect(bytes[14] == 0x47 && Array(bytes[14 + 28..<14 + 32]) == [0, 5, 0, 6])
    }

    @Test func `fragments say where they belong`() {
        let first = Packet.ethernet().ipv4("10.0.0.1", "10.0.0.2", fragment: Fragment(offset: 0, more: true)).udp(1, 2).bytes
        #expect(Array(first[20..<22]) == [0x20, 0])
        let later = Packet.ethernet().ipv4("10.0.0.1", "10.0.0.2", fragment: Fragment(offset: 1480, more: false), protocolNumber: 17)
            .payload("tail").bytes
        #expect(Array(later[20..<22]) == [0, 185] && later[23] == 17)
        let six = Packet.ethernet().ipv6("fd00::1", "fd00::2", extensions: [.fragment(Fragment(offset: 16, more: true), identification: 9)])
            .udp(1, 2).bytes
        #expect(six[20] == 44 && Array(six[54..<62]) == [17, 0, 0, 17, 0, 0, 0, 9])
    }

    @Test func `an extension chain is linked from header to header`() {
        let packet = Packet.ethernet().ipv6("fd00::1", "fd00::2", extensions: [.hopByHop(), .routing(), .authentication([1, 2, 3, 4])])
            .tcp(1, 2)
        let bytes = packet.bytes
        #expect(bytes[20] == 0 && bytes[54] == 43 && bytes[62] == 51 && bytes[70] == 6)
        // The authentication header counts 32-bit words less two.
        #expect(bytes[71] == 2 && bytes.count == 14 + 40 + 8 + 8 + 16 + 20)
        #expect(Int(bytes[18]) << 8 | Int(bytes[19]) == bytes.count - 54)
    }

    @Test func `an ICMP error quotes the packet it is about`() {
        let original = Packet.ethernet().ipv4("10.0.0.1", "10.0.0.2").udp(9, 10)
        let bytes = Packet.ethernet().ipv4("10.0.0.9", "10.0.0.1").icmp(type: 3, code: 1, rest: 0).quoting(original, count: 28).bytes
        #expect(Array(bytes[42...]) == original.networkBytes)
    }

    @Test func `SCTP carries CRC-32C`() {
        let bytes = Packet.ethernet().ipv4("10.0.0.1", "10.0.0.2").sctp(1, 2).networkBytes
        var zeroed = Array(bytes[20...])
        let sum = Array(zeroed[8..<12])
        zeroed.replaceSubrange(8..<12, with: [0, 0, 0, 0])
        var crc: UInt32 = .max
        for byte in zeroed {
            for bit in 0..<8 {
                let feedback = (crc ^ UInt32(byte >> bit)) & 1
                crc = crc >> 1 ^ (feedback == 1 ? 0x82f6_3b78 : 0)
            }
        }
        #expect(sum == (0..<4).map { UInt8(truncatingIfNeeded: ~crc >> ($0 * 8)) })
    }

    @Test func `packets can be cut and spoilt`() {
        let packet = Packet.ethernet().ipv4("10.0.0.1", "10.0.0.2").udp(1, 2)
        #expect(packet.truncated(to: 20).bytes == Array(packet.bytes.prefix(20)))
        #expect(packet.overwriting(at: 14, [0x95]).bytes[14] == 0x95)
        #expect(Packet.ethernet().ipv4("10.0.0.1", "10.0.0.2", headerWords: 3, totalLength: 7).bytes[14] == 0x43)
    }

    private func sum(_ bytes: [UInt8]) -> UInt32 {
        var sum: UInt32 = 0
        for (index, byte) in bytes.enumerated() { sum += UInt32(byte) << (index % 2 == 0 ? 8 : 0) }
        while sum > 0xffff { sum = sum & 0xffff + sum >> 16 }
        return sum
    }
}
