internal import BPF
internal import CDatapath
private import Synchronization

/// The connections the kernel knows.
extension Datapath {
    /// Takes out the connections whose time is over, and says how full the tables are. To be called again and again.
    @discardableResult
    public func sweepConnections() throws(DatapathError) -> [ConnectionUse] {
        let (connections, timeouts) = state.withLock { ($0.shared.connections, $0.timeouts) }
        let use = try doing("cannot look after the connections") { () throws(BPFError) in try connections.sweep(timeouts) }
        return state.withLock { $0.evictions.complete(use) }
    }

    /// Walks the connections, in no order; those that come or go meanwhile may be missed.
    public func forEachFlow(_ body: (Flow) -> Void) throws(DatapathError) {
        let (connections, timeouts) = state.withLock { ($0.shared.connections, $0.timeouts) }
        try doing("cannot read the connections") { () throws(BPFError) in try connections.forEachFlow(timeouts, body) }
    }

    /// Changes how long connections outlive their last packet, of those that are there as well, from the next packet on.
    public func setTimeouts(_ timeouts: DatapathConfiguration.Timeouts) {
        state.withLock { state in
            state.timeouts = timeouts
            for tables in state.tables.values { tables.setTimeouts(pd_timeouts(timeouts)) }
        }
    }
}

extension TableMaps {
    /// Each time-out is one aligned store: packets that are judged meanwhile see the old one or the new one.
    func setTimeouts(_ timeouts: pd_timeouts) {
        guard let place = MemoryLayout<pd_header>.offset(of: \.timeouts) else { return }
        unsafe withUnsafeBytes(of: timeouts) { bytes in
            for offset in stride(from: 0, to: bytes.count, by: 8) {
                header.storeRelease(unsafe bytes.load(fromByteOffset: offset, as: UInt64.self), atByteOffset: place + offset)
            }
        }
    }
}
