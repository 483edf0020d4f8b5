import CLibBPF
import Glibc

/// One header of a packet under construction.
enum PacketLayer: Sendable, Hashable {
    case ethernet(source: [UInt8], destination: [UInt8], vlans: [UInt16], etherType: UInt16?)
    case ipv4(IPv4Layer)
    case ipv6(IPv6Layer)
    case tcp(source: UInt16, destination: UInt16, flags: TCPFlags, sequence: UInt32, acknowledgment: UInt32, options: [UInt8])
    case udp(source: UInt16, destination: UInt16)
    case sctp(source: UInt16, destination: UInt16, chunkType: UInt8)
    case icmp(type: UInt8, code: UInt8, rest: UInt32, isVersion6: Bool)
    case raw([UInt8])

    var isNetwork: Bool {
        switch self {
        case .ipv4, .ipv6: true
        default: false
        }
    }

    /// The protocol number by which an IP header announces this layer; 59 is "no next header".
    var protocolNumber: UInt8 {
        switch self {
        case .ipv4: 4
        case .ipv6: 41
        case .tcp: 6
        case .udp: 17
        case .sctp: 132
        case .icmp(_, _, _, let isVersion6): isVersion6 ? 58 : 1
        case .ethernet, .raw: 59
        }
    }

    /// This layer's bytes before `body`, which holds all layers within.
    func header(around body: [UInt8], inner: PacketLayer?, network: PacketLayer?) -> [UInt8] {
        switch self {
        case .ethernet(let source, let destination, let vlans, let etherType):
            var bytes = destination + source
            for (index, vlan) in vlans.enumerated() { bytes += big(UInt16(index == vlans.count - 1 ? 0x8100 : 0x88a8)) + big(vlan) }
            let innerType: UInt16 =
                switch inner {
                case .ipv4: 0x0800
                case .ipv6: 0x86dd
                default: 0x88b5  // for local experiments
                }
            return bytes + big(etherType ?? innerType)
        case .ipv4(let header): return header.bytes(around: body, inner: inner)
        case .ipv6(let header): return header.bytes(around: body, inner: inner)
        case .tcp(let source, let destination, let flags, let sequence, let acknowledgment, let options):
            let padded = options + [UInt8](repeating: 0, count: (4 - options.count % 4) % 4)
            var bytes = big(source) + big(destination) + big(sequence) + big(acknowledgment)
            bytes += [UInt8((20 + padded.count) / 4) << 4, flags.rawValue, 0xff, 0xff, 0, 0, 0, 0] + padded
            bytes.replaceSubrange(16..<18, with: big(checksum(bytes + body, protocolNumber, network)))
            return bytes
        case .udp(let source, let destination):
            var bytes = big(source) + big(destination) + big(UInt16(8 + body.count)) + [0, 0]
            let sum = checksum(bytes + body, protocolNumber, network)
            // Zero would say that there is no checksum.
            bytes.replaceSubrange(6..<8, with: big(sum == 0 ? 0xffff : sum))
            return bytes
        case .sctp(let source, let destination, let chunkType):
            var bytes = big(source) + big(destination) + big(UInt32(1)) + [0, 0, 0, 0] + [chunkType, 0] + big(UInt16(4 + body.count))
            // The sum is little-endian on the wire, unlike everything else.
            let sum = castagnoli(bytes + body)
            bytes.replaceSubrange(8..<12, with: big(sum).reversed())
            return bytes
        case .icmp(let type, let code, let rest, let isVersion6):
            var bytes = [type, code, 0, 0] + big(rest)
            let sum = isVersion6 ? checksum(bytes + body, 58, network) : onesComplementSum(bytes + body)
            bytes.replaceSubrange(2..<4, with: big(sum))
            return bytes
        case .raw(let bytes): return bytes
        }
    }
}

struct IPv4Layer: Sendable, Hashable {
    var source: [UInt8]
    var destination: [UInt8]
    var ttl: UInt8
    var identification: UInt16
    var options: [UInt8]
    var fragment: Fragment?
    var protocolNumber: UInt8?
    var version: UInt8
    var headerWords: UInt8?
    var totalLength: UInt16?

    func bytes(around body: [UInt8], inner: PacketLayer?) -> [UInt8] {
        let padded = options + [UInt8](repeating: 0, count: (4 - options.count % 4) % 4)
        let length = 20 + padded.count
        var place = UInt16(truncatingIfNeeded: (fragment?.offset ?? 0) / 8)
        if fragment?.hasMore == true { place |= 0x2000 }
        var bytes = [version << 4 | (headerWords ?? UInt8(truncatingIfNeeded: length / 4)) & 15, 0]
        bytes += big(totalLength ?? UInt16(truncatingIfNeeded: length + body.count)) + big(identification) + big(place)
        bytes += [ttl, protocolNumber ?? inner?.protocolNumber ?? 59, 0, 0] + source + destination + padded
        bytes.replaceSubrange(10..<12, with: big(onesComplementSum(bytes)))
        return bytes
    }
}

struct IPv6Layer: Sendable, Hashable {
    var source: [UInt8]
    var destination: [UInt8]
    var hopLimit: UInt8
    var extensions: [IPv6Extension]
    var nextHeader: UInt8?
    var version: UInt8
    var payloadLength: UInt16?

    func bytes(around body: [UInt8], inner: PacketLayer?) -> [UInt8] {
        var chain: [UInt8] = []
        var next = nextHeader ?? inner?.protocolNumber ?? 59
        for header in extensions.reversed() {
            chain = bytes(of: header, next: next) + chain
            next = header.number
        }
        var bytes: [UInt8] = [version << 4, 0, 0, 0]
        bytes += big(payloadLength ?? UInt16(truncatingIfNeeded: chain.count + body.count)) + [next, hopLimit]
        return bytes + source + destination + chain
    }

    private func bytes(of header: IPv6Extension, next: UInt8) -> [UInt8] {
        switch header {
        case .fragment(let fragment, let identification):
            return [next, 0] + big(UInt16(fragment.offset & ~7) | (fragment.hasMore ? 1 : 0)) + big(identification)
        case .authentication(let data):
            // The length counts 32-bit words less two.
            let padded = [0, 0] + big(UInt32(1)) + big(UInt32(1)) + data
            let filled = padded + [UInt8](repeating: 0, count: (8 - (padded.count + 2) % 8) % 8)
            return [next, UInt8((filled.count + 2) / 4 - 2)] + filled
        case .hopByHop(let data), .destinationOptions(let data):
            return common(next, data) { count in
                count == 0 ? [] : count == 1 ? [0] : [1, UInt8(count - 2)] + [UInt8](repeating: 0, count: count - 2)
            }
        case .routing(let data): return common(next, [253, 0, 0, 0] + data) { [UInt8](repeating: 0, count: $0) }
        case .other(_, let data): return common(next, data) { [UInt8](repeating: 0, count: $0) }
        }
    }

    /// Next header, length in units of 8 bytes less one, data, padding.
    private func common(_ next: UInt8, _ data: [UInt8], padding: (Int) -> [UInt8]) -> [UInt8] {
        let total = max(8, (data.count + 2 + 7) / 8 * 8)
        return [next, UInt8(total / 8 - 1)] + data + padding(total - 2 - data.count)
    }
}

func big<T: FixedWidthInteger>(_ value: T) -> [UInt8] {
    (0..<T.bitWidth / 8).reversed().map { UInt8(truncatingIfNeeded: value >> T($0 * 8)) }
}

/// An address's bytes in network order; zero if the text is none, which the test then sees.
func addressBytes(_ text: String, count: Int) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    let result = unsafe inet_pton(count == 4 ? AF_INET : AF_INET6, text, &bytes)
    precondition(result == 1, "\(text) is no IPv\(count == 4 ? 4 : 6) address")
    return bytes
}

/// The Internet checksum (RFC 1071).
func onesComplementSum(_ bytes: [UInt8]) -> UInt16 {
    var sum: UInt32 = 0
    for index in stride(from: 0, to: bytes.count, by: 2) {
        sum += UInt32(bytes[index]) << 8 | (index + 1 < bytes.count ? UInt32(bytes[index + 1]) : 0)
    }
    while sum > 0xffff { sum = sum & 0xffff + sum >> 16 }
    return ~UInt16(sum)
}

/// The checksum of a transport header and its data with the pseudo header of the network layer.
func checksum(_ bytes: [UInt8], _ number: UInt8, _ network: PacketLayer?) -> UInt16 {
    switch network {
    case .ipv4(let header):
        onesComplementSum(header.source + header.destination + [0, number] + big(UInt16(truncatingIfNeeded: bytes.count)) + bytes)
    case .ipv6(let header):
        onesComplementSum(header.source + header.destination + big(UInt32(bytes.count)) + [0, 0, 0, number] + bytes)
    default: onesComplementSum(bytes)
    }
}

/// CRC-32C, SCTP's checksum (RFC 9260, appendix A).
func castagnoli(_ bytes: [UInt8]) -> UInt32 {
    var remainder: UInt32 = .max
    for byte in bytes {
        remainder ^= UInt32(byte)
        for _ in 0..<8 { remainder = remainder & 1 == 1 ? remainder >> 1 ^ 0x82f6_3b78 : remainder >> 1 }
    }
    return ~remainder
}
