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
    ///   - offset: Where it begins, in bytes from the packet's first, at most 65,535.
    func read<Value: BitwiseCopyable>(_ type: Value.Type, at offset: Int) -> Value?
}

/// The bytes of a packet that may be written.
public protocol MutablePacketBytes: PacketBytes {
    /// Writes a value at an offset; says whether the packet reaches as far.
    ///
    /// - Parameter offset: Where it begins, in bytes from the packet's first, at most 65,535.
    func write<Value: BitwiseCopyable>(_ value: Value, at offset: Int) -> Bool
}

/// The highest offset into a packet that the verifier takes.
let furthestOffset: UInt64 = 0xffff
