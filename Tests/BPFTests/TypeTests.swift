import BPF
import BPFTestObjects
import BPFTesting
import CBPFTestObjects
import CLibBPF
import Testing

@Suite("What BTF says about types")
struct TypeTests {
    @Test func `a struct is described with its fields, to the end`() throws {
        let types = try OpenObject(.types).types
        let type = try types.type(named: "struct bt_opened")
        let record = try #require(type.composite)
        #expect(record.name == "bt_opened" && record.byteCount == MemoryLayout<bt_opened>.size)
        #expect(
            record.fields.map(\.name) == [
                "time", "bytes", "took_ns", "pid", "result", "comm", "path", "verdict", "is_first", "padding",
            ])
        #expect(record.fields.map(\.byteOffset) == [0, 8, 16, 24, 28, 32, 48, 72, 76, 77])
        #expect(record.fields.map { "\($0.type)" }.prefix(6) == ["__u64", "__u64", "__u64", "__u32", "__s32", "char[16]"])
        guard case .enumeration(let verdict) = record.fields[7].type else {
            Issue.record("no enum")
            return
        }
        #expect(verdict.name == "bt_verdict" && verdict.isSigned && verdict.byteCount == 4)
        #expect(verdict.values.map(\.name) == ["BT_ALLOW", "BT_DENY", "BT_UNKNOWN"] && verdict.values.map(\.value) == [0, 4, -1])
    }

    @Test func `every sort of field has its place`() throws {
        let types = try OpenObject(.types).types
        let record = try #require(try types.type(named: "bt_everything").composite)
        func field(_ name: String) throws -> FieldDescription { try #require(record.fields.first { $0.name == name }) }
        #expect(try field("flag").type == .integer(IntegerDescription(name: "_Bool", byteCount: 1, isSigned: false, isBoolean: true)))
        #expect(try field("port").type.description == "__be16")
        #expect(try "\(field("grid").type)" == "__u8[2][3]" && field("grid").type.byteCount == 6)
        let pairs = try field("pairs").type
        #expect("\(pairs)" == "struct bt_inner[2]" && pairs.byteCount == 8)
        #expect(try field("either").type.composite?.fields.map(\.bitOffset) == [0, 0])
        #expect(try field("").type.composite?.fields.map(\.name) == ["left", "right"])
        #expect(try [field("low"), field("high"), field("turn"), field("fate")].map(\.bitWidth) == [3, 7, 4, 4])
        #expect(try field("high").bitOffset == field("low").bitOffset + 3)
        guard case .enumeration(let wide) = try field("wide").type else {
            Issue.record("no enum")
            return
        }
        #expect(wide.byteCount == 8 && wide.values.map { UInt64(bitPattern: $0.value) } == [1, 0x8000_0000_0000_0000])
        guard case .pointer(let target) = try field("next").type else {
            Issue.record("no pointer")
            return
        }
        // What is only pointed to is told by name, and looked up where it is wanted.
        #expect(try target.name == "struct bt_everything" && types.type(id: target.id) == .structure(record))
        #expect(try field("pointer").type.description == "char *" && field("call").type.byteCount == 8)
        #expect(try field("flags").tags == ["hex"] && field("gateway").tags == ["ipv4"] && field("single").tags == [])
        #expect(try field("rest").type == .array(of: .integer(IntegerDescription(name: "char", byteCount: 1, isSigned: true)), count: 0))
    }

    @Test func `maps and global variables have types`() throws {
        let object = try OpenObject(.types)
        #expect(try object.keyType(ofMap: "bt_opens")?.description == "__u32")
        #expect(try object.valueType(ofMap: "bt_opens")?.description == "struct bt_opened")
        let globals = object.globals
        let byName = Dictionary(uniqueKeysWithValues: globals.map { ($0.name, $0) })
        #expect(byName["bt_default"]?.section == ".rodata" && byName["bt_default"]?.isConstant == true)
        #expect(byName["bt_default"]?.type.description == "enum bt_verdict")
        #expect(byName["bt_last"]?.section == ".data" && byName["bt_last"]?.type.byteCount == 4)
        #expect(byName["bt_table"]?.section == ".bss" && byName["bt_table"].map { "\($0.type)" } == "__u32[4]")
        #expect(byName["LICENSE"] == nil)
    }

    @Test func `the type of a ring's records is the one that is called so`() throws {
        #expect(try OpenObject(.rings).recordType(ofMap: "bt_ring") == nil, "clang leaves out what only functions use")
        let object = try OpenObject(.types)
        #expect(try object.recordType(ofMap: "bt_records")?.description == "struct bt_opened")
        // Loading makes libbpf forget it.
        #expect(try object.load().recordType(ofMap: "bt_records")?.description == "struct bt_opened")
    }

    @Test func `unknown types name those that are like them`() throws {
        let types = try OpenObject(.types).types
        let error = try #require(throws: BPFError.self) { _ = try types.type(named: "struct bt_open") }
        #expect(error.description.hasPrefix("cannot find type struct bt_open: there is no such type; there is struct bt_opened;"))
        #expect(throws: BPFError.self) { _ = try types.type(id: types.endID) }
        #expect(throws: BPFError.self) { _ = try BTF(bytes: [1, 2, 3]) }
        #expect(throws: BPFError.self) { _ = try BTF(file: "/bin/true") }
    }

    @Test func `types outlive the object they came from`() throws {
        func take() throws -> BTF { try OpenObject(.types).types }
        #expect(try take().type(named: "struct bt_inner").byteCount == 4)
    }

    @Test func `the kernel tells its own types, and those an object was loaded with`() throws {
        let task = try #require(try BTF.kernel.type(named: "struct task_struct").composite)
        let field = try #require(task.fields.first { $0.name == "comm" })
        #expect("\(field.type)" == "char[16]" && field.byteOffset > 0)
        let loaded = try OpenObject(.types).load()
        let program = try loaded.program("bt_types")
        var info = bpf_prog_info()
        var length = UInt32(MemoryLayout<bpf_prog_info>.size)
        #expect(bpf_obj_get_info_by_fd(program.fileDescriptor, &info, &length) == 0)
        let inner = try BTF(id: info.btf_id).type(named: "struct bt_inner")
        #expect(try inner == loaded.types.type(named: "struct bt_inner"))
    }
}
