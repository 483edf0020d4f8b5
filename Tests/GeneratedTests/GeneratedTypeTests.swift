import BPF
import BPFTesting
import CBPFTestObjects
import GeneratedObjects
import Testing

@testable import bpf_generate

/// A packet for programs that only look at its length.
private let frame = Packet.ethernet().ipv4("10.0.0.1", "10.0.0.2").udp(1000, 2000).payload("hello").bytes

/// What the build plugin made of the objects' types, used as its users do: without a header.
@Suite("Generated types")
struct GeneratedTypeTests {
    private typealias Generated = EmbeddedObject.Visits
    private typealias Types = EmbeddedObject.Everything

    @Test func `a program is used with nothing but what was generated from it`() throws {
        var object = try OpenObject(.visits)
        try object.set(Generated.Globals.largeFrom, to: 40)
        let loaded = try object.load()
        let ring = try loaded.ringBuffer(Generated.Maps.visitEvents)
        let visits = try loaded.map(Generated.Maps.visits)
        let program = try loaded.program(Generated.Programs.noteVisit)
        #expect(try program.program.testRun(data: frame, context: TestRunContext(mark: 77)).returnValue == 0)
        #expect(try program.program.testRun(data: frame, context: TestRunContext(mark: 77)).returnValue == 1)
        let visit = try #require(try visits.value(forKey: .init(mark: 77, port: 7)))
        #expect(visit.time == 1 && visit.visitor == .init(mark: 77, port: 7) && visit.kind == .again && visit.isLarge)
        #expect("\(visit.kind)" == "VISIT_AGAIN" && visit.name.text == "ab\"c")
        #expect(visit.tag == .init(kind: 3, value: UInt32(frame.count), rest: 0xabcd))
        #expect(visit.either.parts[1] == 9 && visit.either.whole == 9 << 16)
        #expect(visit.bits.low == 5 && visit.bits.high == 17 && visit.bits.turn == -3)
        var kinds: [Generated.VisitKind] = []
        try ring.drain().forEach(of: Generated.Maps.visitEvents) { kinds.append($0.kind) }
        #expect(kinds == [.first, .again])
        #expect(try loaded.value(of: Generated.Globals.lastTag).value == UInt32(frame.count))
        try loaded.set(Generated.Globals.isLoud, to: false)
        _ = try program.program.testRun(data: frame, context: TestRunContext(mark: 1))
        #expect(try ring.drain().isEmpty)
        // Fewer than a ring's records fit: what did not is counted by the counter found by its name.
        try loaded.set(Generated.Globals.isLoud, to: true)
        _ = try program.program.testRun(data: frame, context: TestRunContext(mark: 1), repeat: 100)
        let batch = try ring.drain()
        #expect(UInt64(batch.count) + batch.lost == 100 && batch.lost > 0)
        let tags = try loaded.mappedArray(Generated.Maps.tags)
        #expect(tags.count == 2)
    }

    @Test func `fields lie where C has them`() throws {
        let types = try OpenObject(.everything).types
        try types.checkLayout(of: Types.BtOpened.self, as: "struct bt_opened")
        try types.checkLayout(of: Types.BtInner.self, as: "struct bt_inner")
        try types.checkLayout(of: Types.BtEverything.self, as: "struct bt_everything")
        try types.checkLayout(of: Types.BtWide.self, as: "enum bt_wide")
        let generated = try OpenObject(.visits).types
        try generated.checkLayout(of: Generated.Visit.self, as: "struct visit")
        try generated.checkLayout(of: Generated.Tag.self, as: "struct tag")
        #expect(MemoryLayout<Generated.Tag>.size == 7 && MemoryLayout<Generated.Tag>.alignment == 1)
        #expect(MemoryLayout<Types.BtEverything>.size == 176 && MemoryLayout<Types.BtOpened>.size == MemoryLayout<bt_opened>.size)
    }

    @Test func `values are those of the imported C struct`() throws {
        var c = bt_everything()
        c.small = -5
        c.flag = true
        c.port = 0xbb01
        c.remote_address.15 = 9
        c.words = (1, 2, 3)
        c.pairs.1 = bt_inner(port: 3, kind: 4)
        c.grid = ((1, 2, 3), (4, 5, 6))
        c.either.number = 0x0403_0201
        c.left = 0x1_fffe
        c.low = 5
        c.high = 100
        c.turn = -3
        c.fate = BT_UNKNOWN
        c.wide = BT_LARGE
        c.single = 1.5
        c.number = 0.1
        c.length = 3
        let bytes = withUnsafeBytes(of: c) { Array($0) }
        let swift = bytes.withUnsafeBytes { $0.loadUnaligned(as: Types.BtEverything.self) }
        #expect(swift.small == -5 && swift.flag && swift.port == 0xbb01 && swift.remoteAddress[15] == 9 && swift.words[2] == 3)
        #expect(swift.pairs[1] == .init(port: 3, kind: 4) && swift.grid[1][2] == 6 && swift.either.bytes[3] == 4)
        #expect(swift.left == 0x1_fffe && swift.right == -2 && swift.low == 5 && swift.high == 100 && swift.turn == -3)
        #expect(swift.fate == .unknown && swift.wide == .large && swift.single == 1.5 && swift.number == 0.1 && swift.length == 3)
        // And back.
        var made = Types.BtEverything(
            small: -5, flag: true, port: 0xbb01, words: [1, 2, 3], low: 5, high: 100, turn: -3, fate: .unknown, wide: .large, single: 1.5,
            number: 0.1, length: 3)
        made.remoteAddress[15] = 9
        made.pairs[1] = .init(port: 3, kind: 4)
        made.grid = [[1, 2, 3], [4, 5, 6]]
        made.either.number = 0x0403_0201
        made.left = 0x1_fffe
        #expect(made == swift && Set([made, swift]).count == 1)
        #expect(withUnsafeBytes(of: made) { Array($0) } == bytes)
    }

    @Test func `text goes in and out of arrays of characters`() {
        var opened = Types.BtOpened()
        opened.comm = InlineArray(text: "curl")
        #expect(opened.comm.text == "curl" && opened.comm[4] == 0)
        opened.comm = InlineArray(text: String(repeating: "x", count: 40))
        #expect(opened.comm.text == String(repeating: "x", count: 16))
    }

    @Test func `the same object gives the same text, which names everything it declares`() throws {
        let bytes = EmbeddedObject.visits.bytes
        let text = try BPFGenerate.text(of: bytes, name: "visits")
        #expect(try BPFGenerate.text(of: bytes, name: "visits") == text)
        for line in [
            "    public enum Visits {", "        public struct Visit: FixedStructure {",
            "            public static var first: VisitKind { VisitKind(rawValue: 0) }",
            "            public static var `default`: VisitKind { VisitKind(rawValue: 2) }",
            "            public static let visits = MapName<Visitor, Visit>(\"visits\")",
            "            public static let visitEvents = RingBufferName<Visit>(\"visit_events\", type: \"struct visit\", "
                + "lossCounter: \"visit_events_lost\")",
            "            public static let visitEventsLost = PerCPUMapName<UInt32, UInt64>(\"visit_events_lost\")",
            "            public static let noteVisit = ProgramName<BPF.TrafficControl>(\"note_visit\")",
            "            public static let isLoud = GlobalName<Bool>(\"is_loud\")",
        ] {
            #expect(text.contains("\n\(line)\n"), "\(line)")
        }
        // The kernel's own context is none of the object's types.
        #expect(!text.contains("SkBuff"))
    }

    @Test func `names of C become Swift's, and never two the same`() {
        #expect(SwiftNames.type("flow_key") == "FlowKey" && SwiftNames.member("remote_address") == "remoteAddress")
        #expect(SwiftNames.member("TCP_SYN_SENT") == "tcpSynSent" && SwiftNames.member("default") == "`default`")
        #expect(SwiftNames.member("init") == "init_" && SwiftNames.member("__pad1") == "pad1" && SwiftNames.member("_3") == "_3")
        #expect(SwiftNames.values(["A_B", "A_B_C"]) == ["b", "bC"] && SwiftNames.values(["ONLY_ONE"]) == ["onlyOne"])
        var scope = SwiftNames.Scope()
        #expect([scope.claim("a"), scope.claim("a"), scope.claim("`in`"), scope.claim("`in`")] == ["a", "a2", "`in`", "in2"])
    }
}
