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
    }
}

extension Switch {
    private enum Name {
        static let control = "policyd_control"
        static let programs = "policyd_progs"
    }

    /// Loads the entry programs; nothing is in force.
    init() throws(BPFError) {
        let object = try OpenObject(.entry)
        let loaded = try object.load()
        let names = EntryPrograms.names
        self.init(
            control: try loaded.mappedArray(Name.control), programs: try loaded.programArray(Name.programs),
            entries: EntryPrograms(
                ingress: try loaded.program(names[0]), egress: try loaded.program(names[1]),
                rawIngress: try loaded.program(names[2]), rawEgress: try loaded.program(names[3])))
        control[0] = pd_control(active: 0, version: UInt32(PD_STATE_VERSION), reserved: 0)
    }

    /// Opens what is pinned.
    init(pinned pins: Pins) throws(BPFError) {
        let names = EntryPrograms.names
        self.init(
            control: try MappedArray(pinnedAt: pins.control), programs: try ProgramArray(pinnedAt: pins.programs),
            entries: EntryPrograms(
                ingress: try Program(pinnedAt: pins.entry(names[0])), egress: try Program(pinnedAt: pins.entry(names[1])),
                rawIngress: try Program(pinnedAt: pins.entry(names[2])), rawEgress: try Program(pinnedAt: pins.entry(names[3]))))
    }

    /// The version of the state pinned in a folder; nil if that cannot be read.
    static func version(_ pins: Pins) -> UInt32? {
        guard let control = try? MappedArray<pd_control>(pinnedAt: pins.control) else { return nil }
        return control[0].version
    }

    /// Pins everything, the switch last: where it is, all is.
    func pin(_ pins: Pins) throws(BPFError) {
        let names = EntryPrograms.names
        try entries.ingress.pin(at: pins.entry(names[0]))
        try entries.egress.pin(at: pins.entry(names[1]))
        try entries.rawIngress.pin(at: pins.entry(names[2]))
        try entries.rawEgress.pin(at: pins.entry(names[3]))
        // The array's programs go when neither a descriptor nor a pin holds it.
        try programs.pin(at: pins.programs)
        try control.pin(at: pins.control)
    }

    /// Has a program object read the switch.
    func lend(to object: inout OpenObject) throws(BPFError) {
        try object.reuse(control, asMap: Name.control)
    }

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
