internal import BPF
internal import BPFObjects
internal import CDatapath
private import Glibc

/// The programs at XDP: the one that is attached, and behind it one for each generation of tables.
///
/// They are in the kernel while an interface has early drop. They only ever drop what the program at tc would deny, so that one may be
/// missing, attached late or taken away early, and verdicts stay as they are.
final class EarlyPrograms: Sendable {
    private let pins: Pins
    private let entry: Program
    private let programs: ProgramArray

    private enum Name {
        static let entry = "policyd_xdp"
        static let programs = "policyd_earlies"
        static let program = "policyd_early"
    }

    /// Loads the program to be attached; no generation has one yet.
    init(creating pins: Pins, _ entry: borrowing Switch) throws(BPFError) {
        var object = try OpenObject(.xdpEntry)
        try entry.lend(to: &object)
        if KernelFeatures.hasFrags { try object.allowFragments(program: Name.entry) }
        let loaded = try object.load()
        self.pins = pins
        self.entry = try loaded.program(Name.entry)
        programs = try loaded.programArray(Name.programs)
        do throws(BPFError) {
            try self.entry.pin(at: pins.early(Name.entry))
            try programs.pin(at: pins.early(Name.programs))
        } catch {
            Pins.empty(pins.earlies)
            throw error
        }
    }

    /// Opens what is pinned.
    init(pinned pins: Pins) throws(BPFError) {
        self.pins = pins
        entry = try Program(pinnedAt: pins.early(Name.entry))
        programs = try ProgramArray(pinnedAt: pins.early(Name.programs))
    }

    // MARK: Generations

    /// Gives a generation the program that asks its tables.
    func load(_ slot: Int, _ tables: TableMaps, _ shared: borrowing SharedMaps) throws(BPFError) {
        try programs.set(try Self.program(tables, shared), at: UInt32(slot - 1))
    }

    /// The program that asks tables; attached to nothing.
    static func program(_ tables: TableMaps, _ shared: borrowing SharedMaps) throws(BPFError) -> Program {
        var object = try OpenObject(.xdp)
        try tables.lend(to: &object)
        try shared.lend(to: &object)
        try object.setGlobal("has_loop", to: UInt8(KernelFeatures.hasLoop ? 1 : 0))
        try object.setGlobal("has_frags", to: UInt8(KernelFeatures.hasFrags ? 1 : 0))
        if KernelFeatures.hasFrags { try object.allowFragments(program: Name.program) }
        return try object.load().program(Name.program)
    }

    func hasProgram(_ slot: Int) -> Bool { (try? programs.programID(at: UInt32(slot - 1))) != nil }

    /// Takes a generation's program away, and with it its hold on the tables: the program at tc does all.
    func unload(_ slot: Int) throws(BPFError) { try programs.remove(at: UInt32(slot - 1)) }

    // MARK: Interfaces

    /// The early drop of each interface by its index, as it is attached now.
    static func attached(_ pins: Pins) -> [Int32: EarlyDrop] {
        var found: [Int32: EarlyDrop] = [:]
        for name in Pins.names(in: pins.links) {
            let parts = name.split(separator: "-")
            guard parts.count == 2, let index = Int32(parts[0]), let mode = EarlyDrop(rawValue: String(parts[1])) else { continue }
            guard let link = try? Link(pinnedAt: pins.link(index, mode)), (try? link.info.interface) == index else { continue }
            found[index] = mode
        }
        return found
    }

    func attach(_ interface: NetworkInterface, _ mode: EarlyDrop) throws(EarlyRefusal) {
        guard !interface.isRaw else { throw EarlyRefusal("its frames have no Ethernet header") }
        do throws(BPFError) {
            let path = pins.link(interface.index, mode)
            // Of an interface that had the index before.
            Pins.remove(path)
            let link = try entry.attachXDP(interface: interface.index, mode == .native ? .native : .generic)
            try link.pin(at: path)
        } catch {
            throw EarlyRefusal(error, mode)
        }
    }

    static func detach(_ index: Int32, _ mode: EarlyDrop, _ pins: Pins) throws(BPFError) {
        let path = pins.link(index, mode)
        guard let link = try? Link(pinnedAt: path) else { return }
        Pins.remove(path)
        try link.detach()
    }
}

/// Why an interface that should have early drop has none, in words for its operator.
struct EarlyRefusal: Error, CustomStringConvertible {
    var description: String

    init(_ description: String) { self.description = description }

    init(_ error: BPFError, _ mode: EarlyDrop) {
        switch error.errno {
        case EBUSY, EEXIST: self.init("another XDP program is attached to it, which is left alone")
        case EOPNOTSUPP where mode == .native: self.init("its driver has no native XDP; generic works at every interface")
        default: self.init("\(error)")
        }
    }
}

extension DatapathState {
    /// Has the interfaces, all of them attached to at tc, drop early as it was chosen, and no other. What is right already is left alone.
    ///
    /// - Returns: what changed, to be told: the interface, and why it has no early drop, or nil if it is as chosen now.
    mutating func synchronizeEarlyDrop(
        _ interfaces: [NetworkInterface], _ selection: EarlyDropSelection
    ) -> [(interface: NetworkInterface, mode: EarlyDrop?, failure: String?)] {
        let wanted = Dictionary(
            interfaces.compactMap { interface in selection.mode(interface.name).map { (interface.index, $0) } }, uniquingKeysWith: { $1 })
        var changes: [(interface: NetworkInterface, mode: EarlyDrop?, failure: String?)] = []
        let before = earlyFailures
        earlyFailures = [:]
        var attached = EarlyPrograms.attached(pins)
        for (index, mode) in attached where wanted[index] != mode {
            do throws(BPFError) {
                try EarlyPrograms.detach(index, mode, pins)
                attached[index] = nil
                if wanted[index] == nil, let interface = interfaces.first(where: { $0.index == index }) {
                    changes.append((interface, nil, nil))
                }
            } catch {
                earlyFailures[index] = "it cannot be taken from \(mode.rawValue) XDP: \(error)"
            }
        }
        if wanted.isEmpty {
            forgetEarlyPrograms()
        } else {
            let failure = prepareEarlyPrograms()
            for interface in interfaces where wanted[interface.index] != nil && wanted[interface.index] != attached[interface.index] {
                guard let mode = wanted[interface.index], earlyFailures[interface.index] == nil else { continue }
                guard let early, failure == nil else {
                    earlyFailures[interface.index] = failure
                    continue
                }
                do throws(EarlyRefusal) {
                    try early.attach(interface, mode)
                    changes.append((interface, mode, nil))
                } catch {
                    earlyFailures[interface.index] = error.description
                }
            }
        }
        for interface in interfaces {
            guard let failure = earlyFailures[interface.index], failure != before[interface.index] else { continue }
            changes.append((interface, wanted[interface.index], failure))
        }
        return changes
    }

    /// Sees to it that the programs at XDP are there for each generation; says why not.
    private mutating func prepareEarlyPrograms() -> String? {
        do throws(BPFError) {
            let programs: EarlyPrograms
            if let early { programs = early } else { programs = try EarlyPrograms(creating: pins, entry) }
            early = programs
            for (slot, tables) in tables where !programs.hasProgram(slot) { try programs.load(slot, tables, shared) }
            return nil
        } catch {
            return "the kernel did not take the program: \(error)"
        }
    }

    /// Gives a generation whose tables are new a program at XDP, if there are such programs. Without it the one at tc does all.
    mutating func loadEarlyProgram(_ slot: Int) {
        guard let early, let tables = tables[slot] else { return }
        do throws(BPFError) {
            try early.load(slot, tables, shared)
        } catch {
            let failure = "the kernel did not take the program: \(error)"
            for index in EarlyPrograms.attached(pins).keys { earlyFailures[index] = failure }
        }
    }

    /// Takes all of them out of the kernel, attached or not.
    mutating func removeEarlyDrop() throws(BPFError) {
        for (index, mode) in EarlyPrograms.attached(pins) { try EarlyPrograms.detach(index, mode, pins) }
        forgetEarlyPrograms()
    }

    private mutating func forgetEarlyPrograms() {
        early = nil
        earlyFailures = [:]
        Pins.empty(pins.earlies)
    }
}
