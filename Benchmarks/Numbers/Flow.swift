import PolicyModel
import PolicyTesting

/// A packet of a trace: IPv4, Ethernet header and all.
struct Flow: Hashable {
    var source: UInt32
    var destination: UInt32
    var sourcePort: UInt16
    var destinationPort: UInt16
    var `protocol`: UInt8

    init(_ source: UInt32, _ sourcePort: UInt16, _ destination: UInt32, _ destinationPort: UInt16, protocol: UInt8) {
        (self.source, self.sourcePort, self.destination, self.destinationPort) = (source, sourcePort, destination, destinationPort)
        self.protocol = `protocol`
    }

    init(_ header: ClassBenchHeader) {
        let packet = header.packet
        self.init(header.source, packet.sourcePort, header.destination, packet.destinationPort, protocol: header.protocol)
    }

    /// The same flow's other direction.
    var reversed: Flow { Flow(destination, destinationPort, source, sourcePort, protocol: `protocol`) }

    /// TCP flags of RFC 9293.
    enum Flags { static let syn: UInt8 = 2, ack: UInt8 = 16, push: UInt8 = 8 }

    /// The frame, filled up to 96 bytes with what is behind the packet.
    func frame(flags: UInt8 = Flags.syn, to hardware: [UInt8] = [2, 0, 0, 0, 0, 1]) -> [UInt8] {
        let transport = transportHeader(flags)
        var frame = hardware + [2, 0, 0, 0, 0, 2, 0x08, 0x00]
        frame += [0x45, 0] + Self.bytes(UInt16(20 + transport.count)) + [0, 0, 0, 0, 64, `protocol`, 0, 0]
        frame += Self.bytes(source) + Self.bytes(destination)
        let sum = Self.checksum(frame[14..<34])
        frame.replaceSubrange(24..<26, with: Self.bytes(sum))
        return Self.filled(frame + transport)
    }

    /// The same flow between IPv6 addresses that hold the IPv4 ones.
    func frame6(flags: UInt8) -> [UInt8] {
        let transport = transportHeader(flags)
        func address(_ value: UInt32) -> [UInt8] { [0x20, 1, 0x0d, 0xb8] + Array(repeating: 0, count: 8) + Self.bytes(value) }
        var frame: [UInt8] = [2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x86, 0xdd, 0x60, 0, 0, 0]
        frame += Self.bytes(UInt16(transport.count)) + [`protocol`, 64] + address(source) + address(destination)
        return Self.filled(frame + transport)
    }

    private func transportHeader(_ flags: UInt8) -> [UInt8] {
        let ports = Self.bytes(sourcePort) + Self.bytes(destinationPort)
        switch `protocol` {
        // The number that acknowledges what begins with the other: a handshake of such packets is one.
        case 6: return ports + [0, 0, 0, 1, 0, 0, 0, 2, 0x50, flags, 0xff, 0xff, 0, 0, 0, 0]
        // A checksum of 0: none.
        case 17: return ports + [0, 8, 0, 0]
        case 1: return [8, 0, 0, 0, 0, 0, 0, 0]
        default: return ports + Array(repeating: 0, count: 8)
        }
    }

    private static func filled(_ frame: [UInt8]) -> [UInt8] { frame + Array(repeating: 0, count: max(0, Trace.frameBytes - frame.count)) }

    private static func checksum(_ header: ArraySlice<UInt8>) -> UInt16 {
        var sum: UInt32 = 0
        for index in stride(from: header.startIndex, to: header.endIndex, by: 2) {
            sum += UInt32(header[index]) << 8 | UInt32(header[index + 1])
        }
        while sum > 0xffff { sum = (sum & 0xffff) + (sum >> 16) }
        return ~UInt16(truncatingIfNeeded: sum)
    }

    private static func bytes(_ value: some FixedWidthInteger & UnsignedInteger) -> [UInt8] {
        (0..<value.bitWidth / 8).reversed().map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
    }
}
