public import EBPF
public import SwiftConstructs

/// An input of the fuzzer: a table of prefixes, an offset, and a frame.
///
/// | bytes | what |
/// |---|---|
/// | 1 | how many prefixes, of which the lowest three bits count |
/// | 6 each | a prefix: its length modulo 33, four bytes of address, its rule |
/// | 8 | an offset to read and write at, little-endian |
/// | the rest | the frame |
///
/// What an input is short of is zero.
public struct FuzzedPacket: Sendable {
    public struct Entry: Equatable, Sendable {
        /// In bits, 0 to 32.
        public var length: UInt8
        /// As it came: bits beyond the length may be set.
        public var address: [UInt8]
        public var rule: UInt32
    }

    public var entries: [Entry]
    public var offset: Int
    public var frame: [UInt8]

    public init(_ input: some Sequence<UInt8>) {
        var rest = ArraySlice(Array(input))
        func take(_ count: Int) -> [UInt8] {
            let taken = Array(rest.prefix(count))
            rest = rest.dropFirst(count)
            return taken + Array(repeating: 0, count: count - taken.count)
        }
        entries = (0..<take(1)[0] & 7).map { _ in
            let bytes = take(6)
            return Entry(length: bytes[0] % 33, address: Array(bytes[1...4]), rule: UInt32(bytes[5]))
        }
        offset = Int(truncatingIfNeeded: take(8).reversed().reduce(0 as UInt64) { $0 << 8 | UInt64($1) })
        frame = Array(rest)
    }

    /// The table as the shared source looks it up on the host.
    public var table: HostPrefixTable<IPv4Address, UInt32> {
        HostPrefixTable(
            entries.map { entry in
                let address = IPv4Address(entry.address[0], entry.address[1], entry.address[2], entry.address[3])
                return (Prefix(address, length: UInt32(entry.length)), entry.rule)
            })
    }

    /// What the shared source says of the frame's first bytes, or of all.
    public func summary(ofFirst count: Int? = nil) -> PacketSummary {
        PacketSummary(PacketBuffer(Array(frame.prefix(count ?? frame.count))), rules: table)
    }
}
