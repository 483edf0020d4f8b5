internal import BPF
internal import CLibBPF
private import Glibc

/// How an interface is protected.
public struct ProtectedInterface: Sendable, Hashable, Codable {
    /// What packets are caught by.
    public enum Hook: String, Sendable, Hashable, Codable {
        case tcx
        case clsact
    }

    public var index: Int32
    public var name: String
    public var hook: Hook
    /// Where it drops early; nil if it does not.
    public var earlyDrop: EarlyDrop?
    /// Why it does not though it was chosen to; nil if it is as chosen.
    public var earlyDropFailure: String?
}

/// The programs at interfaces: attaches those that are missing and takes away those no longer wanted. What others attached stays.
struct Attachments: ~Copyable {
    private let pins: Pins
    private let attachment: DatapathConfiguration.Attachment
    /// The interfaces whose clsact qdisc was made by us: it goes when we go, if nobody else uses it.
    private let qdiscs: Map<UInt32, UInt32>

    /// Our filters' place at clsact: first, and with a handle that tells whose they are ("pd").
    private static let priority: UInt16 = 1
    private static let handle: UInt32 = 0x7064

    init(creating pins: Pins, _ attachment: DatapathConfiguration.Attachment) throws(BPFError) {
        self.pins = pins
        self.attachment = attachment
        qdiscs = try .create(.hash, name: "policyd_qdiscs", maxEntries: 4096)
    }

    init(pinned pins: Pins, _ attachment: DatapathConfiguration.Attachment) throws(BPFError) {
        self.pins = pins
        self.attachment = attachment
        qdiscs = try Map(pinnedAt: pins.qdiscs)
    }

    func pin() throws(BPFError) { try qdiscs.pin(at: pins.qdiscs) }

    /// Attaches to an interface in both directions; what is attached already stays as it is.
    func attach(_ interface: NetworkInterface, _ entry: borrowing Switch) throws(BPFError) -> ProtectedInterface.Hook {
        if attachment != .clsact {
            do {
                for direction in TrafficDirection.allCases { try attachTCX(interface, direction, entry) }
                return .tcx
            } catch {
                // EINVAL is what a kernel without tcx says.
                guard attachment == .auto, error.errno == EINVAL else { throw error }
            }
        }
        for direction in TrafficDirection.allCases { try attachClassic(interface, direction, entry) }
        return .clsact
    }

    private func attachTCX(_ interface: NetworkInterface, _ direction: TrafficDirection, _ entry: borrowing Switch) throws(BPFError) {
        let path = pins.link(interface.index, direction)
        if let link = try? Link(pinnedAt: path) {
            if try link.info.interface == interface.index { return }
            Pins.remove(path)
        }
        let attachment = try entry.withEntry(direction, isRaw: interface.isRaw) { program throws(BPFError) in
            try program.attach(to: .tcx(interface: .index(interface.index), direction, order: .first))
        }
        try attachment.pin(at: path)
    }

    private func attachClassic(_ interface: NetworkInterface, _ direction: TrafficDirection, _ entry: borrowing Switch) throws(BPFError) {
        let tc = ClassicTC(interface: interface.index)
        if try tc.createQdisc() { try qdiscs.set(1, forKey: UInt32(bitPattern: interface.index)) }
        if let there = try tc.query(direction, priority: Self.priority, handle: Self.handle) {
            if try entry.entryIDs.contains(there.programID) { return }
        }
        try entry.withEntry(direction, isRaw: interface.isRaw) { program throws(BPFError) in
            _ = try tc.attach(program, direction, priority: Self.priority, handle: Self.handle)
        }
    }

    /// Puts the entry programs as they are now in the place of those of another build, where an interface has them.
    func upgrade(_ interface: NetworkInterface, _ entry: borrowing Switch) throws(BPFError) {
        let tc = ClassicTC(interface: interface.index)
        for direction in TrafficDirection.allCases {
            if let link = try? Link(pinnedAt: pins.link(interface.index, direction)) {
                let isHere = try link.info.interface == interface.index
                if isHere {
                    try entry.withEntry(direction, isRaw: interface.isRaw) { program throws(BPFError) in try link.update(to: program) }
                }
            }
            let filters = try tc.filters(direction).filter { $0.priority == Self.priority && $0.handle == Self.handle }
            // Their numbers are not known any more if an upgrade before this one was broken off; their names are.
            guard let name = filters.first?.name, Switch.EntryPrograms.names.contains(where: { name.hasPrefix("\($0):[") }) else {
                continue
            }
            try entry.withEntry(direction, isRaw: interface.isRaw) { program throws(BPFError) in
                _ = try tc.attach(program, direction, priority: Self.priority, handle: Self.handle, replacing: true)
            }
        }
    }

    /// How an interface is protected now, both directions of it; nil if it is not.
    func hook(_ interface: NetworkInterface, _ entry: borrowing Switch) -> ProtectedInterface.Hook? {
        if TrafficDirection.allCases.allSatisfy({ isLinked(interface.index, $0) }) { return .tcx }
        guard let ids = try? entry.entryIDs else { return nil }
        let tc = ClassicTC(interface: interface.index)
        let isFiltered = TrafficDirection.allCases.allSatisfy { direction in
            guard let filter = try? tc.query(direction, priority: Self.priority, handle: Self.handle) else { return false }
            return ids.contains(filter.programID)
        }
        return isFiltered ? .clsact : nil
    }

    private func isLinked(_ index: Int32, _ direction: TrafficDirection) -> Bool {
        guard let link = try? Link(pinnedAt: pins.link(index, direction)), let info = try? link.info else { return false }
        return info.interface == index
    }

    /// Takes our programs from an interface.
    func detach(_ interface: NetworkInterface, _ entry: borrowing Switch) throws(BPFError) {
        for direction in TrafficDirection.allCases {
            let path = pins.link(interface.index, direction)
            if let link = try? Link(pinnedAt: path) {
                Pins.remove(path)
                try link.detach()
            }
        }
        let tc = ClassicTC(interface: interface.index)
        let ids = try entry.entryIDs
        for direction in TrafficDirection.allCases {
            if let filter = try tc.query(direction, priority: Self.priority, handle: Self.handle), ids.contains(filter.programID) {
                try tc.detach(direction, priority: Self.priority, handle: Self.handle)
            }
        }
        let key = UInt32(bitPattern: interface.index)
        if try qdiscs.value(forKey: key) != nil {
            // Somebody else may use it by now.
            var isUsed = false
            for direction in TrafficDirection.allCases where try !tc.filters(direction).isEmpty { isUsed = true }
            if !isUsed { try tc.removeQdisc() }
            _ = try qdiscs.removeValue(forKey: key)
        }
    }

    /// Takes away the pins of links whose interface has gone.
    func forgetVanished(_ present: [NetworkInterface]) {
        let indices = Set(present.map { "\($0.index)" })
        for name in Directory.names(in: pins.links) {
            guard let index = name.split(separator: "-").first, !indices.contains(String(index)) else { continue }
            Pins.remove("\(pins.links)/\(name)")
        }
    }
}
