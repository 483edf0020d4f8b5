internal import CEBPF

/// A frame as the network driver received it.
///
///     @section("xdp") @used
///     func dropShort(_ frame: XDPContext) -> XDPAction {
///         guard let header = frame.read(EthernetHeader.self, at: 0) else { return .drop }
///         return header.type == .ipv6 ? .pass : .drop
///     }
@safe
public struct XDPContext: KernelContext, MutablePacketBytes {
    let raw: UnsafePointer<ebpf_xdp>

    @inline(__always)
    @unsafe public var address: UnsafeRawPointer { unsafe UnsafeRawPointer(raw) }

    @inline(__always)
    private var bytes: DirectBytes { unsafe DirectBytes(from: raw.pointee.data, to: raw.pointee.data_end) }

    /// How many bytes lie in the frame's first buffer: all, unless the program takes frames of several (`xdp.frags`).
    @inline(__always)
    public var count: Int { bytes.count }

    @inline(__always)
    public func read<Value: BitwiseCopyable>(_ type: Value.Type, at offset: Int) -> Value? { bytes.read(type, at: offset) }

    @inline(__always)
    public func write<Value: BitwiseCopyable>(_ value: Value, at offset: Int) -> Bool { bytes.write(value, at: offset) }

    /// The value that lies at an offset in any of the frame's buffers. Requires Linux 5.18.
    ///
    /// The helper is `bpf_xdp_load_bytes`.
    @inline(__always)
    public func load<Value: BitwiseCopyable>(_ type: Value.Type, at offset: Int) -> Value? {
        let size = UInt32(truncatingIfNeeded: MemoryLayout<Value>.size)
        return unsafe received { unsafe ebpf_xdp_load_bytes(raw, UInt32(truncatingIfNeeded: offset), $0, size) }
    }

    /// The index of the interface the frame came in by.
    @inline(__always)
    public var interface: UInt32 { unsafe raw.pointee.ingress_ifindex }

    /// The number of the receive queue it came in by.
    @inline(__always)
    public var receiveQueue: UInt32 { unsafe raw.pointee.rx_queue_index }

    /// The index of the interface the frame leaves by. Programs of device maps only, Linux 5.8.
    @inline(__always)
    public var egressInterface: UInt32 { unsafe raw.pointee.egress_ifindex }

    /// How many bytes the frame has in all its buffers. Requires Linux 5.18.
    ///
    /// The helper is `bpf_xdp_get_buff_len`.
    @inline(__always)
    public var totalCount: Int { unsafe Int(truncatingIfNeeded: ebpf_xdp_get_buff_len(raw)) }
}

/// Metadata: up to 32 bytes before the frame that a tc program reads after the XDP program wrote them.
extension XDPContext {
    @inline(__always)
    private var metadata: DirectBytes { unsafe DirectBytes(from: raw.pointee.data_meta, to: raw.pointee.data) }

    /// Makes room for metadata, a multiple of four bytes. What was read of the frame before stays valid; offsets do not change.
    ///
    /// The helper is `bpf_xdp_adjust_meta`.
    @inline(__always)
    public func reserveMetadata(_ count: Int32) -> CallResult { unsafe CallResult(ebpf_xdp_adjust_meta(raw, 0 &- count)) }

    /// The metadata's value at an offset.
    @inline(__always)
    public func readMetadata<Value: BitwiseCopyable>(_ type: Value.Type, at offset: Int = 0) -> Value? { metadata.read(type, at: offset) }

    /// Writes to metadata for which there is room.
    @inline(__always)
    public func writeMetadata<Value: BitwiseCopyable>(_ value: Value, at offset: Int = 0) -> Bool { metadata.write(value, at: offset) }
}

/// Changing where the frame begins and ends. Bytes must be read anew afterwards, which every `read` does.
extension XDPContext {
    /// Takes bytes away at the frame's beginning, or with a negative count puts room there.
    ///
    /// The helper is `bpf_xdp_adjust_head`.
    @inline(__always)
    public func moveStart(by count: Int32) -> CallResult { unsafe CallResult(ebpf_xdp_adjust_head(raw, count)) }

    /// Puts room behind the frame's end, or with a negative count takes bytes away there.
    ///
    /// The helper is `bpf_xdp_adjust_tail`; room behind requires Linux 5.8.
    @inline(__always)
    public func moveEnd(by count: Int32) -> CallResult { unsafe CallResult(ebpf_xdp_adjust_tail(raw, count)) }
}

/// What becomes of a frame.
public struct XDPAction: BitwiseCopyable, Equatable, Sendable {
    /// The number the kernel is told.
    public let rawValue: UInt32

    /// By the number the kernel is told.
    @inline(__always)
    public init(rawValue: UInt32) { self.rawValue = rawValue }

    /// Dropped, and reported by the tracepoint `xdp:xdp_exception`: the program met what it did not expect.
    @inline(__always)
    public static var aborted: XDPAction { XDPAction(rawValue: 0) }
    /// Dropped.
    @inline(__always)
    public static var drop: XDPAction { XDPAction(rawValue: 1) }
    /// On to the network stack.
    @inline(__always)
    public static var pass: XDPAction { XDPAction(rawValue: 2) }
    /// Back out of the interface it came in by.
    @inline(__always)
    public static var transmit: XDPAction { XDPAction(rawValue: 3) }

    /// Out of another interface.
    ///
    /// The helper is `bpf_redirect`; ``DeviceMap`` is faster.
    @inline(__always)
    public static func redirect(to interface: UInt32) -> XDPAction {
        XDPAction(rawValue: UInt32(truncatingIfNeeded: ebpf_redirect(interface, 0)))
    }
}
