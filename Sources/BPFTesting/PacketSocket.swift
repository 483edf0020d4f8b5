import Glibc

/// Sends and receives whole frames by an interface of the namespace it was made in.
///
///     let sender = try peer.run { () throws(TestingError) in try PacketSocket(interface: "eth0") }
///     try sender.send(Packet.ethernet().ipv4("192.0.2.2", "192.0.2.1").udp(40_000, 53).bytes)
///
/// What it sends itself it does not receive. The kernel hands a frame to such sockets before any filter of the interface has seen it on
/// its way in, and after all of them on its way out.
public final class PacketSocket: Sendable {
    private let descriptor: CInt

    /// Opens a socket on an interface.
    ///
    /// - Throws: `TestingError` also in the namespace the machine runs in: nothing is sent there.
    public init(interface: String) throws(TestingError) {
        try NetworkNamespace.requirePrivate()
        let index = unsafe if_nametoindex(interface)
        guard index > 0 else { throw TestingError("there is no interface \(interface)") }
        let every = UInt16(Self.everyProtocol).bigEndian
        descriptor = socket(AF_PACKET, CInt(SOCK_RAW.rawValue) | CInt(SOCK_CLOEXEC.rawValue) | CInt(SOCK_NONBLOCK.rawValue), CInt(every))
        guard descriptor >= 0 else { throw TestingError("packet socket", errno: errno) }
        // A struct sockaddr_ll, which Swift's Glibc does not import: family, protocol, interface; the rest is for sending without a header.
        var address = [UInt8](repeating: 0, count: 20)
        unsafe withUnsafeBytes(of: UInt16(AF_PACKET)) { unsafe address.replaceSubrange(0..<2, with: $0) }
        unsafe withUnsafeBytes(of: every) { unsafe address.replaceSubrange(2..<4, with: $0) }
        unsafe withUnsafeBytes(of: index) { unsafe address.replaceSubrange(4..<8, with: $0) }
        let bound = unsafe address.withUnsafeBytes { bytes in
            unsafe bytes.withMemoryRebound(to: sockaddr.self) { unsafe bind(descriptor, $0.baseAddress, socklen_t(bytes.count)) }
        }
        guard bound == 0 else { throw TestingError("bind to \(interface)", errno: errno) }
        var size: CInt = 16 << 20
        unsafe setsockopt(descriptor, SOL_SOCKET, SO_RCVBUFFORCE, &size, socklen_t(MemoryLayout<CInt>.size))
        var one: CInt = 1
        guard unsafe setsockopt(descriptor, Self.packetLevel, Self.ignoreOutgoing, &one, socklen_t(MemoryLayout<CInt>.size)) == 0 else {
            throw TestingError("PACKET_IGNORE_OUTGOING", errno: errno)
        }
    }

    deinit { close(descriptor) }

    // ETH_P_ALL of linux/if_ether.h, SOL_PACKET and PACKET_IGNORE_OUTGOING of linux/if_packet.h (Linux 4.20).
    private static let everyProtocol = 3
    private static let packetLevel: CInt = 263
    private static let ignoreOutgoing: CInt = 23

    /// Sends a frame, its Ethernet header included; one that a filter drops on its way out counts as sent.
    public func send(_ frame: [UInt8]) throws(TestingError) {
        let count = unsafe Glibc.send(descriptor, frame, frame.count, 0)
        if count != frame.count, errno != ENOBUFS, errno != EPERM { throw TestingError("send", errno: errno) }
    }

    /// The next frame that came, waiting at most so many milliseconds for it.
    public func receive(milliseconds: CInt = 0) -> [UInt8]? {
        var waiting = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        guard unsafe poll(&waiting, 1, milliseconds) > 0 else { return nil }
        var frame = [UInt8](repeating: 0, count: 2_048)
        let count = unsafe recv(descriptor, &frame, frame.count, 0)
        return count > 0 ? Array(frame[..<count]) : nil
    }
}
