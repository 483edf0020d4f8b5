internal import CDatapath
public import PolicyModel

/// The packets of a capture, read by the kernel program's own header walk.
public struct CapturedPackets: Sendable {
    /// What a frame is to the rules.
    public enum Content: Sendable, Hashable {
        /// A packet for the rules.
        case packet(Packet)
        /// No rule is asked: the walk itself decides, for this reason.
        case decided(Verdict.Action, PacketEvent.Reason)
    }

    /// How the direction of a frame is told.
    public struct Sides: Sendable {
        /// The direction of all frames.
        public var direction: Direction?
        /// The host's own addresses: what comes from them leaves.
        public var local: [CIDR]
        /// The name of the interface.
        public var interface: String

        public init(direction: Direction?, local: [CIDR], interface: String) {
            self.direction = direction
            self.local = local
            self.interface = interface
        }
    }

    /// One for each frame, in the order of the capture.
    public private(set) var contents: [Content] = []
    /// The numbers of the frames whose direction cannot be told; they are not among `contents`.
    public private(set) var undirected: [Int] = []

    public init(_ capture: CaptureFile, sides: Sides) {
        var firsts: [FragmentKey: (content: Content, head: UInt32)] = [:]
        for frame in capture.frames {
            var found = pd_packet()
            let reason = Self.walk(frame, &found)
            let packet = Self.packet(found, sides.interface)
            let direction = sides.direction ?? packet.flatMap { Self.direction($0, sides.local) } ?? frame.direction
            var content = Content.decided(reason == .nonIP ? .allow : .deny, reason)
            if reason == .rule {
                guard var packet else { continue }
                guard let direction else {
                    undirected.append(frame.number)
                    continue
                }
                packet.direction = direction
                content = .packet(packet)
            }
            if let packet, let direction {
                let key = FragmentKey(packet: packet, direction, id: found.fragment_id)
                if UInt32(found.flags) & PD_PACKET_FIRST_FRAGMENT.rawValue != 0 {
                    firsts[key] = (content, head: found.payload &- found.fragment_data)
                } else if reason == .rule, UInt32(found.flags) & PD_PACKET_LATER_FRAGMENT.rawValue != 0 {
                    // A later fragment shares the verdict of the first one unless it would write over its headers, as in the kernel.
                    let first = firsts[key]
                    content = first?.content ?? .decided(.deny, .fragment)
                    if let first, found.fragment_offset < first.head { content = .decided(.deny, .malformed) }
                }
            }
            contents.append(content)
        }
    }

    private static func walk(_ frame: CaptureFile.Frame, _ packet: inout pd_packet) -> PacketEvent.Reason {
        let link = frame.link == .ethernet ? PD_LINK_ETHERNET : PD_LINK_RAW
        return unsafe frame.bytes.withUnsafeBufferPointer { buffer in
            var bytes = unsafe pd_bytes(
                data: buffer.baseAddress, end: buffer.baseAddress.map { unsafe $0 + buffer.count }, length: UInt32(clamping: frame.length))
            return EventDecoder.reason(UInt8(truncatingIfNeeded: unsafe pd_walk(&bytes, UInt8(link.rawValue), &packet)))
        }
    }

    /// What the rules see of it; its direction is not known yet.
    private static func packet(_ found: pd_packet, _ interface: String) -> Packet? {
        let count = found.family == UInt8(PD_IPV4.rawValue) ? 4 : 16
        func address(_ bytes: some Any) -> IPAddress? { unsafe withUnsafeBytes(of: bytes) { unsafe IPAddress(bytes: $0.prefix(count)) } }
        guard let source = address(found.source), let destination = address(found.destination) else { return nil }
        var packet = Packet(
            direction: .ingress, interface: interface, protocol: found.protocol, source: source, destination: destination)
        if UInt32(found.flags) & PD_PACKET_PORTS.rawValue != 0 {
            (packet.sourcePort, packet.destinationPort) = (found.source_port, found.destination_port)
        }
        if UInt32(found.flags) & PD_PACKET_ICMP.rawValue != 0 {
            (packet.icmpType, packet.icmpCode) = (found.icmp_type, found.icmp_code)
        }
        return packet
    }

    private static func direction(_ packet: Packet, _ local: [CIDR]) -> Direction? {
        if local.contains(where: { $0.contains(packet.source) }) { return .egress }
        return local.contains { $0.contains(packet.destination) } ? .ingress : nil
    }

    /// What the fragments of one packet have in common.
    private struct FragmentKey: Hashable {
        var source: IPAddress
        var destination: IPAddress
        var direction: Direction
        var `protocol`: UInt8
        var id: UInt32

        init(packet: Packet, _ direction: Direction, id: UInt32) {
            (source, destination, self.direction) = (packet.source, packet.destination, direction)
            // Fragments of one IPv6 packet may each say what they like (RFC 8200, section 4.5).
            `protocol` = packet.family == .v4 ? packet.protocol : 0
            self.id = id
        }
    }
}
