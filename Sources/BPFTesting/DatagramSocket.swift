import Glibc

/// A UDP socket in a network namespace, of either family.
public final class DatagramSocket: Sendable {
    private let descriptor: CInt
    private let isVersion6: Bool

    /// A socket bound to an address and port of the namespace; port 0 has the kernel choose.
    public init(in namespace: NetworkNamespace, address: String, port: UInt16 = 0) throws(TestingError) {
        let isVersion6 = address.contains(":")
        self.isVersion6 = isVersion6
        let descriptor = namespace.run {
            socket(isVersion6 ? AF_INET6 : AF_INET, CInt(SOCK_DGRAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
        }
        guard descriptor >= 0 else { throw TestingError("socket", errno: errno) }
        self.descriptor = descriptor
        let result = unsafe Self.withAddress(address, port) { unsafe bind(descriptor, $0, $1) }
        guard result == 0 else { throw TestingError("cannot bind \(address) port \(port)", errno: errno) }
    }

    deinit { close(descriptor) }

    /// Sends a text; says whether the kernel took it. What a program drops on the way out is taken too, or refused with ENOBUFS or EPERM.
    @discardableResult
    public func send(_ text: String, to address: String, port: UInt16) -> Bool {
        let bytes = Array(text.utf8)
        return unsafe Self.withAddress(address, port) { address, length in
            unsafe sendto(descriptor, bytes, bytes.count, CInt(MSG_NOSIGNAL), address, length) == bytes.count
        }
    }

    /// The next datagram, or nothing if none comes in time.
    public func receive(withinMilliseconds time: Int = 2000) -> String? {
        var poll = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        guard unsafe Glibc.poll(&poll, 1, CInt(time)) == 1 else { return nil }
        var bytes = [UInt8](repeating: 0, count: 2048)
        let count = unsafe recv(descriptor, &bytes, bytes.count, 0)
        return count < 0 ? nil : String(decoding: bytes[..<count], as: UTF8.self)
    }

    private static func withAddress<R>(_ text: String, _ port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) -> R) -> R {
        if text.contains(":") {
            var address = sockaddr_in6()
            address.sin6_family = sa_family_t(AF_INET6)
            address.sin6_port = port.bigEndian
            unsafe inet_pton(AF_INET6, text, &address.sin6_addr)
            return unsafe withUnsafePointer(to: &address) { pointer in
                unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    unsafe body($0, socklen_t(MemoryLayout<sockaddr_in6>.size))
                }
            }
        }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        unsafe inet_pton(AF_INET, text, &address.sin_addr)
        return unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe body($0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
        }
    }
}
