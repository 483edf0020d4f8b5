internal import BPF
internal import CDatapath

/// The kernel's tables of connections: the established ones of each family, and those that are opening.
final class ConnectionMaps: Sendable {
    private let established4: Map<pd_flow4, pd_connection>
    private let established6: Map<pd_flow6, pd_connection>
    private let opening4: Map<pd_flow4, pd_connection>
    private let opening6: Map<pd_flow6, pd_connection>
    /// What programs put in and took out, by `pd_connection_table`.
    private let use: PerCPUMap<UInt32, pd_use>
    /// What the daemon took out, by `pd_connection_table`, and behind that how many are known to have been evicted.
    private let swept: MappedArray<UInt64>

    /// The names in the object, which are also the names of the pins.
    private enum Name {
        static let established4 = "policyd_conn4"
        static let established6 = "policyd_conn6"
        static let opening4 = "policyd_open4"
        static let opening6 = "policyd_open6"
        static let use = "policyd_use"
        static let swept = "policyd_swept"
    }

    /// The maps whose size is the operator's.
    static let names = [Name.established4, Name.established6, Name.opening4, Name.opening6]
    private static let tables = Int(PD_CONNECTION_TABLES.rawValue)

    /// Makes them, empty, each for so many connections.
    init(creating limit: Int) throws(BPFError) {
        established4 = try .create(.lruHash, name: Name.established4, maxEntries: limit)
        established6 = try .create(.lruHash, name: Name.established6, maxEntries: limit)
        opening4 = try .create(.lruHash, name: Name.opening4, maxEntries: limit)
        opening6 = try .create(.lruHash, name: Name.opening6, maxEntries: limit)
        use = try .create(.perCPUArray, name: Name.use, maxEntries: Self.tables)
        swept = try .create(name: Name.swept, count: 2 * Self.tables)
    }

    /// Opens those that are pinned.
    init(pinned pins: Pins) throws(BPFError) {
        established4 = try Map(pinnedAt: pins.shared(Name.established4))
        established6 = try Map(pinnedAt: pins.shared(Name.established6))
        opening4 = try Map(pinnedAt: pins.shared(Name.opening4))
        opening6 = try Map(pinnedAt: pins.shared(Name.opening6))
        use = try PerCPUMap(pinnedAt: pins.shared(Name.use))
        swept = try MappedArray(pinnedAt: pins.shared(Name.swept))
    }

    /// - Parameter ending: What is behind the names of the pins.
    func pin(_ pins: Pins, ending: String = "") throws(BPFError) {
        try established4.pin(at: pins.shared(Name.established4 + ending))
        try established6.pin(at: pins.shared(Name.established6 + ending))
        try opening4.pin(at: pins.shared(Name.opening4 + ending))
        try opening6.pin(at: pins.shared(Name.opening6 + ending))
        try use.pin(at: pins.shared(Name.use + ending))
        try swept.pin(at: pins.shared(Name.swept + ending))
    }

    /// Has a program object use them.
    func lend(to object: inout OpenObject) throws(BPFError) {
        try object.reuse(established4, asMap: Name.established4)
        try object.reuse(established6, asMap: Name.established6)
        try object.reuse(opening4, asMap: Name.opening4)
        try object.reuse(opening6, asMap: Name.opening6)
        try object.reuse(use, asMap: Name.use)
    }

    /// The most connections of each table.
    var limit: Int { established4.maxEntries }

    /// The kernel's number of the first of them.
    var id: UInt32 { get throws(BPFError) { try established4.info.id } }

    /// The pins, by the names of maps.
    private static let pinned = names + [Name.use, Name.swept]
}

// MARK: - Another size

extension ConnectionMaps {
    /// What is behind the names of pins whose maps are to take the place of others. A bpf filesystem wants no dots.
    private static let next = "_next"

    /// Pins them beside those whose place they are to take.
    func pinAsNext(_ pins: Pins) throws(BPFError) {
        Self.dropNext(pins)
        try pin(pins, ending: Self.next)
    }

    /// Has the pins of the next ones take the place of the others, one after the other: who finds some still there goes on.
    static func promoteNext(_ pins: Pins) {
        for name in pinned { try? Pins.move(pins.shared(name + next), to: pins.shared(name)) }
    }

    /// The first one last: see ``finishResizing(_:mapIDs:)``.
    static func dropNext(_ pins: Pins) {
        for name in pinned.reversed() { Pins.remove(pins.shared(name + next)) }
    }

    /// Ends what a process left that was ended while it gave the tables another size: packets are judged with these maps or with those.
    ///
    /// - Parameter mapIDs: the numbers of the maps that the program in force uses; empty if nothing is in force.
    static func finishResizing(_ pins: Pins, mapIDs: [UInt32]) {
        let names = Set(Directory.names(in: pins.shared("")))
        guard pinned.contains(where: { names.contains($0 + next) }) else { return }
        let first = pins.shared(Name.established4 + next)
        // The first one is renamed first: where it has gone, the others follow.
        guard names.contains(Name.established4 + next) else { return promoteNext(pins) }
        let isInForce = (try? Map<pd_flow4, pd_connection>(pinnedAt: first).info.id).map(mapIDs.contains) ?? false
        if isInForce { promoteNext(pins) } else { dropNext(pins) }
    }

    /// Takes over the connections of others, all or those heard of since a time.
    ///
    /// - Parameter isInForce: packets are judged with these already: what is in them is newer.
    func takeOver(_ others: ConnectionMaps, since: UInt32? = nil, isInForce: Bool = false) throws(BPFError) {
        let mode: UpdateMode = isInForce ? .insert : .any
        let counts = [
            try others.established4.copy(to: established4, since: since, mode: mode),
            try others.established6.copy(to: established6, since: since, mode: mode),
            try others.opening4.copy(to: opening4, since: since, mode: mode),
            try others.opening6.copy(to: opening6, since: since, mode: mode),
        ]
        for (table, count) in counts.enumerated() {
            if since == nil {
                // The account goes on: nobody inserted what was copied, and what had been evicted stays evicted.
                let evicted = others.swept[Self.tables + table]
                swept[Self.tables + table] = evicted
                swept[table] = 0 &- UInt64(count) &- evicted
            } else if isInForce {
                swept[table] = swept[table] &- UInt64(count)
            }
        }
    }
}

// MARK: - Looking after them

extension ConnectionMaps {
    /// Takes out the connections whose time is over, and says how full the tables are then.
    ///
    /// Programs do not take them for connections any more; they go so that the kernel need not evict others for want of room.
    func sweep(_ timeouts: DatapathConfiguration.Timeouts) throws(BPFError) -> [ConnectionUse] {
        let timeouts = pd_timeouts(timeouts)
        return [
            try sweep(established4, PD_ESTABLISHED4, timeouts), try sweep(established6, PD_ESTABLISHED6, timeouts),
            try sweep(opening4, PD_OPENING4, timeouts), try sweep(opening6, PD_OPENING6, timeouts),
        ]
    }

    private func sweep<Key: FlowKey & BitwiseCopyable>(
        _ map: borrowing Map<Key, pd_connection>, _ table: pd_connection_table, _ timeouts: pd_timeouts
    ) throws(BPFError) -> ConnectionUse {
        let index = Int(table.rawValue)
        // Read before the entries are counted: what comes meanwhile is not taken for evicted.
        let values = try use.values(forKey: table.rawValue) ?? []
        let found = try map.sweep(at: Ticks.now, timeouts)
        swept[index] = swept[index] &+ UInt64(found.removed)
        let inserted = values.reduce(0) { $0 &+ $1.inserted }
        let accounted = values.reduce(swept[index] &+ UInt64(found.left)) { $0 &+ $1.removed }
        // Below what is known already while entries come and go.
        let evicted = max(swept[Self.tables + index], UInt64(max(0, Int64(bitPattern: inserted &- accounted))))
        swept[Self.tables + index] = evicted
        return ConnectionUse(
            family: Key.family, isOpening: index >= Int(PD_OPENING4.rawValue), used: found.left, limit: map.maxEntries, evicted: evicted,
            refused: values.reduce(0) { $0 &+ $1.failed })
    }

    /// Walks all connections that are not over.
    func forEachFlow(_ timeouts: DatapathConfiguration.Timeouts, _ body: (Flow) -> Void) throws(BPFError) {
        let timeouts = pd_timeouts(timeouts)
        try established4.forEachFlow(timeouts, body)
        try established6.forEachFlow(timeouts, body)
        try opening4.forEachFlow(timeouts, body)
        try opening6.forEachFlow(timeouts, body)
    }
}
