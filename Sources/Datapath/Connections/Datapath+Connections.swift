internal import BPF
internal import CDatapath
internal import PolicyCompiler
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
        let names = Dictionary(try NetworkInterface.all().map { (UInt32(bitPattern: $0.index), $0.name) }) { $1 }
        try doing("cannot read the connections") { () throws(BPFError) in
            try connections.forEachFlow(timeouts) { flow in
                var flow = flow
                flow.interface = names[flow.interfaceIndex] ?? flow.interface
                body(flow)
            }
        }
    }

    /// Changes how long connections outlive their last packet, of those that are there as well, from the next packet on.
    public func setTimeouts(_ timeouts: DatapathConfiguration.Timeouts) {
        state.withLock { state in
            state.timeouts = timeouts
            for tables in state.tables.values { tables.setTimeouts(pd_timeouts(timeouts)) }
        }
    }
}

// MARK: - Another size

extension Datapath {
    /// The most connections of each family that are established, and as many that are opening.
    public var connectionLimit: Int { state.withLock { $0.shared.connections.limit } }

    /// Gives the tables of connections another size. The connections stay: those heard of last, where there is no more room for all.
    ///
    /// New tables are filled from the old ones, a program that uses them is loaded for the policy in force, and the switch is turned to
    /// it. What the old program noted until then is copied once more.
    /// - Throws: `DatapathError`; then everything is as it was.
    public func setConnectionLimit(_ limit: Int) throws(DatapathError) {
        try state.withLock { state throws(DatapathError) in
            guard limit != state.shared.connections.limit else { return }
            if state.entry.active != nil, state.policy == nil {
                throw DatapathError("the tables of connections keep their size until a policy is applied: the one in force is not known")
            }
            try doing("cannot give the tables of connections another size") { () throws(BPFError) in
                try state.resizeConnections(to: limit, configuration)
            }
            state.evictions = EvictionHistory(isFresh: false)
        }
    }
}

extension DatapathState {
    fileprivate mutating func resizeConnections(to limit: Int, _ configuration: DatapathConfiguration) throws(BPFError) {
        let old = shared.connections
        let new = try ConnectionMaps(creating: limit)
        let started = Ticks.now
        try new.takeOver(old)
        try new.pinAsNext(pins)
        do throws(BPFError) {
            shared.connections = new
            if entry.active != nil { try switchToConnections(new, from: old, heardOfSince: started, configuration) }
        } catch {
            shared.connections = old
            ConnectionMaps.dropNext(pins)
            throw error
        }
        ConnectionMaps.promoteNext(pins)
        // Programs of the other generation, or of both where nothing is in force, hold the old tables.
        for slot in 1...2 where slot != entry.active?.slot {
            tables[slot] = nil
            Pins.empty(pins.tables(slot))
            try? entry.removeProgram(slot: slot)
            try? unloadEarlyPrograms(slot)
        }
    }

    private mutating func switchToConnections(
        _ new: ConnectionMaps, from old: ConnectionMaps, heardOfSince started: UInt32, _ configuration: DatapathConfiguration
    ) throws(BPFError) {
        guard var policy else { return }
        for interface in interfaces { policy.add(interface: interface.name) }
        let slot = inactive
        tables[slot] = nil
        try prepare(slot, for: policy)
        try fill(slot, policy, configuration)
        // Once more what was heard of meanwhile, so that little is left to do after the switch.
        let again = Ticks.now
        try new.takeOver(old, since: started)
        try? GracePeriod.order()
        activate(slot, policy)
        // From here on there is no way back: what cannot be copied is judged as new.
        try? new.takeOver(old, since: again, isInForce: true)
        try? GracePeriod.wait()
        try? new.takeOver(old, since: again, isInForce: true)
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
