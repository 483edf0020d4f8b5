/// Values by key on the host, in the place of a hash or an array.
public struct HostTable<Key: Hashable, Value>: Lookup {
    /// The values that are there.
    public var values: [Key: Value]

    /// A table of these values.
    public init(_ values: [Key: Value] = [:]) { self.values = values }

    public func value(for key: Key) -> Value? { values[key] }
}

extension HostTable: Sendable where Key: Sendable, Value: Sendable {}

/// Values by prefix on the host, in the place of an ``LPMTrie``: the value of the longest prefix that covers the key.
public struct HostPrefixTable<Address: BitwiseCopyable, Value>: Lookup {
    /// The prefixes that are there, in any order. Of equal ones the last counts.
    public var entries: [(prefix: Prefix<Address>, value: Value)]

    /// A table of these prefixes.
    public init(_ entries: [(prefix: Prefix<Address>, value: Value)] = []) { self.entries = entries }

    public func value(for key: Prefix<Address>) -> Value? {
        var best: (length: UInt32, value: Value)?
        for entry in entries where entry.prefix.length <= key.length && Self.agree(entry.prefix.address, key.address, entry.prefix.length) {
            if entry.prefix.length >= best?.length ?? 0 { best = (entry.prefix.length, entry.value) }
        }
        return best?.value
    }

    /// Whether the first bits of two addresses are the same.
    private static func agree(_ a: Address, _ b: Address, _ length: UInt32) -> Bool {
        unsafe withUnsafeBytes(of: a) { a in
            unsafe withUnsafeBytes(of: b) { b in
                for bit in 0..<min(Int(length), a.count * 8) {
                    let mask: UInt8 = 0x80 >> UInt8(bit % 8)
                    if unsafe a[bit / 8] & mask != b[bit / 8] & mask { return false }
                }
                return true
            }
        }
    }
}

extension HostPrefixTable: Sendable where Address: Sendable, Value: Sendable {}
