public import EBPF

/// What a table of prefixes says of the source of a packet of IP version 4; nothing for any other.
@inline(__always)
public func rule(
    forSourceOf packet: some PacketBytes, in sources: borrowing some Lookup<Prefix<IPv4Address>, UInt32> & ~Copyable
) -> UInt32? {
    guard packet.read(EthernetHeader.self, at: 0)?.type == .ipv4 else { return nil }
    guard let header = packet.read(IPv4Header.self, at: EthernetHeader.size) else { return nil }
    return sources.value(for: Prefix(header.source))
}
