@testable import BPFTesting
import Glibc

/// Whole frames of an interface, sent and taken as they are (packet(7)). What is sent has no checksum left to complete.
final class TaggedFrames {
    let descriptor: CInt
    private let interface: CInt
    /// The VLAN tag of the frame that was taken last, which the kernel keeps beside the frame; nil for none.
    private(set) var tag: UInt16?
    /// Whether the checksum of the frame that was taken last is left for hardware to complete (TP_STATUS_CSUMNOTREADY).
    private(set) var isUnfinished = false

    /// Opens a socket in the thread's namespace.
    init(interface: String) throws {
        let all = CInt(UInt16(0x0003).bigEndian)
        descriptor = socket(AF_PACKET, CInt(SOCK_RAW.rawValue) | CInt(SOCK_CLOEXEC.rawValue), all)
        self.interface = CInt(if_nametoindex(interface))
        var address = self.address
        var one: CInt = 1
        // SOL_PACKET and PACKET_AUXDATA of linux/if_packet.h.
        setsockopt(descriptor, 263, 8, &one, 4)
        guard descriptor >= 0, bind(&address) == 0 else { throw TestingError("cannot open a packet socket", errno: errno) }
    }

    deinit { close(descriptor) }

    /// A `sockaddr_ll` of all protocols, which Glibc's module does not have.
    private var address: [UInt8] {
        var bytes = [UInt8](repeating: 0, count: 20)
        bytes[0] = UInt8(AF_PACKET)
        bytes[3] = 3
        withUnsafeBytes(of: interface) { bytes.replaceSubrange(4..<8, with: $0) }
        return bytes
    }

    private func bind(_ address: inout [UInt8]) -> CInt {
        address.withUnsafeBytes { bytes in
            bytes.withMemoryRebound(to: sockaddr.self) { Glibc.bind(descriptor, $0.baseAddress, 20) }
        }
    }

    func send(_ frame: [UInt8]) throws {
        guard Glibc.send(descriptor, frame, frame.count, 0) == frame.count else { throw TestingError("cannot send a frame", errno: errno) }
    }

    /// The next frame that a condition holds for, if one comes within the time.
    func receive(milliseconds: Int = 500, where condition: ([UInt8]) -> Bool) -> [UInt8]? {
        let end = ContinuousClock.now + .milliseconds(milliseconds)
        while true {
            let left = end - ContinuousClock.now
            var waiting = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            guard left > .zero, poll(&waiting, 1, CInt(max(1, left / .milliseconds(1)))) > 0 else { return nil }
            guard let frame = take() else { return nil }
            if condition(frame) { return frame }
        }
    }
}

extension TaggedFrames {
    /// Takes one frame and, from what comes with it, its tag.
    private func take() -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: 65_536)
        var extra = [UInt8](repeating: 0, count: 64)
        let count = bytes.withUnsafeMutableBytes { bytes in
            extra.withUnsafeMutableBytes { extra in
                var part = iovec(iov_base: bytes.baseAddress, iov_len: bytes.count)
                return withUnsafeMutablePointer(to: &part) { part in
                    var message = msghdr()
                    message.msg_iov = part
                    message.msg_iovlen = 1
                    message.msg_control = extra.baseAddress
                    message.msg_controllen = extra.count
                    return recvmsg(descriptor, &message, 0)
                }
            }
        }
        guard count > 0 else { return nil }
        // A cmsghdr of 16 bytes, then a tpacket_auxdata: status, two lengths, two offsets, the tag.
        let status = extra.withUnsafeBytes { $0.load(fromByteOffset: 16, as: UInt32.self) }
        let tci = extra.withUnsafeBytes { $0.load(fromByteOffset: 32, as: UInt16.self) }
        tag = status & 0x10 == 0 ? nil : tci & 0xfff
        isUnfinished = status & 8 != 0
        return Array(bytes.prefix(count))
    }
}

/// The answer to a rejected packet, read from its bytes; nil for one whose lengths or checksums are wrong.
struct Answer {
    var isIPv6: Bool
    var `protocol`: UInt8
    var source: [UInt8]
    var destination: [UInt8]
    /// The TCP segment or ICMP message.
    var body: [UInt8]

    init?(_ frame: [UInt8]) {
        guard frame.count >= 34 else { return nil }
        let packet = Array(frame[14...])
        isIPv6 = frame[12] == 0x86
        if isIPv6 {
            guard packet[0] >> 4 == 6, packet.count == 40 + Self.word(packet, 4) else { return nil }
            (`protocol`, source, destination) = (packet[6], Array(packet[8..<24]), Array(packet[24..<40]))
            body = Array(packet[40...])
        } else {
            guard packet[0] == 0x45, packet.count == Self.word(packet, 2), Self.sum(packet[..<20]) == 0xffff else { return nil }
            (`protocol`, source, destination) = (packet[9], Array(packet[12..<16]), Array(packet[16..<20]))
            body = Array(packet[20...])
        }
        let pseudo = source + destination + [0, `protocol`, UInt8(body.count >> 8), UInt8(body.count & 255)]
        let covered = `protocol` == 1 ? body : pseudo + body
        guard Self.sum(covered[...]) == 0xffff else { return nil }
    }

    static func word(_ bytes: [UInt8], _ place: Int) -> Int { Int(bytes[place]) << 8 | Int(bytes[place + 1]) }

    static func long(_ bytes: [UInt8], _ place: Int) -> UInt32 { UInt32(word(bytes, place)) << 16 | UInt32(word(bytes, place + 2)) }

    /// The one's complement sum, 0xffff over what holds its own checksum.
    static func sum(_ bytes: ArraySlice<UInt8>) -> Int {
        var sum = bytes.enumerated().reduce(0) { $0 + Int($1.element) << ($1.offset % 2 == 0 ? 8 : 0) }
        while sum > 0xffff { sum = sum & 0xffff + sum >> 16 }
        return sum
    }
}
