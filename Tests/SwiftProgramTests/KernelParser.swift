import BPF
import EBPF
import SwiftConstructs
import SwiftObjects

/// The shared parser in the kernel: the programs that hold it, and their maps.
struct KernelParser: ~Copyable {
    private let loaded: LoadedObject
    private let rules: Map<PrefixKey, UInt32>
    private let summaries: Map<UInt32, PacketSummary>

    init() throws {
        let loaded = try OpenObject(.packets).load()
        let rules = try loaded.map("rules", key: PrefixKey.self, value: UInt32.self)
        let summaries = try loaded.map("summaries", key: UInt32.self, value: PacketSummary.self)
        self.loaded = loaded
        self.rules = rules
        self.summaries = summaries
    }

    /// Puts other rules in the place of those there are.
    func setRules(_ entries: [(prefix: PrefixKey, rule: UInt32)]) throws {
        for key in try rules.keys() { try rules.removeValue(forKey: key) }
        for entry in entries { try rules.set(entry.rule, forKey: entry.prefix) }
    }

    /// What each program finds in a frame, by its name; nothing of those that a test-run makes no packet for.
    func findings(in frame: [UInt8]) throws -> [(program: String, summary: PacketSummary)] {
        var programs: [String] = []
        if frame.count >= EthernetHeader.size { programs.append("walkFrame") }
        // A socket buffer holds something behind the Ethernet header, and the whole of an IP header.
        let type = PacketBuffer(frame).read(EthernetHeader.self, at: 0)?.type
        let network = type == .ipv4 ? IPv4Header.size : type == .ipv6 ? IPv6Header.size : 1
        if frame.count >= EthernetHeader.size + network { programs += ["walkPacket", "walkLoaded"] }
        return try programs.map { name in
            try summaries.set(PacketSummary(), forKey: 0)
            _ = try loaded.program(name).testRun(data: frame)
            return (name, try summaries.value(forKey: 0) ?? PacketSummary())
        }
    }
}
