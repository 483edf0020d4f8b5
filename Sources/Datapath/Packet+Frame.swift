internal import PolicyModel

extension Packet {
    /// The packet as an Ethernet frame that says what the packet says and no more, for test-runs. Checksums are 0: nothing looks at them.
    var frame: [UInt8] {
        let transport = transportHeader
        var frame: [UInt8] = Array(repeating: 2, count: 12)
        switch family {
        case .v4:
            frame += [0x08, 0x00, 0x45, 0]
            frame += Self.bytes(UInt16(20 + transport.count))
            frame += [0, 0, 0, 0, 64, `protocol`, 0, 0]
        case .v6:
            frame += [0x86, 0xdd, 0x60, 0, 0, 0]
            frame += Self.bytes(UInt16(transport.count))
            frame += [`protocol`, 64]
        }
        return frame + source.bytes + destination.bytes + transport
    }

    private var transportHeader: [UInt8] {
        let ports = Self.bytes(sourcePort) + Self.bytes(destinationPort)
        switch `protocol` {
        case 6: return ports + [0, 0, 0, 1, 0, 0, 0, 0, 0x50, 2, 0xff, 0xff, 0, 0, 0, 0]
        case 17: return ports + [0, 8, 0, 0]
        case 132: return ports + Array(repeating: 0, count: 8)
        case _ where isICMP: return [icmpType, icmpCode, 0, 0, 0, 0, 0, 0]
        // Read as "no next header" where the number is that of an IPv6 extension header.
        default: return [59, 0, 0, 0, 0, 0, 0, 0]
        }
    }

    private static func bytes(_ value: UInt16) -> [UInt8] { [UInt8(value >> 8), UInt8(value & 255)] }
}
