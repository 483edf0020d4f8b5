internal import CEBPF

/// A packet at a queueing discipline or a tcx hook, on its way in or out.
///
///     @section("tc") @used
///     func mark(_ packet: TCContext) -> TCAction {
///         packet.mark = 7
///         return .next
///     }
@safe
public struct TCContext: SocketBufferContext, MutablePacketBytes {
    let raw: UnsafePointer<ebpf_sk_buff>

    @inline(__always)
    @unsafe public var address: UnsafeRawPointer { unsafe UnsafeRawPointer(raw) }

    @inline(__always)
    public func write<Value: BitwiseCopyable>(_ value: Value, at offset: Int) -> Bool { direct.write(value, at: offset) }

    /// The word classifiers and actions leave to each other.
    @inline(__always)
    public var trafficIndex: UInt32 {
        get { unsafe raw.pointee.tc_index }
        nonmutating set { unsafe UnsafeMutablePointer(mutating: raw).pointee.tc_index = newValue }
    }

    /// The queue the packet is to leave by.
    @inline(__always)
    public var queue: UInt32 {
        get { unsafe raw.pointee.queue_mapping }
        nonmutating set { unsafe UnsafeMutablePointer(mutating: raw).pointee.queue_mapping = newValue }
    }

    /// When the packet is to leave or when it came in, in nanoseconds; which clock's, its queue knows.
    @inline(__always)
    public var timestamp: UInt64 {
        get { unsafe raw.pointee.tstamp }
        nonmutating set { unsafe UnsafeMutablePointer(mutating: raw).pointee.tstamp = newValue }
    }

    /// How many bytes the packet has on the wire, in all its segments.
    @inline(__always)
    public var wireCount: UInt32 { unsafe raw.pointee.wire_len }

    /// How many segments it will be cut into, 0 for none.
    @inline(__always)
    public var segments: UInt32 { unsafe raw.pointee.gso_segs }

    /// Metadata that an XDP program left before the packet.
    @inline(__always)
    public func readMetadata<Value: BitwiseCopyable>(_ type: Value.Type, at offset: Int = 0) -> Value? {
        unsafe DirectBytes(from: raw.pointee.data_meta, to: raw.pointee.data).read(type, at: offset)
    }
}

/// Changing packets through calls, which also reach bytes in further pages. Bytes must be read anew afterwards, which every `read` does.
extension TCContext {
    /// Writes a value anywhere in the packet.
    ///
    /// - Parameter checksum: Whether the hash and a checksum of the whole packet are brought up to date with it.
    /// The helper is `bpf_skb_store_bytes`.
    @inline(__always)
    public func store<Value: BitwiseCopyable>(_ value: Value, at offset: Int, checksum: Bool = false) -> CallResult {
        unsafe withBytes(of: value) { bytes in
            unsafe CallResult(
                ebpf_skb_store_bytes(
                    raw, UInt32(truncatingIfNeeded: offset), bytes, UInt32(truncatingIfNeeded: MemoryLayout<Value>.size), checksum ? 1 : 0))
        }
    }

    /// Brings bytes into the packet's first part, so that `read` reaches them.
    ///
    /// The helper is `bpf_skb_pull_data`.
    @inline(__always)
    public func pull(_ count: UInt32) -> CallResult { unsafe CallResult(ebpf_skb_pull_data(raw, count)) }

    /// Makes the packet longer or shorter at its end.
    ///
    /// The helper is `bpf_skb_change_tail`.
    @inline(__always)
    public func resize(to count: UInt32) -> CallResult { unsafe CallResult(ebpf_skb_change_tail(raw, count, 0)) }

    /// Puts room for a link-layer header before the packet.
    ///
    /// The helper is `bpf_skb_change_head`.
    @inline(__always)
    public func addHeadroom(_ count: UInt32) -> CallResult { unsafe CallResult(ebpf_skb_change_head(raw, count, 0)) }

    /// Corrects the checksum of an IPv4 header for one word of it that has changed.
    ///
    /// - Parameter offset: Where the checksum lies.
    /// The helper is `bpf_l3_csum_replace`.
    @inline(__always)
    public func correctNetworkChecksum<Word: FixedWidthInteger & BitwiseCopyable>(
        at offset: Int, from old: BigEndian<Word>, to new: BigEndian<Word>
    ) -> CallResult {
        unsafe CallResult(
            ebpf_l3_csum_replace(
                raw, UInt32(truncatingIfNeeded: offset), UInt64(truncatingIfNeeded: old.bits), UInt64(truncatingIfNeeded: new.bits),
                UInt64(truncatingIfNeeded: MemoryLayout<Word>.size)))
    }

    /// Corrects the checksum of TCP, UDP or ICMP for one word that has changed.
    ///
    /// - Parameters:
    ///   - offset: Where the checksum lies.
    ///   - inPseudoHeader: Whether the word is one of the addresses, which the checksum covers as well.
    ///   - isUDP: Whether a checksum of 0 means that there is none.
    /// The helper is `bpf_l4_csum_replace`.
    @inline(__always)
    public func correctTransportChecksum<Word: FixedWidthInteger & BitwiseCopyable>(
        at offset: Int, from old: BigEndian<Word>, to new: BigEndian<Word>, inPseudoHeader: Bool = false, isUDP: Bool = false
    ) -> CallResult {
        let flags = UInt64(truncatingIfNeeded: MemoryLayout<Word>.size) | (inPseudoHeader ? 0x10 : 0) | (isUDP ? 0x20 : 0)
        return unsafe CallResult(
            ebpf_l4_csum_replace(
                raw, UInt32(truncatingIfNeeded: offset), UInt64(truncatingIfNeeded: old.bits), UInt64(truncatingIfNeeded: new.bits), flags))
    }

    /// Sends a copy of the packet out of an interface.
    ///
    /// - Parameter ingress: Whether the copy comes in by that interface instead.
    /// The helper is `bpf_clone_redirect`.
    @inline(__always)
    public func clone(to interface: UInt32, ingress: Bool = false) -> CallResult {
        unsafe CallResult(ebpf_clone_redirect(raw, interface, ingress ? 1 : 0))
    }

    /// Puts a VLAN tag on the packet.
    ///
    /// The helper is `bpf_skb_vlan_push`.
    @inline(__always)
    public func pushVLAN(type: EtherType, control: UInt16) -> CallResult {
        unsafe CallResult(ebpf_skb_vlan_push(raw, type.number.bits, control))
    }

    /// Takes the outer VLAN tag off the packet.
    ///
    /// The helper is `bpf_skb_vlan_pop`.
    @inline(__always)
    public func popVLAN() -> CallResult { unsafe CallResult(ebpf_skb_vlan_pop(raw)) }

    /// The packet's hash, computed if nobody has yet.
    ///
    /// The helper is `bpf_get_hash_recalc`.
    @inline(__always)
    public var computedHash: UInt32 { unsafe ebpf_get_hash_recalc(raw) }

    /// The cgroup of the packet's socket, by its identity; 0 without one.
    ///
    /// The helper is `bpf_skb_cgroup_id`.
    @inline(__always)
    public var cgroup: UInt64 { unsafe ebpf_skb_cgroup_id(raw) }
}

/// What becomes of a packet.
public struct TCAction: BitwiseCopyable, Equatable, Sendable {
    /// The number the kernel is told.
    public let rawValue: Int32

    /// By the number the kernel is told.
    @inline(__always)
    public init(rawValue: Int32) { self.rawValue = rawValue }

    /// On to the next program or filter; with tcx the same as ``next``.
    @inline(__always)
    public static var unspecified: TCAction { TCAction(rawValue: -1) }
    /// Past every program and filter that would follow.
    @inline(__always)
    public static var ok: TCAction { TCAction(rawValue: 0) }
    /// Dropped.
    @inline(__always)
    public static var drop: TCAction { TCAction(rawValue: 2) }
    /// On to the next program or filter.
    @inline(__always)
    public static var next: TCAction { TCAction(rawValue: -1) }
    /// On to the next action of a filter (`TC_ACT_PIPE`).
    @inline(__always)
    public static var pipe: TCAction { TCAction(rawValue: 3) }

    /// Out of another interface, or with `ingress` in by it.
    ///
    /// The helper is `bpf_redirect`.
    @inline(__always)
    public static func redirect(to interface: UInt32, ingress: Bool = false) -> TCAction {
        TCAction(rawValue: Int32(truncatingIfNeeded: ebpf_redirect(interface, ingress ? 1 : 0)))
    }

    /// In by the peer of a virtual interface, in the peer's network namespace. Ingress programs only, Linux 5.10.
    ///
    /// The helper is `bpf_redirect_peer`.
    @inline(__always)
    public static func redirect(toPeerOf interface: UInt32) -> TCAction {
        TCAction(rawValue: Int32(truncatingIfNeeded: ebpf_redirect_peer(interface, 0)))
    }
}
