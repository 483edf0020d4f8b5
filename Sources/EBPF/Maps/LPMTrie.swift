/// Values by prefix: a look-up finds the longest prefix that covers its key.
///
///     let blocked = LPMTrie<Prefix<IPv4Address>, UInt32>(entries: 10_000)
///     if let rule = blocked.lookup(Prefix(header.source)) { … }
///
/// The key begins with a `UInt32` length in bits, followed by the address in network order: a ``Prefix``, or a struct like it.
public struct LPMTrie<Key: BitwiseCopyable, Value: BitwiseCopyable>: EntryMap, ~Copyable, @unchecked Sendable {
    let storage = MapStorage()
    public let definition: MapDefinition

    /// - Parameter entries: The most prefixes it takes.
    @inline(__always)
    public init(entries: UInt32, pinning: Pinning = .none) {
        definition = MapDefinition(
            kind: 11, keySize: MemoryLayout<Key>.size, valueSize: MemoryLayout<Value>.size, entries: entries, flags: noPreallocation,
            pinning: pinning)
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

    /// The first bits of an address.
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
