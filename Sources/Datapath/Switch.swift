internal import BPF
internal import BPFObjects
internal import CDatapath

/// What is attached to interfaces, and the one word that says by which generation of tables packets are judged.
struct Switch: ~Copyable {
    fileprivate let control: MappedArray<pd_control>
    fileprivate let programs: ProgramArray
    fileprivate let entries: EntryPrograms

    /// The programs at interfaces: by direction, and by whether frames have an Ethernet header.
    struct EntryPrograms: ~Copyable {
        let ingress: Program
        let egress: Program
        let rawIngress: Program
        let rawEgress: Program

        static let names = ["policyd_ingress", "policyd_egress", "policyd_in_raw", "policyd_out_raw"]

        func pin(at path: (String) -> String) throws(BPFError) {
            try ingress.pin(at: path(Self.names[0]))
            try egress.pin(at: path(Self.names[1]))
            try rawIngress.pin(at: path(Self.names[2]))
            try rawEgress.pin(at: path(Self.names[3]))
        }
    }
}

extension Switch.EntryPrograms {
    init(_ loaded: borrowing LoadedObject) throws(BPFError) {
        let names = Self.names
        self.init(
            ingress: try loaded.program(names[0]), egress: try loaded.program(names[1]), rawIngress: try loaded.program(names[2]),
            rawEgress: try loaded.program(names[3]))
    }

    init(pinned pins: Pins) throws(BPFError) {
        let names = Self.names
        self.init(
            ingress: try Program(pinnedAt: pins.entry(names[0])), egress: try Program(pinnedAt: pins.entry(names[1])),
            rawIngress: try Program(pinnedAt: pins.entry(names[2])), rawEgress: try Program(pinnedAt: pins.entry(names[3])))
    }
}

extension Switch {
    private enum Name {
        static let control = "policyd_control"
        static let programs = "policyd_progs"
    }

    /// Loads the entry programs; nothing is in force.
    init(_ programs: DatapathPrograms) throws(BPFError) {
        let loaded = try OpenObject(programs.entry).load()
        self.init(
            control: try loaded.mappedArray(Name.control), programs: try loaded.programArray(Name.programs),
            entries: try EntryPrograms(loaded))
        control[0] = pd_control(active: 0, version: UInt32(PD_STATE_VERSION), build: programs.entryBuild)
    }

    /// Opens what is pinned.
    init(pinned pins: Pins) throws(BPFError) {
        self.init(
            control: try MappedArray(pinnedAt: pins.control), programs: try ProgramArray(pinnedAt: pins.programs),
            entries: try EntryPrograms(pinned: pins))
    }

    /// Loads another build of the entry programs for the switch that is pinned, and has them take the places of those pinned beside it.
    static func replacePrograms(_ programs: DatapathPrograms, _ pins: Pins) throws(BPFError) {
        let old = try Switch(pinned: pins)
        var object = try OpenObject(programs.entry)
        try object.reuse(old.control, asMap: Name.control)
        try object.reuse(old.programs, asMap: Name.programs)
        let loaded = try object.load()
        // What was left where this was broken off before.
        for name in EntryPrograms.names { Pins.remove(pins.newEntry(name)) }
        try EntryPrograms(loaded).pin(at: pins.newEntry)
        for name in EntryPrograms.names { try Pins.move(pins.newEntry(name), to: pins.entry(name)) }
    }

    /// The version of the state pinned in a folder; nil if that cannot be read.
    static func version(_ pins: Pins) -> UInt32? {
        guard let control = try? MappedArray<pd_control>(pinnedAt: pins.control) else { return nil }
        return control[0].version
    }

    /// Pins everything, the switch last: where it is, all is.
    func pin(_ pins: Pins) throws(BPFError) {
        try entries.pin(at: pins.entry)
        // The array's programs go when neither a descriptor nor a pin holds it.
        try programs.pin(at: pins.programs)
        try control.pin(at: pins.control)
    }

    /// Has a program object read the switch.
    func lend(to object: inout OpenObject) throws(BPFError) {
        try object.reuse(control, asMap: Name.control)
    }

    /// By what the build of the entry programs is known again; 0 while they are being replaced.
    var build: UInt32 {
        get { control.loadAcquire(atByteOffset: Self.buildOffset) }
        nonmutating set { control.storeRelease(newValue, atByteOffset: Self.buildOffset) }
    }

    private static let buildOffset = MemoryLayout<pd_control>.offset(of: \.build) ?? 12

    /// The generation in force, 1 or 2, and its revision; nil while nothing is in force.
    var active: (slot: Int, revision: UInt32)? {
        let word = control.loadAcquire(UInt64.self, atByteOffset: 0)
        let slot = Int(word & UInt64(PD_SLOT_MASK))
        return slot == 0 ? nil : (slot, UInt32(word >> 32))
    }

    /// Has packets judged by a generation from now on.
    func activate(_ slot: Int, revision: UInt32) {
        control.storeRelease(UInt64(revision) << 32 | UInt64(slot), atByteOffset: 0)
    }

    /// Lets every packet pass.
    func deactivate() {
        control.storeRelease(UInt64(0), atByteOffset: 0)
    }

    /// Puts a generation's program where the entry programs find it.
    func setProgram(_ program: borrowing Program, slot: Int) throws(BPFError) {
        try programs.set(program, at: UInt32(slot - 1))
    }

    /// Takes a generation's program away, which must not be in force.
    func removeProgram(slot: Int) throws(BPFError) {
        try programs.remove(at: UInt32(slot - 1))
    }

    /// Gives the program to be attached to an interface.
    func withEntry<R: ~Copyable>(
        _ direction: TrafficDirection, isRaw: Bool, _ body: (borrowing Program) throws(BPFError) -> R
    ) throws(BPFError) -> R {
        switch (direction, isRaw) {
        case (.ingress, false): try body(entries.ingress)
        case (.egress, false): try body(entries.egress)
        case (.ingress, true): try body(entries.rawIngress)
        case (.egress, true): try body(entries.rawEgress)
        }
    }

    /// The kernel's numbers of the entry programs: by them filters are known as ours.
    var entryIDs: Set<UInt32> {
        get throws(BPFError) {
            [try entries.ingress.info.id, try entries.egress.info.id, try entries.rawIngress.info.id, try entries.rawEgress.info.id]
        }
    }
}
