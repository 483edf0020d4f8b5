internal import CDatapath
public import PolicyModel

/// A connection that the kernel knows: what passes without being asked about again.
public struct Flow: Sendable, Hashable {
    /// How far a connection has come. Of protocols without a state of their own only the first three.
    public enum State: String, Sendable, Hashable, CaseIterable, Codable {
        /// Nothing was answered yet.
        case opening
        /// There was an answer, which the opener has not confirmed: it may have forged its address.
        case answered
        case established
        /// One side has closed.
        case halfClosed = "half-closed"
        /// Both sides have closed.
        case closing
        /// One side has broken it off.
        case reset
    }

    /// What went one way.
    public struct Traffic: Sendable, Hashable, Codable {
        public var packets: UInt64
        /// Bytes of frames.
        public var bytes: UInt64

        public init(packets: UInt64, bytes: UInt64) {
            self.packets = packets
            self.bytes = bytes
        }
    }

    /// The way its first packet took.
    public var direction: Direction
    /// The interface of its first packet, by index and by name; the index where it has gone.
    public var interfaceIndex: UInt32
    public var interface: String
    public var `protocol`: UInt8
    /// Who opened it, and towards whom.
    public var source: IPAddress
    public var destination: IPAddress
    /// Ports in host order; nil for protocols without.
    public var sourcePort: UInt16?
    public var destinationPort: UInt16?
    /// The identifier of echo requests; nil for all else.
    public var identifier: UInt16?
    public var state: State
    /// The number of the rule that allows it; nil if none decided.
    public var rule: UInt32?
    /// The revision that judged it last.
    public var revision: UInt32
    /// From the opener, and back to it.
    public var original: Traffic
    public var reply: Traffic
    /// Seconds since its first packet, since its last one, and until it is forgotten if none comes.
    public var age: Double
    public var idle: Double
    public var remaining: Double
}

extension Flow {
    init<Key: FlowKey>(_ key: Key, _ value: pd_connection, at now: UInt32, remaining: UInt32) {
        let flags = UInt32(value.flags)
        let isOutward = flags & PD_REPLY_DIRECTION.rawValue != 0
        let hasPorts = ProtocolMatch.hasPorts(key.protocol)
        let isEcho = UInt32(key.protocol) == (Key.family == .v4 ? PD_ICMP : PD_ICMPV6).rawValue
        func seconds(since ticks: UInt32) -> Double { Ticks.seconds(UInt32(max(0, Int32(bitPattern: now &- ticks)))) }
        direction = isOutward ? .egress : .ingress
        interfaceIndex = value.interface
        interface = "\(value.interface)"
        self.protocol = key.protocol
        source = isOutward ? key.localAddress : key.remoteAddress
        destination = isOutward ? key.remoteAddress : key.localAddress
        sourcePort = hasPorts ? (isOutward ? key.local_port : key.remote_port) : nil
        destinationPort = hasPorts ? (isOutward ? key.remote_port : key.local_port) : nil
        identifier = isEcho ? key.remote_port : nil
        state = State(flags: flags)
        rule = value.rule == PD_NO_RULE ? nil : value.rule
        revision = value.revision
        original = Traffic(packets: value.packets.0, bytes: value.bytes.0)
        reply = Traffic(packets: value.packets.1, bytes: value.bytes.1)
        age = seconds(since: value.created)
        idle = seconds(since: value.last_seen)
        self.remaining = Ticks.seconds(remaining)
    }
}

extension Flow.State {
    fileprivate init(flags: UInt32) {
        func has(_ flag: pd_connection_flags) -> Bool { flags & flag.rawValue != 0 }
        if has(PD_RESET_ORIGINAL) || has(PD_RESET_REPLY) {
            self = .reset
        } else if has(PD_FIN_ORIGINAL), has(PD_FIN_REPLY) {
            self = .closing
        } else if has(PD_FIN_ORIGINAL) || has(PD_FIN_REPLY) {
            self = .halfClosed
        } else if has(PD_CONFIRMED) {
            self = .established
        } else {
            self = has(PD_SEEN_REPLY) ? .answered : .opening
        }
    }
}
