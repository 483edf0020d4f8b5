internal import BPF
internal import CDatapath

/// The kernel's tables of connections: the established ones of each family, and those that are opening.
struct ConnectionMaps: ~Copyable {
    let established4: Map<pd_flow4, pd_connection>
    let established6: Map<pd_flow6, pd_connection>
    let opening4: Map<pd_flow4, pd_connection>
    let opening6: Map<pd_flow6, pd_connection>
    /// What programs put in and took out, by `pd_connection_table`.
    let use: PerCPUMap<UInt32, pd_use>

    /// The names in the object, which are also the names of the pins.
    private enum Name {
        static let established4 = "policyd_conn4"
        static let established6 = "policyd_conn6"
        static let opening4 = "policyd_open4"
        static let opening6 = "policyd_open6"
        static let use = "policyd_use"
    }

    /// The maps whose size is the operator's.
    static let names = [Name.established4, Name.established6, Name.opening4, Name.opening6]
}

extension ConnectionMaps {
    /// Makes them, empty, each for so many connections.
    init(creating limit: Int) throws(BPFError) {
        self.init(
            established4: try .create(.lruHash, name: Name.established4, maxEntries: limit),
            established6: try .create(.lruHash, name: Name.established6, maxEntries: limit),
            opening4: try .create(.lruHash, name: Name.opening4, maxEntries: limit),
            opening6: try .create(.lruHash, name: Name.opening6, maxEntries: limit),
            use: try .create(.perCPUArray, name: Name.use, maxEntries: Int(PD_CONNECTION_TABLES.rawValue)))
    }

    /// Opens those that are pinned.
    init(pinned pins: Pins) throws(BPFError) {
        self.init(
            established4: try Map(pinnedAt: pins.shared(Name.established4)),
            established6: try Map(pinnedAt: pins.shared(Name.established6)),
            opening4: try Map(pinnedAt: pins.shared(Name.opening4)),
            opening6: try Map(pinnedAt: pins.shared(Name.opening6)),
            use: try PerCPUMap(pinnedAt: pins.shared(Name.use)))
    }

    func pin(_ pins: Pins) throws(BPFError) {
        try established4.pin(at: pins.shared(Name.established4))
        try established6.pin(at: pins.shared(Name.established6))
        try opening4.pin(at: pins.shared(Name.opening4))
        try opening6.pin(at: pins.shared(Name.opening6))
        try use.pin(at: pins.shared(Name.use))
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
}
