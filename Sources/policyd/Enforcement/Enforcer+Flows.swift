import Datapath
import PolicyAPI
import PolicyModel

/// The connections the kernel knows, as clients see them.
extension Enforcer {
    /// The connections that pass a filter, those that moved most first.
    ///
    /// - Parameter limit: The most that are answered; of the others only their number is.
    func flows(_ filter: FlowFilter, limit: Int) throws -> FlowsMessage {
        var names: [UInt32: [UInt32: RuleName]] = [:]
        var matched = 0
        var kept: [FlowMessage] = []
        func cut() {
            kept.sort { $0.traffic.bytes > $1.traffic.bytes }
            kept.removeLast(max(0, kept.count - limit))
        }
        try enforcement.forEachFlow { flow in
            let rule = flow.rule.flatMap { number in
                if names[flow.revision] == nil { names[flow.revision] = ruleNames.names(of: flow.revision) }
                return names[flow.revision]?[number]
            }
            let packet = FirstPacket(flow: flow, rule: rule)
            guard filter.matches(packet, packet.state) else { return }
            matched += 1
            kept.append(packet.message)
            // What is not answered is not kept either: there may be millions.
            if kept.count >= 2 * limit + 1_024 { cut() }
        }
        cut()
        return FlowsMessage(flows: kept, matched: matched)
    }
}

/// The first packet of a connection, which filters look at.
private struct FirstPacket: FilteredPacket {
    let flow: Flow
    let rule: RuleName?

    var direction: Direction { flow.direction }
    var interface: String { flow.interface }
    var `protocol`: UInt8 { flow.protocol }
    var source: IPAddress? { flow.source }
    var destination: IPAddress? { flow.destination }
    var sourcePort: UInt16 { flow.sourcePort ?? 0 }
    var destinationPort: UInt16 { flow.destinationPort ?? 0 }

    var state: FlowState {
        switch flow.state {
        case .opening: .opening
        case .answered: .answered
        case .established: .established
        case .halfClosed: .halfClosed
        case .closing: .closing
        case .reset: .reset
        }
    }

    var message: FlowMessage {
        FlowMessage(
            direction: flow.direction, interface: flow.interface, protocol: ProtocolName.display(flow.protocol), source: flow.source,
            sourcePort: flow.sourcePort, destination: flow.destination, destinationPort: flow.destinationPort,
            identifier: flow.identifier, state: state, rule: rule, revision: flow.revision,
            original: CounterMessage(packets: flow.original.packets, bytes: flow.original.bytes),
            reply: CounterMessage(packets: flow.reply.packets, bytes: flow.reply.bytes), age: tenths(flow.age), idle: tenths(flow.idle),
            remaining: tenths(flow.remaining))
    }

    /// The kernel's clock for connections is no finer than that.
    private func tenths(_ seconds: Double) -> Double { (seconds * 10).rounded() / 10 }
}
