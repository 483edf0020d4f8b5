/// What packets are told apart by.
public struct TrafficKind: BitwiseCopyable, Sendable {
    public var ethertype: UInt16
    /// Of IP, 0 for all else.
    public var transport: UInt16 = 0

    public init(ethertype: UInt16) { self.ethertype = ethertype }
}

/// What came of a kind.
public struct TrafficSum: BitwiseCopyable, Sendable {
    public var packets: UInt64 = 0
    public var bytes: UInt64 = 0

    public init() {}
}
