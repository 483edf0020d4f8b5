import Datapath
import Logging
import PolicyAPI
import PolicyModel
import Synchronization

/// The kernel's tables of connections.
extension Enforcement {
    /// Walks the connections that are not over.
    func forEachFlow(_ body: (Flow) -> Void) throws { try datapath?.forEachFlow(body) }

    /// Takes out the connections whose time is over; returns what an operator should know of the tables.
    func sweepConnections() throws -> [String] { try datapath?.sweepConnections().compactMap(\.warning) ?? [] }

    /// Takes over how long connections live and how many there may be.
    ///
    /// - Throws: what keeps the tables from having another size; they go on as they are.
    func setConnections(_ limit: Int, _ timeouts: Configuration.Timeouts) throws {
        state.withLock {
            $0.configuration.limits.connections = limit
            $0.configuration.timeouts = timeouts
        }
        guard let datapath else { return }
        datapath.setTimeouts(timeouts.datapath)
        let before = datapath.connectionLimit
        guard limit != before else { return }
        try datapath.setConnectionLimit(limit)
        logger.notice("the tables of connections have another size", metadata: ["connections": "\(limit)", "before": "\(before)"])
    }
}

extension ConnectionUse {
    /// `connections IPv4`, or `openings IPv4` for those that are not confirmed.
    private var name: String { "\(isOpening ? "openings" : "connections") \(family == .v4 ? "IPv4" : "IPv6")" }

    var message: MapMessage {
        MapMessage(
            name: name, entries: used, limit: limit, evicted: Int(clamping: evicted), evictedLately: Int(clamping: evictedLately))
    }

    /// What an operator should know; nil if all is well.
    var warning: String? {
        guard isFlooded else { return nil }
        return isOpening
            ? "\(name): \(evictedLately) pushed out in the last minute by others: a flood of half-open connections, or limits.connections "
                + "(\(limit)) is too small; established connections are kept apart and go on"
            : "\(name): \(evictedLately) established connections pushed out in the last minute: limits.connections (\(limit)) is too small"
    }
}

extension Configuration.Timeouts {
    var datapath: DatapathConfiguration.Timeouts {
        var timeouts = DatapathConfiguration.Timeouts()
        for name in Name.allCases {
            let time = Duration.seconds(self[name])
            switch name {
            case .tcpOpening: timeouts.tcpOpening = time
            case .tcpEstablished: timeouts.tcpEstablished = time
            case .tcpHalfClosed: timeouts.tcpHalfClosed = time
            case .tcpClosing: timeouts.tcpClosing = time
            case .tcpReset: timeouts.tcpReset = time
            case .udp: timeouts.udp = time
            case .udpStream: timeouts.udpStream = time
            case .icmp: timeouts.icmp = time
            case .other: timeouts.other = time
            case .fragment: timeouts.fragment = time
            }
        }
        return timeouts
    }
}
