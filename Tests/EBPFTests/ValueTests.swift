import struct BPFTesting.SeededNumbers
import EBPF
import EBPFTestTypes
import Testing

@Suite("Values that both sides share")
struct ValueTests {
    @Test("Numbers lie in memory in the order of their type")
    func byteOrder() {
        #expect(withUnsafeBytes(of: BigEndian<UInt32>(0x0102_0304)) { Array($0) } == [1, 2, 3, 4])
        #expect(withUnsafeBytes(of: LittleEndian<UInt32>(0x0102_0304)) { Array($0) } == [4, 3, 2, 1])
        var port = BigEndian<UInt16>(443)
        #expect(port == 443)
        #expect(port < 8080 && port > 80)
        port.value = 8080
        #expect(port.bits == UInt16(8080).bigEndian)
        #expect(BigEndian<Int32>(-2).value == -2)
        #expect(Set([BigEndian<UInt16>(1), 1, 2]).count == 2)
    }

    @Test("Headers are as long as on the wire")
    func sizes() {
        #expect(EthernetHeader.size == 14)
        #expect(VLANTag.size == 4)
        #expect(IPv4Header.size == 20)
        #expect(IPv6Header.size == 40)
        #expect(MemoryLayout<IPv6Extension>.size == 2)
        #expect(MemoryLayout<IPv6Fragment>.size == 8)
        #expect(TCPHeader.size == 20)
        #expect(UDPHeader.size == 8)
        #expect(ICMPHeader.size == 8)
        // The kernel reads the address of a prefix right behind its length.
        #expect(MemoryLayout<Prefix<IPv4Address>>.size == 8)
        #expect(MemoryLayout<Prefix<IPv6Address>>.size == 20)
        #expect(Prefix(IPv6Address(high: 0, low: 1)).length == 128)
    }

    @Test("Addresses compare by their first bits", arguments: [(0, true), (7, true), (8, true), (9, false), (32, false)])
    func prefixes(length: UInt32, isEqual: Bool) {
        let address = IPv4Address(10, 200, 0, 1)
        #expect(address.isEqual(to: IPv4Address(10, 0, 0, 0), length: length) == isEqual)
        #expect(address.isEqual(to: address, length: length))
    }

    @Test("Addresses are written as they are read")
    func addresses() {
        let link = EthernetAddress(0x0102_0304_0506)
        #expect(withUnsafeBytes(of: link) { Array($0) } == [1, 2, 3, 4, 5, 6])
        #expect(link.number == 0x0102_0304_0506)
        #expect(link.isGroup)
        #expect(!EthernetAddress(0x0201_0000_0000).isGroup)
        let address = IPv6Address(high: 0x2001_0db8_0000_0001, low: 2)
        #expect(withUnsafeBytes(of: address) { Array($0) } == [0x20, 1, 0x0d, 0xb8, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 2])
        #expect(address.high == 0x2001_0db8_0000_0001 && address.low == 2)
    }

    @Test("The checksum of the worked example of RFC 1071, and of a header")
    func checksums() {
        var sum = Checksum()
        for word: BigEndian<UInt16> in [0x0001, 0xf203, 0xf4f5, 0xf6f7] { sum.add(word) }
        #expect(sum.value.value == ~0xddf2)
        var header = IPv4Header()
        header.totalLength = 115
        header.fragment = 0x4000
        header.timeToLive = 64
        header.protocol = .udp
        header.source = IPv4Address(192, 168, 0, 1)
        header.destination = IPv4Address(192, 168, 0, 199)
        #expect(header.computedChecksum == 0xb861)
    }

    @Test("A corrected checksum is the one of the corrected words")
    func corrections() {
        var random = SeededNumbers(seed: 1071)
        for _ in 0..<1000 {
            let rest = BigEndian<UInt32>(.random(in: 1...UInt32.max, using: &random))
            let (old, new) = (BigEndian<UInt32>(random.next()), BigEndian<UInt32>(random.next()))
            let (oldPort, newPort) = (BigEndian<UInt16>(random.next()), BigEndian<UInt16>(random.next()))
            func whole(_ address: BigEndian<UInt32>, _ port: BigEndian<UInt16>) -> BigEndian<UInt16> {
                var sum = Checksum()
                sum.add(rest)
                sum.add(address)
                sum.add(port)
                return sum.value
            }
            var sum = Checksum(correcting: whole(old, oldPort))
            sum.replace(old, by: new)
            sum.replace(oldPort, by: newPort)
            guard sum.value == whole(new, newPort) else {
                Issue.record("\(rest) \(old) \(new) \(oldPort) \(newPort): \(sum.value), not \(whole(new, newPort))")
                return
            }
        }
    }

    @Test("Atomic operations say what was there before")
    func atomics() {
        var value: UInt64 = 5
        value.addAtomically(2)
        #expect(value.fetchAndAdd(1) == 7)
        #expect(value.fetchAndOr(0x10) == 8)
        #expect(value.fetchAndAnd(0x18) == 0x18)
        #expect(value.fetchAndXor(1) == 0x18)
        #expect(value.exchange(3) == 0x19)
        #expect(value.compareExchange(expected: 4, desired: 9) == 3)
        #expect(value.compareExchange(expected: 3, desired: 9) == 3)
        #expect(value == 9)
        var word: UInt32 = .max
        word.addAtomically(2)
        #expect(word.fetchAndAdd(1) == 1)
        #expect(word.compareExchange(expected: 2, desired: 8) == 2)
        #expect(word == 8)
    }

    @Test("Numbers up to a count that is not known end at the limit")
    func boundedIndices() {
        #expect(Array(BoundedIndices(below: 3 as UInt32, atMost: 8)) == [0, 1, 2])
        #expect(Array(BoundedIndices(below: UInt64(1) << 40, atMost: 2)) == [0, 1])
        #expect(Array(BoundedIndices(below: -1, atMost: 2)).isEmpty)
    }

    @Test("Tables of the host answer as maps do")
    func tables() {
        let table = HostTable<UInt32, String>([1: "one"])
        #expect(table.value(for: 1) == "one")
        #expect(table.value(for: 2) == nil)
        let prefixes = HostPrefixTable<IPv4Address, Int>([
            (Prefix(IPv4Address(0), length: 0), 0), (Prefix(IPv4Address(10, 0, 0, 0), length: 7), 7),
            (Prefix(IPv4Address(10, 0, 0, 0), length: 8), 8), (Prefix(IPv4Address(10, 0, 0, 0), length: 8), 88),
        ])
        #expect(prefixes.value(for: Prefix(IPv4Address(10, 3, 0, 0))) == 88)
        #expect(prefixes.value(for: Prefix(IPv4Address(11, 3, 0, 0))) == 7)
        #expect(prefixes.value(for: Prefix(IPv4Address(12, 3, 0, 0))) == 0)
        // A prefix is covered by shorter ones and by itself.
        #expect(prefixes.value(for: Prefix(IPv4Address(10, 0, 0, 0), length: 7)) == 7)
    }
}
