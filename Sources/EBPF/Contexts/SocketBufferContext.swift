internal import CEBPF

/// A packet that the network stack has made a socket buffer of: what tc and cgroup programs are handed.
public protocol SocketBufferContext: KernelContext, PacketBytes {}

extension SocketBufferContext {
    @inline(__always)
    private var raw: UnsafePointer<ebpf_sk_buff> { unsafe address.assumingMemoryBound(to: ebpf_sk_buff.self) }

    @inline(__always)
    var direct: DirectBytes { unsafe DirectBytes(from: raw.pointee.data, to: raw.pointee.data_end) }

    /// How many bytes the packet has, also those that lie in further pages and that only ``load(_:at:)`` reaches.
    @inline(__always)
    public var count: Int { unsafe Int(truncatingIfNeeded: raw.pointee.len) }

    /// The value that lies at an offset in the packet's first part, which the program reads without a call.
    ///
    /// Headers nearly always lie there. For what may not, there are ``load(_:at:)`` and ``everything``.
    @inline(__always)
    public func read<Value: BitwiseCopyable>(_ type: Value.Type, at offset: Int) -> Value? { direct.read(type, at: offset) }

    /// The value that lies at an offset anywhere in the packet.
    ///
    /// The helper is `bpf_skb_load_bytes`.
    @inline(__always)
    public func load<Value: BitwiseCopyable>(_ type: Value.Type, at offset: Int) -> Value? {
        let size = UInt32(truncatingIfNeeded: MemoryLayout<Value>.size)
        return unsafe received { unsafe ebpf_skb_load_bytes(raw, UInt32(truncatingIfNeeded: offset), $0, size) }
    }

    /// Copies so many bytes from an offset on into an array, whose other bytes stay what they are.
    ///
    /// - Parameter count: How many, at least 1 and at most as many as the array has; for any other number nothing is copied.
    /// - Returns: Whether they were there.
    /// The helper is `bpf_skb_load_bytes`.
    @inline(__always)
    public func load<let size: Int>(_ count: Int, at offset: Int, into bytes: inout FixedString<size>) -> Bool {
        // In a form in which every verifier sees that it is neither zero nor more than the room.
        let last = ebpf_opaque(UInt64(truncatingIfNeeded: count &- 1))
        guard last < UInt64(truncatingIfNeeded: size) else { return false }
        return unsafe withUnsafeMutablePointer(to: &bytes) {
            unsafe CallResult(
                ebpf_skb_load_bytes(raw, UInt32(truncatingIfNeeded: offset), $0, UInt32(truncatingIfNeeded: last &+ 1))
            ).succeeded
        }
    }

    /// The same packet, every byte of which is read by ``load(_:at:)``.
    @inline(__always)
    public var everything: LoadedBytes<Self> { LoadedBytes(context: self) }

    /// To whom the packet is addressed on its link.
    @inline(__always)
    public var packetType: UInt32 { unsafe raw.pointee.pkt_type }

    /// The protocol of its network layer.
    @inline(__always)
    public var networkProtocol: EtherType { unsafe EtherType(BigEndian(bits: UInt16(truncatingIfNeeded: raw.pointee.protocol))) }

    /// The index of the interface where the program runs.
    @inline(__always)
    public var interface: UInt32 { unsafe raw.pointee.ifindex }

    /// The index of the interface the packet came in by, 0 if it was made on this host.
    @inline(__always)
    public var ingressInterface: UInt32 { unsafe raw.pointee.ingress_ifindex }

    /// Whether a VLAN tag was taken out of the packet's bytes, and its control word.
    @inline(__always)
    public var vlan: UInt16? {
        guard unsafe raw.pointee.vlan_present != 0 else { return nil }
        return unsafe UInt16(truncatingIfNeeded: raw.pointee.vlan_tci)
    }

    /// The packet's hash, 0 if nobody has needed it yet.
    @inline(__always)
    public var hash: UInt32 { unsafe raw.pointee.hash }

    /// The packet's mark, which routing rules and firewalls look at.
    @inline(__always)
    public var mark: UInt32 {
        get { unsafe raw.pointee.mark }
        nonmutating set { unsafe UnsafeMutablePointer(mutating: raw).pointee.mark = newValue }
    }

    /// The packet's queueing priority.
    @inline(__always)
    public var priority: UInt32 {
        get { unsafe raw.pointee.priority }
        nonmutating set { unsafe UnsafeMutablePointer(mutating: raw).pointee.priority = newValue }
    }

    /// A number that stays the same for the life of the packet's socket, 0 without one.
    ///
    /// The helper is `bpf_get_socket_cookie`.
    @inline(__always)
    public var socketCookie: UInt64 { unsafe ebpf_get_socket_cookie(raw) }

    /// The user who owns the packet's socket; 65,534 without one.
    ///
    /// The helper is `bpf_get_socket_uid`.
    @inline(__always)
    public var socketUser: UInt32 { unsafe ebpf_get_socket_uid(raw) }
}

/// The bytes of a packet wherever they lie, read by a call each.
public struct LoadedBytes<Context: SocketBufferContext>: PacketBytes {
    let context: Context

    @inline(__always)
    public var count: Int { context.count }

    @inline(__always)
    public func read<Value: BitwiseCopyable>(_ type: Value.Type, at offset: Int) -> Value? { context.load(type, at: offset) }
}
