import PolicyModel

/// Writes events as lines of JSON, by hand: the stream carries hundreds of thousands a second.
///
/// The keys are always the same and always in the same order; `docs/api.md` lists them. What a packet does not have is `null`.
public struct EventEncoder: Sendable {
    private var clock = TimestampWriter()

    public init() {}

    /// Appends a line, with its line feed.
    public mutating func append(_ line: EventLine, to bytes: inout [UInt8]) {
        switch line {
        case .verdict(let event): append(event, to: &bytes)
        case .lost(let loss): append(loss, to: &bytes)
        }
    }

    /// Appends an event's line, with its line feed.
    public mutating func append(_ event: EventRecord, to bytes: inout [UInt8]) {
        bytes.append(#"{"time":""#)
        clock.append(event.time, to: &bytes)
        switch event.verdict {
        case .allow: bytes.append(#"","type":"verdict","verdict":"allow","#)
        case .deny: bytes.append(#"","type":"verdict","verdict":"deny","#)
        case .reject: bytes.append(#"","type":"verdict","verdict":"reject","#)
        }
        bytes.append(event.direction == .ingress ? #""direction":"ingress","interface":"# : #""direction":"egress","interface":"#)
        bytes.append(quoted: event.interface)
        bytes.append(#","protocol":"#)
        switch event.protocol {
        case 6: bytes.append(#""tcp","source":"#)
        case 17: bytes.append(#""udp","source":"#)
        default:
            bytes.append(quoted: ProtocolName.display(event.protocol))
            bytes.append(#","source":"#)
        }
        bytes.append(address: event.source)
        if event.hasPorts {
            bytes.append(#","sourcePort":"#)
            bytes.append(decimal: UInt64(event.sourcePort))
            bytes.append(#","destination":"#)
            bytes.append(address: event.destination)
            bytes.append(#","destinationPort":"#)
            bytes.append(decimal: UInt64(event.destinationPort))
            bytes.append(#","icmpType":null,"icmpCode":null,"policy":"#)
        } else {
            bytes.append(#","sourcePort":null,"destination":"#)
            bytes.append(address: event.destination)
            if event.isICMP {
                bytes.append(#","destinationPort":null,"icmpType":"#)
                bytes.append(decimal: UInt64(event.icmpType))
                bytes.append(#","icmpCode":"#)
                bytes.append(decimal: UInt64(event.icmpCode))
                bytes.append(#","policy":"#)
            } else {
                bytes.append(#","destinationPort":null,"icmpType":null,"icmpCode":null,"policy":"#)
            }
        }
        if let rule = event.rule {
            bytes.append(quoted: rule.policy)
            bytes.append(#","rule":"#)
            bytes.append(quoted: rule.rule)
            switch rule.tier {
            case .safety: bytes.append(#","tier":"safety","location":"#)
            case .admin: bytes.append(#","tier":"admin","location":"#)
            case .application: bytes.append(#","tier":"application","location":"#)
            case .baseline: bytes.append(#","tier":"baseline","location":"#)
            }
            if rule.location.isEmpty { bytes.append("null") } else { bytes.append(quoted: rule.location) }
            bytes.append(#","reason":"#)
        } else {
            bytes.append(#"null,"rule":null,"tier":null,"location":null,"reason":"#)
        }
        bytes.append(quoted: event.reason)
        bytes.append(#","revision":"#)
        bytes.append(decimal: UInt64(event.revision))
        bytes.append(#","length":"#)
        bytes.append(decimal: UInt64(max(0, event.length)))
        bytes.append(#","count":"#)
        bytes.append(decimal: UInt64(max(0, event.count)))
        bytes.append("}\n")
    }

    /// Appends the line of a loss, with its line feed.
    public mutating func append(_ loss: LossRecord, to bytes: inout [UInt8]) {
        bytes.append(#"{"time":""#)
        clock.append(loss.time, to: &bytes)
        bytes.append(#"","type":"lost","where":""#)
        bytes.append(contentsOf: loss.place.rawValue.utf8)
        bytes.append(#"","count":"#)
        bytes.append(decimal: UInt64(max(0, loss.count)))
        bytes.append("}\n")
    }
}
