internal import CLibBPF
internal import Glibc

/// A network interface of this process's network namespace.
struct NetworkInterface: Hashable, Sendable {
    let index: Int32
    let name: String
    /// Whether its frames begin with the IP header, without an Ethernet header: tun, wireguard, PPP.
    let isRaw: Bool

    /// All interfaces, by index.
    static func all() throws(DatapathError) -> [NetworkInterface] {
        let socket = try NetlinkSocket(groups: 0)
        return try socket.interfaces()
    }
}

/// A request as it goes to the kernel.
private struct NetlinkRequest<Message: BitwiseCopyable> {
    var header: nlmsghdr
    var message: Message
}

/// A route netlink socket: asks for the interfaces and hears of their changes. See rtnetlink(7).
struct NetlinkSocket: ~Copyable, Sendable {
    let descriptor: CInt

    /// The group of link changes.
    static let linkChanges = UInt32(RTMGRP_LINK)

    init(groups: UInt32) throws(DatapathError) {
        let type = CInt(SOCK_RAW.rawValue) | CInt(SOCK_CLOEXEC.rawValue) | CInt(SOCK_NONBLOCK.rawValue)
        descriptor = socket(AF_NETLINK, groups == 0 ? type & ~CInt(SOCK_NONBLOCK.rawValue) : type, CInt(NETLINK_ROUTE))
        guard descriptor >= 0 else { throw Self.failure("open a netlink socket") }
        var address = sockaddr_nl()
        address.nl_family = sa_family_t(AF_NETLINK)
        address.nl_groups = groups
        let bound = unsafe withUnsafePointer(to: &address) {
            unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_nl>.size))
            }
        }
        guard bound == 0 else {
            let failure = Self.failure("bind a netlink socket")
            close(descriptor)
            throw failure
        }
    }

    deinit { close(descriptor) }

    private static func failure(_ doing: String) -> DatapathError {
        DatapathError("cannot \(doing): \(unsafe String(cString: strerror(errno)))")
    }

    /// Throws away what has arrived. Which change it was is not worth parsing: whoever hears of one lists the interfaces anew.
    func drain() {
        var buffer = [UInt8](repeating: 0, count: 16_384)
        while unsafe recv(descriptor, &buffer, buffer.count, CInt(0x40)) > 0 {}
    }

    /// All interfaces of the namespace.
    func interfaces() throws(DatapathError) -> [NetworkInterface] {
        var found: [NetworkInterface] = []
        try unsafe dump(RTM_GETLINK, ifinfomsg(), "list the interfaces") { type, bytes, body in
            if type == RTM_NEWLINK, let interface = unsafe Self.interface(bytes, body) { found.append(interface) }
        }
        return found.sorted { $0.index < $1.index }
    }

    /// Sends a dump request and gives each message of the answer to `body`: its type, the bytes and where its payload lies in them.
    private func dump<Message: BitwiseCopyable>(
        _ type: Int, _ message: Message, _ doing: String, _ body: (Int, UnsafeRawBufferPointer, Range<Int>) -> Void
    ) throws(DatapathError) {
        var request = NetlinkRequest(header: nlmsghdr(), message: message)
        request.header.nlmsg_len = UInt32(MemoryLayout<NetlinkRequest<Message>>.size)
        request.header.nlmsg_type = UInt16(type)
        request.header.nlmsg_flags = UInt16(NLM_F_REQUEST | NLM_F_DUMP)
        guard unsafe send(descriptor, &request, MemoryLayout<NetlinkRequest<Message>>.size, 0) >= 0 else { throw Self.failure(doing) }
        // A dump's messages are at most 32 KiB at a time when the reader's buffer takes so much.
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let length = unsafe recv(descriptor, &buffer, buffer.count, 0)
            if length < 0, errno == EINTR { continue }
            guard length > 0 else { throw Self.failure(doing) }
            let isDone = unsafe buffer.withUnsafeBytes { bytes in
                Result { () throws(DatapathError) in
                    try unsafe Self.parse(UnsafeRawBufferPointer(rebasing: bytes[..<length]), doing, body)
                }
            }
            if try isDone.get() { return }
        }
    }

    /// Walks the messages; says whether the last one came.
    private static func parse(
        _ bytes: UnsafeRawBufferPointer, _ doing: String, _ body: (Int, UnsafeRawBufferPointer, Range<Int>) -> Void
    ) throws(DatapathError) -> Bool {
        let headerSize = MemoryLayout<nlmsghdr>.size
        var offset = 0
        while offset + headerSize <= bytes.count {
            let header = unsafe bytes.loadUnaligned(fromByteOffset: offset, as: nlmsghdr.self)
            let end = offset + Int(header.nlmsg_len)
            guard Int(header.nlmsg_len) >= headerSize, end <= bytes.count else { break }
            switch CInt(header.nlmsg_type) {
            case NLMSG_DONE: return true
            case NLMSG_ERROR:
                let code =
                    end - offset >= headerSize + 4 ? unsafe bytes.loadUnaligned(fromByteOffset: offset + headerSize, as: CInt.self) : 0
                throw DatapathError("cannot \(doing): \(unsafe String(cString: strerror(-code)))")
            default: unsafe body(Int(header.nlmsg_type), bytes, (offset + headerSize)..<end)
            }
            offset = (end + 3) & ~3
        }
        return false
    }

    private static func interface(_ bytes: UnsafeRawBufferPointer, _ body: Range<Int>) -> NetworkInterface? {
        guard body.count >= MemoryLayout<ifinfomsg>.size else { return nil }
        let info = unsafe bytes.loadUnaligned(fromByteOffset: body.lowerBound, as: ifinfomsg.self)
        var offset = body.lowerBound + MemoryLayout<ifinfomsg>.size
        let end = body.upperBound
        while offset + 4 <= end {
            let attribute = unsafe bytes.loadUnaligned(fromByteOffset: offset, as: rtattr.self)
            let length = Int(attribute.rta_len)
            guard length >= 4, offset + length <= end else { return nil }
            if CInt(attribute.rta_type) == CInt(IFLA_IFNAME) {
                let name = unsafe bytes[(offset + 4)..<(offset + length)].prefix { $0 != 0 }
                return NetworkInterface(
                    index: info.ifi_index, name: unsafe String(decoding: name, as: UTF8.self),
                    isRaw: ![arphrdEther, arphrdLoopback].contains(info.ifi_type))
            }
            offset += (length + 3) & ~3
        }
        return nil
    }

    /// Link types whose frames begin with an Ethernet header; the loopback's does too, all zero (net/if_arp.h).
    private static let arphrdEther: UInt16 = 1
    private static let arphrdLoopback: UInt16 = 772
}
