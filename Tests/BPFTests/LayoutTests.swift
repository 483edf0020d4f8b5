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
