// Some of the constants of sockets are the one module's or the other's, by which of them the compiler read first.
import CLibBPF
import Glibc

/// A socket for tests, of the namespace it was made in; it may be used from any thread afterwards.
///
///     let server = try host.run { () throws(TestingError) in try TestSocket.listener("192.0.2.1", port: 80) }
///     let client = try peer.run { () throws(TestingError) in try TestSocket(.tcp, family: server.family) }
///     #expect(client.connect(to: "192.0.2.1", port: 80) == .connected)
public final class TestSocket: Sendable {
    public enum Kind: Sendable { case tcp, udp }
    public enum Family: Sendable { case v4, v6 }

    /// What came of an attempt to connect.
    public enum Outcome: Sendable, Hashable {
        case connected
        /// No answer within the time.
        case timedOut
        /// Refused or unreachable, by errno.
        case failed(CInt)
    }

    public let descriptor: CInt
    public let family: Family

    /// A socket bound to nothing.
    public init(_ kind: Kind, family: Family) throws(TestingError) {
        let type = kind == .tcp ? SOCK_STREAM : SOCK_DGRAM
        self.family = family
        descriptor = socket(family == .v4 ? AF_INET : AF_INET6, CInt(type.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw TestingError("socket: \(unsafe String(cString: strerror(errno)))") }
        var one: CInt = 1
        unsafe setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &one, socklen_t(MemoryLayout<CInt>.size))
    }

    deinit { close(descriptor) }

    /// A socket bound to an address and port; 0 has the kernel choose the port.
    ///
    /// - Parameter sharesPort: Whether it is one of a reuse-port group: several sockets of the same address and port.
    public static func bound(
        _ kind: Kind, _ address: String, port: UInt16, sharesPort: Bool = false
    ) throws(TestingError) -> TestSocket {
        let made = try TestSocket(kind, family: address.contains(":") ? .v6 : .v4)
        var shares: CInt = sharesPort ? 1 : 0
        unsafe setsockopt(made.descriptor, SOL_SOCKET, SO_REUSEPORT, &shares, socklen_t(MemoryLayout<CInt>.size))
        let result = try unsafe withAddress(address, port) { unsafe bind(made.descriptor, $0, $1) }
        guard result == 0 else { throw TestingError("bind \(address) \(port): \(unsafe String(cString: strerror(errno)))") }
        return made
    }

    /// A socket of a network namespace, bound to an address and port; 0 has the kernel choose the port.
    public static func bound(
        _ kind: Kind, _ address: String, port: UInt16, in namespace: NetworkNamespace
    ) throws(TestingError) -> TestSocket {
        try namespace.run { () throws(TestingError) in try bound(kind, address, port: port) }
    }

    /// A TCP socket that listens.
    public static func listener(_ address: String, port: UInt16) throws(TestingError) -> TestSocket {
        let made = try bound(.tcp, address, port: port)
        guard listen(made.descriptor, 64) == 0 else { throw TestingError("listen: \(unsafe String(cString: strerror(errno)))") }
        return made
    }

    /// Connects, waiting at most so many milliseconds for the answer.
    public func connect(to address: String, port: UInt16, milliseconds: CInt = 500) throws(TestingError) -> Outcome {
        var isNonBlocking: CInt = 1
        _ = unsafe ioctl(descriptor, UInt(FIONBIO), &isNonBlocking)
        defer {
            isNonBlocking = 0
            _ = unsafe ioctl(descriptor, UInt(FIONBIO), &isNonBlocking)
        }
        if try unsafe Self.withAddress(address, port, { unsafe Glibc.connect(descriptor, $0, $1) }) == 0 { return .connected }
        guard errno == EINPROGRESS else { return .failed(errno) }
        guard wait(Int16(POLLOUT), milliseconds) else { return .timedOut }
        var failure: CInt = 0
        var size = socklen_t(MemoryLayout<CInt>.size)
        unsafe getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &failure, &size)
        return failure == 0 ? .connected : .failed(failure)
    }

    /// The next connection, if one comes within the time.
    public func accept(milliseconds: CInt = 500) -> TestSocket? {
        guard wait(Int16(POLLIN), milliseconds) else { return nil }
        let accepted = Glibc.accept(descriptor, nil, nil)
        return accepted < 0 ? nil : TestSocket(adopting: accepted, family)
    }

    private init(adopting descriptor: CInt, _ family: Family) {
        self.descriptor = descriptor
        self.family = family
    }

    /// Sends on a connected socket; says whether the kernel took it.
    @discardableResult
    public func send(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        return unsafe Glibc.send(descriptor, bytes, bytes.count, CInt(MSG_NOSIGNAL)) == bytes.count
    }

    /// Sends a datagram; says whether the kernel took it.
    @discardableResult
    public func send(_ text: String, to address: String, port: UInt16) throws(TestingError) -> Bool {
        let bytes = Array(text.utf8)
        return try unsafe Self.withAddress(address, port) {
            unsafe CInt(truncatingIfNeeded: sendto(descriptor, bytes, bytes.count, CInt(MSG_NOSIGNAL), $0, $1))
        } == CInt(bytes.count)
    }

    /// What arrives within the time; nil if nothing does, or the other side has ended.
    public func receive(milliseconds: CInt = 500) -> String? {
        try? receiveOrFail(milliseconds: milliseconds)
    }

    /// What arrives within the time; nil if nothing does, or the other side has ended. Throws what the network reported: that the port is
    /// unreachable for example.
    public func receiveOrFail(milliseconds: CInt = 500) throws(TestingError) -> String? {
        guard wait(Int16(POLLIN), milliseconds) else { return nil }
        var bytes = [UInt8](repeating: 0, count: 65_536)
        let count = unsafe recv(descriptor, &bytes, bytes.count, 0)
        if count < 0 { throw TestingError("recv", errno: errno) }
        return count > 0 ? String(decoding: bytes[..<count], as: UTF8.self) : nil
    }

    /// Answers the next datagram with its own text, if one comes within the time.
    @discardableResult
    public func echoDatagram(milliseconds: CInt = 500) -> Bool {
        guard wait(Int16(POLLIN), milliseconds) else { return false }
        var bytes = [UInt8](repeating: 0, count: 65_536)
        var from = sockaddr_storage()
        var size = socklen_t(MemoryLayout<sockaddr_storage>.size)
        return unsafe withUnsafeMutablePointer(to: &from) { storage in
            unsafe storage.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                let count = unsafe recvfrom(descriptor, &bytes, bytes.count, 0, address, &size)
                return unsafe count >= 0 && sendto(descriptor, bytes, count, 0, address, size) == count
            }
        }
    }

    /// The port it is bound to.
    public var port: UInt16 {
        var storage = sockaddr_in6()
        var size = socklen_t(MemoryLayout<sockaddr_in6>.size)
        let result = unsafe withUnsafeMutablePointer(to: &storage) {
            unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe getsockname(descriptor, $0, &size) }
        }
        // The port lies at the same place in both families' addresses.
        return result == 0 ? UInt16(bigEndian: storage.sin6_port) : 0
    }

    private func wait(_ events: Int16, _ milliseconds: CInt) -> Bool {
        var descriptor = pollfd(fd: descriptor, events: events, revents: 0)
        return unsafe poll(&descriptor, 1, milliseconds) > 0
    }

    static func withAddress(
        _ text: String, _ port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) -> CInt
    ) throws(TestingError) -> CInt {
        if text.contains(":") {
            var address = sockaddr_in6()
            address.sin6_family = sa_family_t(AF_INET6)
            address.sin6_port = port.bigEndian
            guard unsafe inet_pton(AF_INET6, text, &address.sin6_addr) == 1 else { throw TestingError("\(text) is no IPv6 address") }
            return unsafe withUnsafePointer(to: &address) {
                unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe body($0, socklen_t(MemoryLayout<sockaddr_in6>.size)) }
            }
        }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        guard unsafe inet_pton(AF_INET, text, &address.sin_addr) == 1 else { throw TestingError("\(text) is no IPv4 address") }
        return unsafe withUnsafePointer(to: &address) {
            unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe body($0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
        }
    }
}
