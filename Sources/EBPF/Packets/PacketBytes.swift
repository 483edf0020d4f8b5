/// The bytes of a packet, read at offsets that are tested.
///
/// A parser that is generic over this protocol is compiled for the kernel and for the host: there it reads what a program was handed
/// (``XDPContext``, ``TCContext``, ``CgroupPacketContext``), here a ``PacketBuffer``, so unit tests and fuzzers run the very same source.
///
///     func isIPv6(_ packet: some PacketBytes) -> Bool {
///         packet.read(EthernetHeader.self, at: 0)?.type == .ipv6
///     }
public protocol PacketBytes {
    /// How many bytes the packet has.
    var count: Int { get }

    /// The value that lies at an offset, or nothing where the packet ends before it does.
    ///
    /// - Parameters:
    ///   - type: What lies there. Any bytes must be a value of it: whole numbers and structs of such, no `Bool` and no Swift enum.
    ///   - offset: Where it begins, in bytes from the packet's first; the value ends at most 65,535 bytes from there.
    func read<Value: BitwiseCopyable>(_ type: Value.Type, at offset: Int) -> Value?
}

/// The bytes of a packet that may be written.
public protocol MutablePacketBytes: PacketBytes {
    /// Writes a value at an offset; says whether the packet reaches as far.
    ///
    /// - Parameter offset: Where it begins, in bytes from the packet's first; the value ends at most 65,535 bytes from there.
    func write<Value: BitwiseCopyable>(_ value: Value, at offset: Int) -> Bool
}

/// The highest offset into a packet at which the verifier takes a value to end (`MAX_PACKET_OFF`, kernel/bpf/verifier.c): of a test
/// against the packet's end it learns nothing where the sum could be beyond.
let furthestEnd: UInt64 = 0xffff
