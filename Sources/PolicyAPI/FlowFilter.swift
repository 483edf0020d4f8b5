/// Which connections a client wants. Everything given must hold.
public struct FlowFilter: Sendable, Hashable {
    /// What their first packet was like; a verdict is not asked for, all were allowed.
    public var firstPacket = EventFilter()
    public var state: FlowState?

    public init() {}

    /// Whether a client wants a connection.
    public func matches(_ flow: some FilteredPacket, _ state: FlowState) -> Bool {
        if let wanted = self.state, wanted != state { return false }
        return firstPacket.matchesFields(of: flow)
    }
}

/// The filter as the query of `GET /v1/flows`.
extension FlowFilter {
    public var query: [(name: String, value: String)] {
        firstPacket.query + (state.map { [("state", $0.rawValue)] } ?? [])
    }

    /// Sets one item of the query; false if the name is none of the filter's.
    public mutating func set(_ name: String, _ value: String) throws(EventFilter.Invalid) -> Bool {
        switch name {
        case "verdict":
            return false
        case "state":
            guard let state = FlowState(rawValue: value) else {
                let states = FlowState.allCases.map(\.rawValue).joined(separator: ", ")
                throw EventFilter.Invalid(name: name, value: value, expected: "one of \(states)")
            }
            self.state = state
            return true
        default:
            return try firstPacket.set(name, value)
        }
    }
}
