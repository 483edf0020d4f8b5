internal import CEBPF

/// A packet that comes to or from a process of a cgroup; it begins with its network header.
@safe
public struct CgroupPacketContext: SocketBufferContext {
    let raw: UnsafePointer<ebpf_sk_buff>

    @inline(__always)
    @unsafe public var address: UnsafeRawPointer { unsafe UnsafeRawPointer(raw) }
}

/// What a process of a cgroup asks of the network: to connect, bind, send or receive with an address.
///
///     @section("cgroup/connect4") @used
///     func connect(_ call: SocketAddressContext) -> CgroupVerdict {
///         call.port == 25 ? .deny : .allow
///     }
@safe
public struct SocketAddressContext: KernelContext {
    let raw: UnsafeMutablePointer<ebpf_sock_addr>

    @inline(__always)
    @unsafe public var address: UnsafeRawPointer { unsafe UnsafeRawPointer(raw) }

    /// The family of the address the process gave, as `AF_…`.
    @inline(__always)
    public var family: UInt32 { unsafe raw.pointee.user_family }

    /// The address of the call, in programs for IP version 4.
    @inline(__always)
    public var ipv4: IPv4Address {
        get { unsafe IPv4Address(bits: raw.pointee.user_ip4) }
        nonmutating set { unsafe raw.pointee.user_ip4 = newValue.number.bits }
    }

    /// The address of the call, in programs for IP version 6.
    @inline(__always)
    public var ipv6: IPv6Address {
        get {
            let words = unsafe raw.pointee.user_ip6
            return IPv6Address(
                words: (BigEndian(bits: words.0), BigEndian(bits: words.1), BigEndian(bits: words.2), BigEndian(bits: words.3)))
        }
        nonmutating set {
            let words = newValue.words
            unsafe raw.pointee.user_ip6.0 = words.0.bits
            unsafe raw.pointee.user_ip6.1 = words.1.bits
            unsafe raw.pointee.user_ip6.2 = words.2.bits
            unsafe raw.pointee.user_ip6.3 = words.3.bits
        }
    }

    /// The port of the call.
    @inline(__always)
    public var port: BigEndian<UInt16> {
        get { unsafe BigEndian(bits: UInt16(truncatingIfNeeded: raw.pointee.user_port)) }
        nonmutating set { unsafe raw.pointee.user_port = UInt32(newValue.bits) }
    }

    /// The socket's kind, as `SOCK_…`.
    @inline(__always)
    public var socketType: UInt32 { unsafe raw.pointee.type }

    /// The socket's protocol.
    @inline(__always)
    public var socketProtocol: IPProtocol { unsafe IPProtocol(UInt8(truncatingIfNeeded: raw.pointee.protocol)) }

    /// A number that stays the same for the socket's life.
    ///
    /// The helper is `bpf_get_socket_cookie`.
    @inline(__always)
    public var socketCookie: UInt64 { unsafe ebpf_get_socket_cookie(raw) }
}

/// Whether a cgroup's process may do what it asks for.
public struct CgroupVerdict: BitwiseCopyable, Equatable, Sendable {
    /// The number the kernel is told.
    public let rawValue: Int32

    /// By the number the kernel is told.
    @inline(__always)
    public init(rawValue: Int32) { self.rawValue = rawValue }

    /// Refused: a packet is dropped, a call fails with EPERM.
    @inline(__always)
    public static var deny: CgroupVerdict { CgroupVerdict(rawValue: 0) }
    /// Let through.
    @inline(__always)
    public static var allow: CgroupVerdict { CgroupVerdict(rawValue: 1) }
}
