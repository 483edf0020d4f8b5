/// The bytes of a packet on the host, for tests and fuzzers of parsers that the kernel runs.
///
///     let packet = PacketBuffer(frame)
///     #expect(isIPv6(packet))
public final class PacketBuffer: MutablePacketBytes {
    /// The packet's bytes.
    public private(set) var bytes: [UInt8]

    /// A packet of these bytes.
    public init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// A packet of the bytes of memory.
    public init(_ span: borrowing RawSpan) {
        bytes = unsafe span.withUnsafeBytes { unsafe Array($0) }
    }

    public var count: Int { bytes.count }

    public func read<Value: BitwiseCopyable>(_ type: Value.Type, at offset: Int) -> Value? {
        guard reaches(offset, MemoryLayout<Value>.size) else { return nil }
        return unsafe bytes.withUnsafeBytes { unsafe $0.loadUnaligned(fromByteOffset: offset, as: Value.self) }
    }

    public func write<Value: BitwiseCopyable>(_ value: Value, at offset: Int) -> Bool {
        guard reaches(offset, MemoryLayout<Value>.size) else { return false }
        unsafe bytes.withUnsafeMutableBytes { unsafe $0.storeBytes(of: value, toByteOffset: offset, as: Value.self) }
        return true
    }

    /// The same test as the kernel's contexts make, limit and all.
    private func reaches(_ offset: Int, _ size: Int) -> Bool {
        offset >= 0 && offset <= Int(furthestEnd) - size && offset + size <= bytes.count
    }
}
