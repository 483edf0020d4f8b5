@testable import BPFTesting
import Glibc

extension TaggedFrames {
    /// Sends a frame of at least a page of which only the first bytes are in the packet's linear memory. Nothing can be taken from this
    /// socket afterwards.
    func send(_ frame: [UInt8], linear: UInt16) throws {
        var one: CInt = 1
        // SOL_PACKET, PACKET_VNET_HDR of linux/if_packet.h; and a struct virtio_net_hdr: flags, kind, header length and three more.
        guard setsockopt(descriptor, 263, 15, &one, 4) == 0 else { throw TestingError("PACKET_VNET_HDR", errno: errno) }
        try send([0, 0, UInt8(linear & 255), UInt8(linear >> 8), 0, 0, 0, 0, 0, 0] + frame)
    }
}

/// A tun device of the thread's namespace: what is written to it comes in by it, without a link header.
final class TunDevice {
    private let descriptor: CInt

    /// Whether this kernel has such devices.
    static var isAvailable: Bool {
        let descriptor = open("/dev/net/tun", O_RDWR | O_CLOEXEC)
        if descriptor >= 0 { close(descriptor) }
        return descriptor >= 0
    }

    /// - Parameter tellsProtocol: each packet is led by 4 bytes: flags, and the protocol it is said to be.
    init(_ name: String, tellsProtocol: Bool = false) throws {
        try NetworkNamespace.requirePrivate()
        descriptor = open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK)
        // A struct ifreq: 16 bytes of name, and here the flags IFF_TUN and IFF_NO_PI of linux/if_tun.h. TUNSETIFF.
        var request = Array(name.utf8) + [UInt8](repeating: 0, count: 40 - name.utf8.count)
        request[16] = 1
        request[17] = tellsProtocol ? 0 : 0x10
        guard descriptor >= 0, ioctl(descriptor, 0x4004_54ca, &request) == 0 else {
            throw TestingError("cannot make \(name)", errno: errno)
        }
    }

    deinit { close(descriptor) }

    func send(_ packet: [UInt8]) throws {
        guard write(descriptor, packet, packet.count) == packet.count else { throw TestingError("tun", errno: errno) }
    }

    /// The next packet that went out by it, if there is one.
    func receive() -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: 2_048)
        let count = read(descriptor, &bytes, bytes.count)
        return count > 0 ? Array(bytes[..<count]) : nil
    }
}

/// What an interface of the thread's namespace does by itself, as `ethtool -K` sets it.
enum Offload: UInt32 {
    // ETHTOOL_STSO, ETHTOOL_SGSO and ETHTOOL_SGRO of linux/ethtool.h.
    case tso = 0x1f
    case gso = 0x24
    case gro = 0x2c

    func set(_ isOn: Bool, interface: String) throws {
        try NetworkNamespace.requirePrivate()
        let descriptor = socket(AF_INET, CInt(SOCK_DGRAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
        defer { close(descriptor) }
        var value = [rawValue, isOn ? 1 : 0]
        let result = value.withUnsafeMutableBytes { value in
            var request = Array(interface.utf8) + [UInt8](repeating: 0, count: 40 - interface.utf8.count)
            withUnsafeBytes(of: value.baseAddress) { request.replaceSubrange(16..<24, with: $0) }
            // SIOCETHTOOL of linux/sockios.h.
            return ioctl(descriptor, 0x8946, &request)
        }
        guard result == 0 else { throw TestingError("cannot set \(self) of \(interface)", errno: errno) }
    }
}
