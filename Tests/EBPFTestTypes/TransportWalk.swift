public import EBPF

/// Where a packet's transport header begins, found by the same source on the host and in the kernel.
public struct Transport: Equatable, Sendable {
    public var number: IPProtocol
    /// In bytes from the packet's first.
    public var offset: Int

    /// Walks VLAN tags, options of IP version 4 and extension headers of version 6; nothing for what it does not know or what is cut off.
    @inline(__always)
    public init?(of packet: some PacketBytes) {
        guard let ethernet = packet.read(EthernetHeader.self, at: 0) else { return nil }
        var type = ethernet.type
        var offset = EthernetHeader.size
        for _ in BoundedIndices(2) where type.isVLAN {
            guard let tag = packet.read(VLANTag.self, at: offset) else { return nil }
            type = tag.type
            offset += VLANTag.size
        }
        if type == .ipv4 {
            guard let header = packet.read(IPv4Header.self, at: offset), header.version == 4, header.headerLength >= IPv4Header.size else {
                return nil
            }
            if header.fragmentOffset > 0 { return nil }
            self.init(number: header.protocol, offset: offset + header.headerLength)
            return
        }
        guard type == .ipv6, let header = packet.read(IPv6Header.self, at: offset), header.version == 6 else { return nil }
        var next = header.nextHeader
        offset += IPv6Header.size
        for _ in BoundedIndices(6) {
            guard IPv6Extension.isExtension(next) else {
                self.init(number: next, offset: offset)
                return
            }
            guard let part = packet.read(IPv6Extension.self, at: offset) else { return nil }
            next = part.nextHeader
            offset += part.byteCount
        }
        return nil
    }

    private init(number: IPProtocol, offset: Int) {
        self.number = number
        self.offset = offset
    }

    /// Number, offset and destination port in one word; 0 for what is not known or has no ports in the packet.
    @inline(__always)
    public static func summary(of packet: some PacketBytes) -> UInt32 {
        guard let transport = Transport(of: packet), let ports = packet.read(TransportPorts.self, at: transport.offset) else { return 0 }
        let offset = UInt32(truncatingIfNeeded: transport.offset) & 0xff
        return UInt32(transport.number.number) << 24 | offset << 16 | UInt32(ports.destination.value)
    }
}
