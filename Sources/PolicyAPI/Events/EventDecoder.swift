import PolicyModel

/// Reads the lines that ``EventEncoder`` writes.
///
/// Keys it does not know are passed over, so that an older client reads a newer daemon's events.
public struct EventDecoder: Sendable {
    private var rule: RuleName?

    public init() {}

    /// Reads one line, without its line feed.
    ///
    /// - Throws: ``FlatJSON/Malformed``, also for a line that lacks what every event has.
    public mutating func decode(_ line: ArraySlice<UInt8>) throws -> EventLine {
        var fields = Fields()
        try FlatJSON.read(line) { key, value in try fields.set(key, value) }
        guard let time = fields.time else { throw missing("time") }
        switch fields.type {
        case "lost":
            guard let place = fields.place, let count = fields.count else { throw missing("where or count") }
            return .lost(LossRecord(time: time, place: place, count: count))
        case "verdict":
            guard let verdict = fields.verdict, let direction = fields.direction, let reason = fields.reason else {
                throw missing("verdict, direction or reason")
            }
            return .verdict(
                EventRecord(
                    time: time, verdict: verdict, direction: direction, interface: fields.interface ?? "",
                    protocol: fields.protocol ?? 0, source: fields.source, destination: fields.destination,
                    sourcePort: fields.sourcePort ?? 0, destinationPort: fields.destinationPort ?? 0,
                    icmpType: fields.icmpType ?? 0, icmpCode: fields.icmpCode ?? 0, rule: name(fields),
                    reason: reason, revision: fields.revision ?? 0, length: fields.length ?? 0, count: fields.count ?? 1))
        default: throw missing("a known type")
        }
    }

    private func missing(_ what: String) -> FlatJSON.Malformed {
        FlatJSON.Malformed(message: "the event has no \(what)", column: 1)
    }

    /// Events in a row are often of one rule.
    private mutating func name(_ fields: Fields) -> RuleName? {
        guard let policy = fields.policy, let name = fields.rule else { return nil }
        let tier = fields.tier ?? .application
        let location = fields.location ?? ""
        if let rule, rule.rule == name, rule.policy == policy, rule.tier == tier, rule.location == location { return rule }
        rule = RuleName(policy: policy, rule: name, tier: tier, location: location)
        return rule
    }

    /// The keys of a line.
    private struct Fields {
        var time: Timestamp?
        var type: String?
        var verdict: Verdict.Action?
        var direction: Direction?
        var interface: String?
        var `protocol`: UInt8?
        var source: IPAddress?
        var destination: IPAddress?
        var sourcePort: UInt16?
        var destinationPort: UInt16?
        var icmpType: UInt8?
        var icmpCode: UInt8?
        var policy: String?
        var rule: String?
        var tier: Tier?
        var location: String?
        var reason: String?
        var place: LossRecord.Place?
        var revision: UInt32?
        var length: Int?
        var count: Int?

        mutating func set(_ key: String, _ value: FlatJSON.Value) throws {
            switch value {
            case .string(let text): try set(key, text)
            case .integer(let number): try set(key, number)
            case .boolean, .null: break
            }
        }

        private mutating func set(_ key: String, _ text: String) throws {
            func read<Value>(_ value: Value?) throws -> Value {
                guard let value else { throw FlatJSON.Malformed(message: "\(key): '\(text)' is not one", column: 1) }
                return value
            }
            switch key {
            case "time": time = try read(Timestamp(text))
            case "type": type = text
            case "verdict": verdict = try read(Verdict.Action(rawValue: text))
            case "direction": direction = try read(Direction(rawValue: text))
            case "interface": interface = text
            case "protocol": `protocol` = try read(ProtocolNumber.read(text))
            case "source": source = try read(IPAddress(text))
            case "destination": destination = try read(IPAddress(text))
            case "policy": policy = text
            case "rule": rule = text
            case "tier": tier = try read(Tier(rawValue: text))
            case "location": location = text
            case "reason": reason = text
            case "where": place = try read(LossRecord.Place(rawValue: text))
            default: break
            }
        }

        private mutating func set(_ key: String, _ number: Int64) throws {
            func read<Value: FixedWidthInteger>(_: Value.Type) throws -> Value {
                guard let value = Value(exactly: number) else {
                    throw FlatJSON.Malformed(message: "\(key): \(number) is out of range", column: 1)
                }
                return value
            }
            switch key {
            case "protocol": `protocol` = try read(UInt8.self)
            case "sourcePort": sourcePort = try read(UInt16.self)
            case "destinationPort": destinationPort = try read(UInt16.self)
            case "icmpType": icmpType = try read(UInt8.self)
            case "icmpCode": icmpCode = try read(UInt8.self)
            case "revision": revision = try read(UInt32.self)
            case "length": length = try read(Int.self)
            case "count": count = try read(Int.self)
            default: break
            }
        }
    }
}

/// Protocol numbers as they are shown for packets.
public enum ProtocolNumber {
    /// The number of a name or of digits; `icmp` is 1 and `icmpv6` 58, as ``PolicyModel/ProtocolName/display(_:)`` shows them.
    public static func read(_ text: String) -> UInt8? {
        switch text {
        case "icmp", "icmpv4": 1
        case "icmpv6": 58
        default: UInt8(text) ?? ProtocolName.number(of: text)
        }
    }
}
