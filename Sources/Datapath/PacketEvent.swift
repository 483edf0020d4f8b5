internal import CDatapath
internal import PolicyCompiler
public import PolicyModel

/// A decision the kernel reported.
public struct PacketEvent: Sendable, Hashable {
    /// Why a packet was judged as it was.
    public enum Reason: String, Sendable, Hashable, CaseIterable, Codable {
        /// No rule matched.
        case defaultAllow = "default"
        /// A rule matched.
        case rule
        /// The policy in force no longer allows the connection.
        case revoked
        /// What a rule in audit mode would have done.
        case audit
        /// A header is truncated or contradicts itself.
        case malformed
        /// A fragment whose first fragment is not known.
        case fragment
        /// More VLAN tags or IPv6 extension headers than the walk allows.
        case extensions
        /// Neither IPv4 nor IPv6.
        case nonIP = "non-ip"
        /// The tables contradict themselves: a defect.
        case `internal`
        /// Belongs to an allowed connection.
        case established
        /// An ICMP error about an allowed connection.
        case related
        /// The host's own answer to a packet it rejects: it passes whatever the policy says.
        case rejectReply = "reject-reply"
    }

    /// Nanoseconds since 1970 in UTC.
    public var time: Int64
    /// What happened; of an audit event what would have happened.
    public var verdict: Verdict.Action
    public var direction: Direction
    public var interfaceIndex: UInt32
    /// The interface's name; its index where it has gone.
    public var interface: String
    /// The protocol's number; 0 where the packet could not be read so far.
    public var `protocol`: UInt8
    /// The addresses; nil where the packet could not be read so far.
    public var source: IPAddress?
    public var destination: IPAddress?
    /// Ports in host order; nil where the packet has none.
    public var sourcePort: UInt16?
    public var destinationPort: UInt16?
    /// ICMP type and code; nil where the packet is none.
    public var icmpType: UInt8?
    public var icmpCode: UInt8?
    /// The number of the rule; nil if none decided.
    public var rule: UInt32?
    public var reason: Reason
    /// The revision that judged.
    public var revision: UInt32
    /// The frame's length in bytes.
    public var length: Int
    /// The packets it stands for: those of its flow since the event before.
    public var count: Int
}

/// Events that came out of the ring together.
public struct PacketEventBatch: Sendable {
    public var events: [PacketEvent]
    /// Events that found no room since the batch before.
    public var lost: UInt64
}

/// Turns records of the ring into events.
struct EventDecoder {
    /// What the record's clock is behind the time of day, in nanoseconds.
    let bootTime: Int64
    /// The names of interfaces by index.
    let interfaces: [UInt32: String]

    init(interfaces: [UInt32: String]) {
        self.interfaces = interfaces
        bootTime = WallClock.offset
    }

    func decode(_ record: pd_event) -> PacketEvent {
        let flags = UInt32(record.flags)
        // Without an IP header there are no addresses: the ethertype stays what it was, and both are all zero.
        let hasAddresses = record.protocol != 0 || flags != 0 || !Self.isZero(record.source) || !Self.isZero(record.destination)
        let hasPorts = flags & PD_PACKET_PORTS.rawValue != 0
        let isICMP = flags & PD_PACKET_ICMP.rawValue != 0
        return PacketEvent(
            time: Int64(bitPattern: record.time) &+ bootTime,
            verdict: Verdict.Action(kernel: record.verdict),
            direction: UInt32(record.direction) == PD_INGRESS.rawValue ? .ingress : .egress,
            interfaceIndex: record.interface, interface: interfaces[record.interface] ?? "\(record.interface)",
            protocol: record.protocol,
            source: hasAddresses ? Self.address(record.source, record.family) : nil,
            destination: hasAddresses ? Self.address(record.destination, record.family) : nil,
            sourcePort: hasPorts ? record.source_port : nil, destinationPort: hasPorts ? record.destination_port : nil,
            icmpType: isICMP ? record.icmp_type : nil, icmpCode: isICMP ? record.icmp_code : nil,
            rule: record.rule == PD_NO_RULE ? nil : record.rule, reason: Self.reason(record.reason), revision: record.revision,
            length: Int(record.length), count: Int(clamping: record.count))
    }

    typealias Bytes16 = (
        UInt8, UInt8, UInt8, UInt8, UInt8, UInt8, UInt8, UInt8, UInt8, UInt8, UInt8, UInt8, UInt8, UInt8, UInt8, UInt8
    )

    static func address(_ bytes: Bytes16, _ family: UInt8) -> IPAddress {
        unsafe withUnsafeBytes(of: bytes) { bytes in
            let high = unsafe UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 0, as: UInt64.self))
            let low = unsafe UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
            return UInt32(family) == PD_IPV4.rawValue ? IPAddress(v4: UInt32(high >> 32)) : IPAddress(v6: high, low: low)
        }
    }

    private static func isZero(_ bytes: Bytes16) -> Bool {
        unsafe withUnsafeBytes(of: bytes) { unsafe $0.allSatisfy { $0 == 0 } }
    }

    private static let reasons: [UInt32: PacketEvent.Reason] = [
        PD_REASON_DEFAULT.rawValue: .defaultAllow, PD_REASON_RULE.rawValue: .rule, PD_REASON_REVOKED.rawValue: .revoked,
        PD_REASON_AUDIT.rawValue: .audit, PD_REASON_MALFORMED.rawValue: .malformed, PD_REASON_FRAGMENT.rawValue: .fragment,
        PD_REASON_EXTENSIONS.rawValue: .extensions, PD_REASON_NON_IP.rawValue: .nonIP, PD_REASON_INTERNAL.rawValue: .internal,
        PD_REASON_ESTABLISHED.rawValue: .established, PD_REASON_RELATED.rawValue: .related,
        PD_REASON_REJECT_REPLY.rawValue: .rejectReply,
    ]

    static func reason(_ number: UInt8) -> PacketEvent.Reason { reasons[UInt32(number)] ?? .internal }

    /// The place of a reason in the counters.
    static func place(_ reason: PacketEvent.Reason) -> UInt32? { reasons.first { $0.value == reason }?.key }
}
