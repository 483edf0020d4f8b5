/// A table of values by their number, all of which are always there.
///
///     let limits = ArrayMap<UInt64>(entries: 16)
public struct ArrayMap<Value: BitwiseCopyable>: KeyedMap, ~Copyable, @unchecked Sendable {
    public typealias Key = UInt32

    let storage = MapStorage()
    let kind: UInt32
    let keySize: UInt32
    let valueSize: UInt32
    let entries: UInt32
    let flags: UInt32
    let pinning: UInt32

    /// - Parameter entries: How many values it has.
    @inline(__always)
    public init(entries: UInt32, pinning: Pinning = .none) {
        kind = 2
        keySize = UInt32(truncatingIfNeeded: MemoryLayout<UInt32>.size)
        valueSize = UInt32(truncatingIfNeeded: MemoryLayout<Value>.size)
        self.entries = entries
        flags = 0
        self.pinning = pinning.rawValue
    }

    @inline(__always)
    @unsafe public var address: UnsafeRawPointer { unsafe storage.address }
}

/// A table of values by their number, of which each processor has its own: counters without contention.
///
/// The loader reads one value for each possible processor.
public struct PerCPUArray<Value: BitwiseCopyable>: KeyedMap, ~Copyable, @unchecked Sendable {
    public typealias Key = UInt32

    let storage = MapStorage()
    let kind: UInt32
    let keySize: UInt32
    let valueSize: UInt32
    let entries: UInt32
    let flags: UInt32
    let pinning: UInt32

    /// - Parameter entries: How many values it has.
    @inline(__always)
    public init(entries: UInt32, pinning: Pinning = .none) {
        kind = 6
        keySize = UInt32(truncatingIfNeeded: MemoryLayout<UInt32>.size)
        valueSize = UInt32(truncatingIfNeeded: MemoryLayout<Value>.size)
        self.entries = entries
        flags = 0
        self.pinning = pinning.rawValue
    }

    @inline(__always)
    @unsafe public var address: UnsafeRawPointer { unsafe storage.address }
}
