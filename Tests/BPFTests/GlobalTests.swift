import BPF
import BPFTestObjects
import BPFTesting
import CBPFTestObjects
import Testing

@Suite("Global variables")
struct GlobalTests {
    @Test func `each kind is set and read before the load`() throws {
        var object = try OpenObject(.globals)
        #expect(try object.global("bt_is_on", as: Bool.self))
        #expect(try object.globalText("bt_name") == "nobody")
        #expect(try object.globalArray("bt_ports", of: UInt16.self) == [80, 443, 0, 0])
        #expect(try object.global("bt_signed", as: Int8.self) == -5)
        #expect(try object.globalArray("bt_grid", of: UInt32.self) == [1, 2, 3, 4, 5, 6])
        #expect(try object.global("bt_hidden", as: UInt32.self) == 11)
        try object.setGlobal("bt_name", to: "somebody else 1")
        try object.setGlobal("bt_ports", to: [1, 2, 3, 4] as [UInt16])
        try object.setGlobal("bt_peer", to: bt_key(address: 7, port: 6, protocol: 0))
        try object.setGlobal("bt_signed", to: Int8(-1))
        try object.setGlobal("bt_limit", to: UInt32(2))
        try object.setGlobal("bt_setting", to: UInt32(5))
        try object.setGlobal("bt_grid", to: [6, 5, 4, 3, 2, 1] as [UInt32])
        try object.setGlobal("bt_hidden", toBytes: [20, 0, 0, 0])
        #expect(try object.globalText("bt_name") == "somebody else 1")
        let loaded = try object.load()
        #expect(try loaded.program("bt_read_globals").testRun(data: frame).returnValue == 100_000 + 5000 + 200 + 20 - 1 + 6)
        #expect(try loaded.globalText("bt_name") == "somebody else 1")
        #expect(try loaded.globalArray("bt_ports", of: UInt16.self) == [1, 2, 3, 4])
        #expect(try loaded.global("bt_peer", as: bt_key.self).address == 7)
        #expect(try loaded.globalArray("bt_grid", of: UInt32.self) == [6, 5, 4, 3, 2, 3])
        #expect(try loaded.global("bt_scratch", as: UInt32.self) == 7)
    }

    @Test func `a switch turned off is off`() throws {
        var object = try OpenObject(.globals)
        try object.setGlobal("bt_is_on", to: false)
        #expect(try object.load().program("bt_read_globals").testRun(data: frame).returnValue == 0)
    }

    @Test func `what is no constant is set while programs run`() throws {
        let loaded = try OpenObject(.globals).load()
        let program = try loaded.program("bt_read_globals")
        _ = try program.testRun(data: frame, repeat: 3)
        #expect(try loaded.global("bt_count", as: UInt64.self) == 3)
        try loaded.setGlobal("bt_count", to: UInt64(1000))
        try loaded.setGlobal("bt_setting", to: UInt32(50))
        try loaded.setGlobal("bt_word", to: "xyz")
        try loaded.setGlobal("bt_grid", to: [0, 0, 0, 0, 0, 9] as [UInt32])
        _ = try program.testRun(data: frame)
        #expect(try loaded.global("bt_count", as: UInt64.self) == 1001)
        #expect(try loaded.global("bt_scratch", as: UInt32.self) == 59)
        #expect(try loaded.globalText("bt_word") == "nyz")
        #expect(try loaded.globalArray("bt_grid", of: UInt32.self).last == 452)
        let constant = try #require(throws: BPFError.self) { try loaded.setGlobal("bt_limit", to: UInt32(1)) }
        #expect(
            constant.description
                == "cannot edit global variable bt_limit: it is constant, in section .rodata.limits; set it before the load")
    }

    @Test func `an object says which there are`() throws {
        let object = try OpenObject(.globals)
        let globals = Dictionary(uniqueKeysWithValues: object.globals.map { ($0.name, $0) })
        #expect(globals["bt_limit"] == find(object, "bt_limit") && globals["bt_limit"]?.section == ".rodata.limits")
        #expect(globals["bt_setting"]?.section == ".data.settings" && globals["bt_setting"]?.isConstant == false)
        #expect(globals["bt_scratch"]?.section == ".bss.scratch")
        #expect(globals["bt_grid"]?.size == 24 && globals["bt_name"]?.isConstant == true)
        #expect(globals["bt_hidden"]?.section == ".data" && globals["LINUX_KERNEL_VERSION"]?.section == ".kconfig")
        #expect(try object.load().globals == OpenObject(.globals).globals)
    }

    private func find(_ object: borrowing OpenObject, _ name: String) -> GlobalDescription? { object.globals.first { $0.name == name } }

    @Test func `an object whose name has dots has its globals too`() throws {
        var object = try OpenObject(.bytes(EmbeddedObject.globals.bytes, name: "my.own.object"))
        try object.setGlobal("bt_signed", to: Int8(4))
        #expect(try object.load().global("bt_signed", as: Int8.self) == 4)
    }

    @Test(arguments: [
        ("size", "it has 2 elements"), ("type", "has 4"), ("text", "room for 15 bytes"), ("number", "no array of characters"),
        ("scalar", "it is no array"), ("layout", "where it has address"), ("zero", "would end it"), ("bytes", "it has 1 bytes, and 2"),
    ])
    func `what does not fit is refused in words`(what: String, words: String) throws {
        struct Turned: BitwiseCopyable { var port: UInt16, number: UInt16, address: UInt32 }
        var object = try OpenObject(.globals)
        let error = try #require(throws: BPFError.self) {
            switch what {
            case "size": try object.setGlobal("bt_ports", to: [1] as [UInt16])
            case "type": try object.setGlobal("bt_ports", to: [1, 2] as [UInt32])
            case "text": try object.setGlobal("bt_name", to: "sixteen letters.")
            case "number": try object.setGlobal("bt_count", to: "12")
            case "scalar": try object.setGlobal("bt_count", to: [1] as [UInt64])
            case "layout": try object.setGlobal("bt_peer", to: Turned(port: 1, number: 2, address: 3))
            case "zero": try object.setGlobal("bt_name", to: "a\0b")
            default: try object.setGlobal("bt_is_on", toBytes: [1, 2])
            }
        }
        let expected = what == "size" ? "it has 4 elements, and 1 were given" : words
        #expect(error.description.contains(expected), "\(error)")
    }
}
