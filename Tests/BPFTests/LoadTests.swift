import BPF
import BPFTestObjects
import BPFTesting
import Testing

@Suite("Opening, editing and loading objects")
struct LoadTests {
    @Test func `an opened object tells its programs and maps without the kernel`() throws {
        let object = try OpenObject(.maps)
        #expect(object.name == "maps")
        #expect(object.programs.map(\.name) == ["bt_use_maps", "bt_globals", "bt_dispatch", "bt_touch"])
        #expect(object.programs.allSatisfy { $0.type == .schedCls && $0.section == "tc" && $0.isAutoloaded })
        let hash = try #require(object.maps.first { $0.name == "bt_hash" })
        #expect(hash.type == .hash && hash.keySize == 8 && hash.valueSize == 16 && hash.maxEntries == 64)
        let mapped = try #require(object.maps.first { $0.name == "bt_mapped" })
        #expect(mapped.flags.contains(.memoryMappable) && mapped.valueSize == 20)
    }

    @Test func `edits take effect in the kernel`() throws {
        var object = try OpenObject(.maps)
        try object.setMaxEntries(1000, ofMap: "bt_hash")
        try object.setGlobal("bt_threshold", to: UInt32(40))
        try object.setGlobal("bt_mode", to: UInt32(2))
        try object.setAutoload(false, program: "bt_dispatch")
        let loaded = try object.load()
        #expect(try loaded.mapInfo("bt_hash").maxEntries == 1000)
        let globals = try loaded.program("bt_globals")
        #expect(try globals.testRun(data: frame).returnValue == 40_002)
        try loaded.setGlobal("bt_mode", to: UInt32(9))
        #expect(try globals.testRun(data: frame).returnValue == 40_009)
        #expect(try loaded.global("bt_mode", as: UInt32.self) == 9)
        let error = #expect(throws: BPFError.self) { _ = try loaded.program("bt_dispatch") }
        #expect(error?.description == "cannot find program bt_dispatch: it was not loaded; turn its autoload on")
    }

    @Test func `a global's size is checked, so that no neighbour is written over`() throws {
        var object = try OpenObject(.maps)
        let error = #expect(throws: BPFError.self) { try object.setGlobal("bt_threshold", to: UInt64(1)) }
        #expect(error?.reason == "it has 4 bytes, and UInt64 has 8")
        let unknown = #expect(throws: BPFError.self) { try object.setGlobal("bt_treshold", to: UInt32(1)) }
        #expect(unknown?.remedy?.contains("bt_threshold") == true)
    }

    @Test func `a program knows what the kernel made of it`() throws {
        let loaded = try OpenObject(.verdict).load()
        let program = try loaded.program("bt_pass")
        let info = try program.info
        #expect(info.name == "bt_pass" && info.type == .schedCls && info.id > 0 && info.tag.count == 16)
        #expect(info.mapIDs == [try loaded.mapInfo("bt_counts").id])
        let again = try Program(id: info.id)
        #expect(try again.info.tag == info.tag)
    }

    @Test func `programs and maps outlive the object they came from`() throws {
        func take() throws -> Program { try OpenObject(.verdict).load().program("bt_pass") }
        let program = try take()
        #expect(try program.testRun(data: frame).returnValue == 0)
    }

    @Test func `test-run gives packet and context back as the program left them`() throws {
        let program = try OpenObject(.maps).load().program("bt_touch")
        let context = TestRunContext(mark: 41, priority: 6, controlWords: [1, 2, 3, 4, 5])
        let result = try program.testRun(data: frame, context: context)
        #expect(result.returnValue == 5)
        #expect(result.data == [0xee] + frame.dropFirst())
        #expect(result.context?.mark == 42 && result.context?.priority == 6)
        #expect(result.context?.controlWords == [UInt32(frame.count), 2, 3, 4, 1])
        let many = try program.testRun(data: frame, context: context, repeat: 10)
        #expect(many.context?.mark == 51)
    }

    @Test func `a program array dispatches tail calls`() throws {
        let loaded = try OpenObject(.maps).load()
        let table = try loaded.programArray("bt_tails")
        let dispatch = try loaded.program("bt_dispatch")
        let globals = try loaded.program("bt_globals")
        #expect(try dispatch.testRun(data: frame, context: TestRunContext(mark: 2)).returnValue == 99)
        try table.set(globals, at: 2)
        #expect(try table.programID(at: 2) == globals.info.id)
        #expect(try dispatch.testRun(data: frame, context: TestRunContext(mark: 2)).returnValue == 7003)
        #expect(try table.remove(at: 2))
        #expect(try !table.remove(at: 2))
        #expect(try dispatch.testRun(data: frame, context: TestRunContext(mark: 2)).returnValue == 99)
    }
}

/// A small packet for programs that do not look at it.
let frame = Packet.ethernet().ipv4("10.0.0.1", "10.0.0.2").udp(1000, 2000).payload("hello").bytes
