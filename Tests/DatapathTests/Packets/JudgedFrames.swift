import BPF
import BPFTesting
import CDatapath
@testable import Datapath
import Logging
import PolicyCompiler
import PolicyModel

/// The program of a datapath that guards nothing, asked about frames by test-run: with connections, counters and events, as it would judge
/// them at an interface. One test at a time may ask it.
final class JudgedFrames: @unchecked Sendable {
    private let namespace: NetworkNamespace
    private let bpffs: PrivateBPFFS
    private let datapath: Datapath
    private let program: Program
    private let counters: RuleCounters
    private let ethertypes: PerCPUMap<UInt16, pd_counter>
    private let ring: RingBuffer
    private var numbers = RuleNumbers()
    private var ends = 0

    init() throws {
        let (namespace, bpffs) = (try NetworkNamespace(), try PrivateBPFFS())
        (self.namespace, self.bpffs) = (namespace, bpffs)
        let folder = bpffs.path("policyd")
        datapath = try namespace.run {
            try Datapath(
                DatapathConfiguration(bpffs: folder, attachment: .auto, connectionLimit: 65_536, eventInterval: .zero),
                logger: Logger(label: "test", factory: RecordingLog.init))
        }
        var numbers = RuleNumbers()
        try datapath.install([PacketPolicy.policy], revision: 1, &numbers)
        self.numbers = numbers
        program = try Program(pinnedAt: "\(folder)/tables1/policyd_judge")
        counters = try RuleCounters(pinnedAt: "\(folder)/shared/policyd_counter")
        ethertypes = try PerCPUMap(pinnedAt: "\(folder)/shared/policyd_ether")
        ring = try RingBuffer(pinnedAt: "\(folder)/shared/policyd_events")
    }

    deinit { try? namespace.run { try datapath.remove() } }

    /// What became of a frame.
    struct Judgement {
        var isDenied: Bool
        /// The rules and reasons that counted it; a rule by its name.
        var counted: [String]
        /// The number its ethertype was counted, if it was.
        var ethertype: UInt64
        var events: [pd_event]

        var reason: PacketEvent.Reason? { events.first.map { EventDecoder.reason($0.reason) } }
    }

    /// Ends that no packet has had so far.
    ///
    /// - Parameter isAllowed: whether the peer, which the packets come from on ingress and go to on egress, is one of the allowed.
    func nextEnds(isAllowed: Bool, _ direction: Direction) -> PacketEnds {
        ends += 1
        let half = isAllowed ? 1 : 2
        let ends = PacketEnds(
            source4: "10.\(half).\(ends >> 8).\(ends & 255)", destination4: "192.0.2.1",
            source6: "2001:db8:\(half)::\(String(ends, radix: 16))", destination6: "2001:db8:ffff::1")
        return direction == .ingress ? ends : ends.reversed
    }

    /// Has the program judge a frame; nil for one that the kernel's test-run does not take: it wants more than 14 bytes, and the IP header whole
    /// that an ethertype announces (net/bpf/test_run.c).
    func judge(_ frame: [UInt8], _ direction: Direction, _ link: PacketLine.Link) throws -> Judgement? {
        guard frame.count > 14 else { return nil }
        let announced = UInt16(frame[12]) << 8 | UInt16(frame[13])
        guard frame.count >= 14 + (announced == 0x0800 ? 20 : announced == 0x86dd ? 40 : 0) else { return nil }
        let before = try counts()
        let type = Self.ethertype(frame)
        let typed = try ethertypes.values(forKey: type)?.reduce(0) { $0 + $1.packets } ?? 0
        _ = try ring.drain()
        let word =
            (direction == .ingress ? PD_INGRESS.rawValue : PD_EGRESS.rawValue)
            | (link == .ethernet ? PD_LINK_ETHERNET.rawValue : PD_LINK_RAW.rawValue) << 1
        let result = try program.testRun(data: frame, context: TestRunContext(controlWords: [word, 0, 0, 0, 0]))
        var events: [pd_event] = []
        try ring.drain().forEach(as: pd_event.self) { events.append($0) }
        let after = try counts()
        let counted = after.indices.flatMap { place in
            Array(repeating: name(UInt32(place)), count: Int(after[place] - before[place]))
        }
        // TC_ACT_UNSPEC and TC_ACT_SHOT of linux/pkt_cls.h.
        let isDenied = result.returnValue == 2
        precondition(isDenied || result.returnValue == .max, "the program returned \(result.returnValue)")
        return Judgement(
            isDenied: isDenied, counted: counted,
            ethertype: (try ethertypes.values(forKey: type)?.reduce(0) { $0 + $1.packets } ?? 0) - typed, events: events)
    }

    private func counts() throws -> [UInt64] {
        let places = Array(0...max(numbers.largest ?? 0, PD_REASONS.rawValue))
        let sums = try counters.sums(places)
        return places.map { sums[$0]?.packets ?? 0 }
    }

    private func name(_ place: UInt32) -> String {
        if place < PD_REASONS.rawValue { return "reason \(EventDecoder.reason(UInt8(place)).rawValue)" }
        return numbers.key(of: place).map { "rule \($0.direction.rawValue) \($0.rule)" } ?? "number \(place)"
    }

    /// The ethertype behind all tags, as far as it is there.
    static func ethertype(_ frame: [UInt8]) -> UInt16 {
        var place = 12
        var type: UInt16 = 0
        while place + 2 <= frame.count {
            type = UInt16(frame[place]) << 8 | UInt16(frame[place + 1])
            guard [0x8100, 0x88a8, 0x9100].contains(type) else { break }
            place += 4
        }
        return type < 0x0600 ? UInt16(PD_ETHERTYPE_802_2) : type
    }
}
