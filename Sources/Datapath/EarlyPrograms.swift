internal import BPF
internal import BPFObjects
internal import CDatapath
private import Glibc

/// The programs at XDP of one mode: the one that is attached, and behind it one for each generation of tables.
///
/// They are in the kernel while an interface drops early in that mode. They only ever drop what the program at tc would deny, so that one may be
/// missing, attached late or taken away early, and verdicts stay as they are.
final class EarlyPrograms: Sendable {
    private let pins: Pins
    private let mode: EarlyDrop
    /// By what it is known of which build the attached program is.
    let build: String
    private let entry: Program
    private let programs: ProgramArray

    private enum Name {
        static let entry = "policyd_xdp"
        static let programs = "policyd_earlies"
        static let program = "policyd_early"
    }

    /// Whether programs of a mode take frames of several parts.
    ///
    /// Drivers want it for frames larger than a page. In generic mode the kernel then loses the length of the link header (6.9 and later:
    /// skb_pp_cow_data leaves `mac_len` behind), and programs at tc see frames without it.
    private static func hasFrags(_ mode: EarlyDrop) -> Bool { mode == .native && KernelFeatures.hasFrags }

    /// The build of this process.
    static let ownBuild = String(EmbeddedObject.xdpEntry.digest ^ (EmbeddedObject.xdp.digest &* 3), radix: 16)

    /// Loads the program to be attached; no generation has one yet.
    init(creating pins: Pins, _ mode: EarlyDrop, _ entry: borrowing Switch) throws(BPFError) {
        var object = try OpenObject(.xdpEntry)
        try entry.lend(to: &object)
        if Self.hasFrags(mode) { try object.allowFragments(program: Name.entry) }
        let loaded = try object.load()
        self.pins = pins
        self.mode = mode
        build = Self.ownBuild
        self.entry = try loaded.program(Name.entry)
        programs = try loaded.programArray(Name.programs)
        do throws(BPFError) {
            try programs.pin(at: pins.early(mode, build, "programs"))
            try self.entry.pin(at: pins.early(mode, build, "entry"))
        } catch {
            Self.forget(mode, build, pins)
            throw error
        }
    }

    /// Opens what is pinned.
    init(pinned pins: Pins, _ mode: EarlyDrop, _ build: String) throws(BPFError) {
        self.pins = pins
        self.mode = mode
        self.build = build
        entry = try Program(pinnedAt: pins.early(mode, build, "entry"))
        programs = try ProgramArray(pinnedAt: pins.early(mode, build, "programs"))
    }

    /// The builds of which programs of a mode are pinned.
    static func builds(_ mode: EarlyDrop, _ pins: Pins) -> Set<String> {
        Set(
            Directory.names(in: pins.earlies).compactMap { name in
                let parts = name.split(separator: "-")
                return parts.count == 3 && parts[0] == mode.rawValue ? String(parts[1]) : nil
            })
    }

    /// Takes the programs of a mode and build away; they go when nothing holds them any more.
    static func forget(_ mode: EarlyDrop, _ build: String, _ pins: Pins) {
        for part in ["entry", "programs"] { Pins.remove(pins.early(mode, build, part)) }
    }

    // MARK: Generations

    /// Gives a generation the program that asks its tables.
    func load(_ slot: Int, _ tables: TableMaps, _ shared: borrowing SharedMaps) throws(BPFError) {
        var object = try OpenObject(.xdp)
        try tables.lend(to: &object)
        try shared.lend(to: &object)
        try object.setGlobal("has_loop", to: UInt8(KernelFeatures.hasLoop ? 1 : 0))
        try object.setGlobal("has_frags", to: UInt8(Self.hasFrags(mode) ? 1 : 0))
        if Self.hasFrags(mode) { try object.allowFragments(program: Name.program) }
        try programs.set(try object.load().program(Name.program), at: UInt32(slot - 1))
    }

    func hasProgram(_ slot: Int) -> Bool { (try? programs.programID(at: UInt32(slot - 1))) != nil }

    /// Takes a generation's program away, and with it its hold on the tables: the program at tc does all.
    func unload(_ slot: Int) throws(BPFError) { try programs.remove(at: UInt32(slot - 1)) }

    // MARK: Interfaces

    /// The early drop of each interface by its index, as it is attached now.
    static func attached(_ pins: Pins) -> [Int32: EarlyDrop] {
        var found: [Int32: EarlyDrop] = [:]
        for name in Directory.names(in: pins.links) {
            let parts = name.split(separator: "-")
            guard parts.count == 2, let index = Int32(parts[0]), let mode = EarlyDrop(rawValue: String(parts[1])) else { continue }
            guard let link = try? Link(pinnedAt: pins.link(index, mode)), (try? link.info.interface) == index else { continue }
            found[index] = mode
        }
        return found
    }

    func attach(_ interface: NetworkInterface) throws(EarlyRefusal) {
        guard !interface.isRaw else { throw EarlyRefusal("its frames have no Ethernet header") }
        do throws(BPFError) {
            let path = pins.link(interface.index, mode)
            // Of an interface that had the index before.
            Pins.remove(path)
            try entry.attach(to: .xdp(interface: .index(interface.index), mode: mode == .native ? .native : .generic)).pin(at: path)
        } catch {
            throw EarlyRefusal(error, mode)
        }
    }

    /// Has an interface that is attached to run this program, where it runs that of another build: in one step.
    func replace(_ interface: NetworkInterface) throws(EarlyRefusal) {
        do throws(BPFError) {
            let link = try Link(pinnedAt: pins.link(interface.index, mode))
            if try link.info.programID != entry.info.id { try link.update(to: entry) }
        } catch {
            throw EarlyRefusal("the program of another build cannot be replaced: \(error)")
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
        for mode in EarlyDrop.allCases where !wanted.values.contains(mode) { forgetEarlyPrograms(mode) }
        for interface in interfaces where earlyFailures[interface.index] == nil {
            guard let mode = wanted[interface.index] else { continue }
            do throws(EarlyRefusal) {
                let programs = try earlyPrograms(mode)
                guard attached[interface.index] != mode else {
                    try programs.replace(interface)
                    continue
                }
                try programs.attach(interface)
                changes.append((interface, mode, nil))
            } catch {
                earlyFailures[interface.index] = error.description
            }
        }
        for mode in EarlyDrop.allCases where earlyFailures.isEmpty { forgetOtherBuilds(mode) }
        for interface in interfaces {
            guard let failure = earlyFailures[interface.index], failure != before[interface.index] else { continue }
            changes.append((interface, wanted[interface.index], failure))
        }
        return changes
    }

    /// The programs of a mode, with one for each generation that has tables.
    private mutating func earlyPrograms(_ mode: EarlyDrop) throws(EarlyRefusal) -> EarlyPrograms {
        do throws(BPFError) {
            let programs: EarlyPrograms
            if let known = early[mode], known.build == EarlyPrograms.ownBuild {
                programs = known
            } else {
                programs = try EarlyPrograms(creating: pins, mode, entry)
            }
            for (slot, tables) in tables where !programs.hasProgram(slot) { try programs.load(slot, tables, shared) }
            early[mode] = programs
            return programs
        } catch {
            throw EarlyRefusal("the kernel did not take the program: \(error)")
        }
    }

    /// Gives a generation whose tables are new its programs at XDP, in the modes in use. Without one the program at tc does all.
    mutating func loadEarlyPrograms(_ slot: Int) {
        guard let tables = tables[slot] else { return }
        for (mode, programs) in early {
            do throws(BPFError) {
                try programs.load(slot, tables, shared)
            } catch {
                let failure = "the kernel did not take the program: \(error)"
                for (index, attached) in EarlyPrograms.attached(pins) where attached == mode { earlyFailures[index] = failure }
            }
        }
    }

    /// Takes a generation's programs away: they would go on to ask tables that are given up.
    func unloadEarlyPrograms(_ slot: Int) throws(BPFError) {
        for programs in early.values { try programs.unload(slot) }
    }

    /// Opens what an earlier process left.
    mutating func adoptEarlyPrograms() {
        for mode in EarlyDrop.allCases {
            let builds = EarlyPrograms.builds(mode, pins)
            guard let build = builds.contains(EarlyPrograms.ownBuild) ? EarlyPrograms.ownBuild : builds.first else { continue }
            early[mode] = try? EarlyPrograms(pinned: pins, mode, build)
        }
    }

    /// Takes the programs of other builds away, once no interface runs them.
    private func forgetOtherBuilds(_ mode: EarlyDrop) {
        for build in EarlyPrograms.builds(mode, pins) where build != early[mode]?.build { EarlyPrograms.forget(mode, build, pins) }
    }

    /// Takes all of them out of the kernel, attached or not.
    mutating func removeEarlyDrop() throws(BPFError) {
        for (index, mode) in EarlyPrograms.attached(pins) { try EarlyPrograms.detach(index, mode, pins) }
        for mode in EarlyDrop.allCases { forgetEarlyPrograms(mode) }
        earlyFailures = [:]
    }

    private mutating func forgetEarlyPrograms(_ mode: EarlyDrop) {
        early[mode] = nil
        forgetOtherBuilds(mode)
    }
}
