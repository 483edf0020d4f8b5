public import PolicyModel

/// Which events a client wants. Everything given must hold.
public struct EventFilter: Sendable, Hashable {
    public var verdict: Verdict.Action?
    public var direction: Direction?
    /// A policy, or one rule of it.
    public var rule: RulePattern?
    /// Globs of interface names, `!` takes away; empty for all.
    public var interfaces: [String] = []
    /// Where the packet comes from.
    public var from: CIDR?
    /// Where the packet goes.
    public var to: CIDR?
    /// The source or the destination port.
    public var port: UInt16?
    public var `protocol`: ProtocolMatch?

    /// A policy's name and perhaps a rule's, as `POLICY` or `POLICY/RULE`.
    public struct RulePattern: Sendable, Hashable, CustomStringConvertible {
        public var policy: String
        public var rule: String?

        public init(_ text: String) {
            let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
            policy = String(parts.first ?? "")
            rule = parts.count > 1 ? String(parts[1]) : nil
        }

        public var description: String { rule.map { "\(policy)/\($0)" } ?? policy }
    }

    public init() {}

    /// Whether every event passes.
    public var isEmpty: Bool { self == EventFilter() }

    /// Whether a client wants this event.
    public func matches(_ event: EventRecord) -> Bool {
        if let verdict, event.verdict != verdict { return false }
        return matchesFields(of: event)
    }

    /// Whether a packet is one of those that are wanted, whatever its verdict.
    func matchesFields(of event: some FilteredPacket) -> Bool {
        if let direction, event.direction != direction { return false }
        if let rule, !(event.rule.map { $0.policy == rule.policy && (rule.rule == nil || $0.rule == rule.rule) } ?? false) { return false }
        if let port {
            guard ProtocolMatch.hasPorts(event.protocol), event.sourcePort == port || event.destinationPort == port else { return false }
        }
        if let from, !(event.source.map(from.contains) ?? false) { return false }
        if let to, !(event.destination.map(to.contains) ?? false) { return false }
        if let `protocol`, !matches(`protocol`, event) { return false }
        return interfaces.isEmpty || InterfaceSelector(patterns: interfaces).matches(event.interface)
    }

    private func matches(_ match: ProtocolMatch, _ event: some FilteredPacket) -> Bool {
        match.matches(event.protocol, family: event.source?.family ?? (event.protocol == 58 ? .v6 : .v4))
    }
}

/// What filters look at: a packet, or the first one of a connection.
public protocol FilteredPacket {
    var direction: Direction { get }
    var interface: String { get }
    var `protocol`: UInt8 { get }
    var source: IPAddress? { get }
    var destination: IPAddress? { get }
    /// 0 where the protocol has no ports.
    var sourcePort: UInt16 { get }
    var destinationPort: UInt16 { get }
    var rule: RuleName? { get }
}

extension EventRecord: FilteredPacket {}

/// The filter as the query of `GET /v1/events`.
extension EventFilter {
    /// A value of the query that means nothing.
    public struct Invalid: Error, Sendable, Hashable, CustomStringConvertible {
        public var name: String
        public var value: String
        public var expected: String

        public var description: String { "\(name): '\(value)' is not \(expected)" }
    }

    public var query: [(name: String, value: String)] {
        var items: [(name: String, value: String)] = []
        if let verdict { items.append(("verdict", verdict.rawValue)) }
        if let direction { items.append(("direction", direction.rawValue)) }
        if let rule { items.append(("rule", rule.description)) }
        items += interfaces.map { ("interface", $0) }
        if let from { items.append(("from", from.description)) }
        if let to { items.append(("to", to.description)) }
        if let port { items.append(("port", String(port))) }
        if let `protocol` { items.append(("protocol", `protocol`.description)) }
        return items
    }

    /// Sets one item of the query; false if the name is none of the filter's.
    public mutating func set(_ name: String, _ value: String) throws(Invalid) -> Bool {
        func read<Value>(_ result: Value?, _ expected: String) throws(Invalid) -> Value {
            guard let result else { throw Invalid(name: name, value: value, expected: expected) }
            return result
        }
        switch name {
        case "verdict": verdict = try read(Verdict.Action(rawValue: value), "allow, deny or reject")
        case "direction": direction = try read(Direction(rawValue: value), "ingress or egress")
        case "rule": rule = try read(value.isEmpty ? nil : RulePattern(value), "POLICY or POLICY/RULE")
        case "interface": interfaces.append(value)
        case "from": from = try read(CIDR(value), "an address or prefix")
        case "to": to = try read(CIDR(value), "an address or prefix")
        case "port": port = try read(UInt16(value), "a port (0-65535)")
        case "protocol": `protocol` = try read(Self.protocolMatch(value), "a protocol's name or number")
        default: return false
        }
        return true
    }

    /// A protocol as the policy language names it: `icmp` is the ICMP of either family.
    public static func protocolMatch(_ text: String) -> ProtocolMatch? {
        switch text.lowercased() {
        case "icmp": .icmp
        case "icmpv4": .icmpv4
        case "icmpv6": .icmpv6
        default: (UInt8(text) ?? ProtocolName.number(of: text)).map(ProtocolMatch.number)
        }
    }
}
