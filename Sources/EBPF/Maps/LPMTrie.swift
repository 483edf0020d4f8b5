/// Values by prefix: a look-up finds the longest prefix that covers its key.
///
///     let blocked = LPMTrie<Prefix<IPv4Address>, UInt32>(entries: 10_000)
///     if let rule = blocked.lookup(Prefix(header.source)) { … }
///
/// The key begins with a `UInt32` length in bits, followed by the address in network order: a ``Prefix``, or a struct like it.
public struct LPMTrie<Key: BitwiseCopyable, Value: BitwiseCopyable>: EntryMap, ~Copyable, @unchecked Sendable {
    let storage = MapStorage()
    let kind: UInt32
    let keySize: UInt32
    let valueSize: UInt32
    let entries: UInt32
    let flags: UInt32
    let pinning: UInt32

    /// - Parameter entries: The most prefixes it takes.
    @inline(__always)
    public init(entries: UInt32, pinning: Pinning = .none) {
        kind = 11
        keySize = UInt32(truncatingIfNeeded: MemoryLayout<Key>.size)
        valueSize = UInt32(truncatingIfNeeded: MemoryLayout<Value>.size)
        self.entries = entries
        flags = 1  // BPF_F_NO_PREALLOC, which the kernel insists on
        self.pinning = pinning.rawValue
    }

    @inline(__always)
    @unsafe public var address: UnsafeRawPointer { unsafe storage.address }
}

/// Some leading bits of an address: the key of an ``LPMTrie``.
public struct Prefix<Address: BitwiseCopyable>: BitwiseCopyable {
    /// How many bits count.
    public var length: UInt32
    /// The address, in network order.
    public var address: Address

    @inline(__always)
    public init(_ address: Address, length: UInt32) {
        self.length = length
        self.address = address
    }

    /// All bits of an address, as one looks it up.
    @inline(__always)
    public init(_ address: Address) {
        self.init(address, length: UInt32(truncatingIfNeeded: MemoryLayout<Address>.size &* 8))
    }
}

extension Prefix: Sendable where Address: Sendable {}
