import BPF
import BPFTestObjects
import CBPFTestObjects
import Testing

/// Swift types held against what an object says: what fits, what does not, and how it is said.
@Suite("Layouts")
struct LayoutTests {
    private func reason<T: BitwiseCopyable>(_ type: T.Type, _ name: String, of object: EmbeddedObject = .types) throws -> String? {
        let types = try OpenObject(object).types
        do throws(BPFError) {
            try types.checkLayout(of: type, as: name)
            return nil
        } catch {
            return error.reason
        }
    }

    @Test func `imported structs fit, with nested structs, arrays and enums`() throws {
        #expect(try reason(bt_opened.self, "struct bt_opened") == nil)
        #expect(try reason(bt_inner.self, "struct bt_inner") == nil)
        #expect(try reason(bt_plain.self, "struct bt_plain") == nil)
        #expect(try reason(bt_verdict.self, "enum bt_verdict") == nil)
    }

    @Test func `a mismatch shows both side by side`() throws {
        struct Inner: BitwiseCopyable { var port: UInt16, kind: UInt16 }
        #expect(
            try reason(Inner.self, "struct bt_inner")
                == """
                a Inner is something else: where it has kind (1 bytes at 2), the Swift type has kind (2 at 2)
                    offset size struct bt_inner | offset size Inner
                         0    2 __u16 port      |      0    2 UInt16 port
                         2    1 __u8 kind       |      2    2 UInt16 kind  <
                """)
    }

    @Test func `what lies in a nested struct, an array or a union's place counts`() throws {
        struct Pair: BitwiseCopyable { var port: UInt16, kind: UInt8, rest: UInt8 = 0 }
        struct Moved: BitwiseCopyable { var kind: UInt8, rest: UInt8, port: UInt16 }
        struct Good: BitwiseCopyable { var pairs: (Pair, Pair), either: UInt32, bits: UInt32, verdict: Int32, real: Float }
        struct Turned: BitwiseCopyable { var pairs: (Moved, Moved), either: UInt32, bits: UInt32, verdict: Int32, real: Float }
        struct Whole: BitwiseCopyable { var pairs: (Pair, Pair), either: UInt32, bits: UInt32, verdict: Int32, real: UInt32 }
        struct Fewer: BitwiseCopyable { var pairs: Pair, gap: UInt32, either: UInt32, bits: UInt32, verdict: Int32, real: Float }
        #expect(try reason(Good.self, "struct bt_nested") == nil)
        #expect(
            try reason(Turned.self, "struct bt_nested")?.contains(
                "where it has pairs[0].port (2 bytes at 0), the Swift type has kind (1 at 0)") == true)
        #expect(try reason(Whole.self, "struct bt_nested")?.contains("real (float) is not what the Swift type UInt32 is") == true)
        #expect(
            try reason(Fewer.self, "struct bt_nested")?.contains("where it has pairs (8 bytes at 0), the Swift type has pairs (4 at 0)")
                == true)
    }

    @Test func `elements of inline arrays count, also of nested ones`() throws {
        struct Pair: BitwiseCopyable { var port: UInt16, kind: UInt8, rest: UInt8 = 0 }
        struct Moved: BitwiseCopyable { var kind: UInt8, rest: UInt8, port: UInt16 }
        struct Short: BitwiseCopyable { var port: UInt16, kind: UInt8 }
        struct Plain<Pairs: BitwiseCopyable, Grid: BitwiseCopyable>: BitwiseCopyable {
            var pairs: Pairs, grid: Grid, verdict: Int32, real: Float
        }
        typealias Pairs<Element> = InlineArray<2, Element>
        typealias Grid = InlineArray<2, InlineArray<3, UInt16>>
        let name = "struct bt_plain"
        #expect(try reason(Plain<Pairs<Pair>, Grid>.self, name) == nil)
        #expect(try reason(Plain<InlineArray<8, UInt8>, InlineArray<12, UInt8>>.self, name) == nil, "bytes in a row")
        let moved = try reason(Plain<Pairs<Moved>, Grid>.self, name)
        #expect(moved?.contains("where it has pairs[0].port (2 bytes at 0), the Swift type has kind (1 at 0)") == true)
        let short = try reason(Plain<Pairs<Short>, Grid>.self, name)
        #expect(short?.contains("pairs[0] (struct bt_inner) has 4 bytes, and the Swift type Short 3") == true)
        let merged = try reason(Plain<InlineArray<1, UInt64>, Grid>.self, name)
        #expect(merged?.contains("pairs (struct bt_inner[2]) is not what the Swift type") == true)
        let turned = try reason(Plain<Pairs<Pair>, InlineArray<3, InlineArray<2, UInt16>>>.self, name)
        #expect(turned?.contains("grid (__u16[2][3]) is not what the Swift type") == true)
        let wider = try reason(Plain<Pairs<Pair>, InlineArray<2, InlineArray<1, Short>>>.self, name)
        #expect(wider?.contains("struct bt_plain has 28 bytes, and the Swift type 24") == true)
        #expect(try reason(Plain<Pairs<Pair>, InlineArray<2, InlineArray<3, Int16>>>.self, name)?.contains("grid[0][0] (__u16)") == true)
    }

    @Test func `a signed number is no unsigned one`() throws {
        struct Open<Result: BitwiseCopyable, Byte: BitwiseCopyable, Verdict: BitwiseCopyable>: BitwiseCopyable {
            var time: UInt64, bytes: UInt64, took_ns: UInt64
            var pid: UInt32
            var result: Result
            var comm: InlineArray<16, Byte>
            var path: InlineArray<24, Int8>
            var verdict: Verdict
            var is_first: UInt8, padding: (UInt8, UInt8, UInt8) = (0, 0, 0)
        }
        let name = "struct bt_opened"
        // Text is of either sort, and what an enum is imported as is C's choice.
        #expect(try reason(Open<Int32, UInt8, Int32>.self, name) == nil)
        #expect(try reason(Open<Int32, Int8, UInt32>.self, name) == nil)
        let lines = try #require(try reason(Open<UInt32, Int8, Int32>.self, name)).split(separator: "\n").map(String.init)
        #expect(lines[0].hasSuffix("is something else: result (__s32) is signed, and the Swift type UInt32 is not"))
        #expect(lines.contains { $0.contains("28    4 __s32 result") && $0.hasSuffix("28    4 UInt32 result  <") }, "\(lines)")
        #expect(lines.filter { $0.hasSuffix("<") }.count == 1)
        #expect(try reason(Int32.self, "__u32") == "a Int32 is something else: __u32 is unsigned, and the Swift type Int32 is not")
    }

    @Test func `an index or a descriptor is a number of either sort`() throws {
        let loaded = try OpenObject(.types).load()
        _ = try loaded.map("bt_inners", key: Int32.self, value: bt_inner.self)
        _ = try loaded.map("bt_inners", key: UInt32.self, value: bt_inner.self)
        let hashed = try #require(throws: BPFError.self) { _ = try loaded.map("bt_opens", key: Int32.self, value: bt_opened.self) }
        #expect(
            hashed.description.hasPrefix(
                "cannot find map bt_opens: its key is not a Int32: __u32 is unsigned, and the Swift type Int32 is not"))
    }

    @Test func `what may not hold every bit pattern is refused, with the reason`() throws {
        enum Verdict: UInt8, BitwiseCopyable { case allow, deny }
        struct Cases: BitwiseCopyable { var port: UInt16, kind: Verdict, rest: UInt8 }
        struct Truth: BitwiseCopyable { var port: UInt16, kind: Bool, rest: UInt8 }
        #expect(
            try reason(Cases.self, "struct bt_inner")?.contains(
                "kind (__u8) may hold any number, and Verdict only its cases: use the number's type") == true)
        #expect(try reason(Truth.self, "struct bt_inner")?.contains("kind (__u8) may hold any number, and a Bool only 0 and 1") == true)
    }

    @Test func `the padding Swift drops is told`() throws {
        struct Short: BitwiseCopyable { var port: UInt16, kind: UInt8 }
        #expect(try reason(Short.self, "struct bt_inner")?.contains("native Swift structs drop padding at the end") == true)
    }

    @Test func `wrappers, bytes and other names fit`() throws {
        struct Number: BitwiseCopyable { var value: UInt32 }
        struct Renamed: BitwiseCopyable { var place: UInt16, sort: UInt8, _rest: UInt8 = 0 }
        #expect(try reason(Number.self, "__u32") == nil && reason(Renamed.self, "struct bt_inner") == nil)
        #expect(try reason((UInt8, UInt8, UInt8, UInt8).self, "struct bt_inner") == nil)
        #expect(try reason(InlineArray<4, UInt8>.self, "struct bt_inner") == nil)
        #expect(try reason(UInt32.self, "struct bt_inner")?.hasPrefix("a UInt32 is something else: struct bt_inner is not what") == true)
    }

    @Test func `records of rings are checked too`() throws {
        struct Event: BitwiseCopyable { var time: UInt64, kind: UInt64 }
        let loaded = try OpenObject(.types).load()
        _ = try loaded.ringBuffer("bt_records", of: bt_opened.self)
        let error = try #require(throws: BPFError.self) { _ = try loaded.ringBuffer("bt_records", of: Event.self) }
        #expect(error.description.hasPrefix("cannot find map bt_records: its record is not a Event: struct bt_opened has 80 bytes"))
        // By a name that is given, and where nothing is, by the Swift type's.
        _ = try loaded.ringBuffer("bt_records", of: bt_inner.self, type: "struct bt_inner")
        let rings = try OpenObject(.rings).load()
        let unknown = try #require(throws: BPFError.self) { _ = try rings.ringBuffer("bt_ring", of: bt_record.self) }
        #expect(unknown.description.hasPrefix("cannot find type struct bt_record: there is no such type"))
    }
}
