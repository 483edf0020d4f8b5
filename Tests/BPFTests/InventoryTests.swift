import BPF
import BPFTestObjects
import BPFTesting
import Glibc
import Testing

@Suite("What is in the kernel")
struct InventoryTests {
    @Test func `programs, maps and types of an object are listed while they are there`() throws {
        func ids() throws -> (program: UInt32, map: UInt32, types: UInt32) {
            let loaded = try OpenObject(.maps).load()
            let program = try loaded.program("bt_use_maps").info
            let map = try loaded.mapInfo("bt_hash")
            let listed = try #require(try Inventory.programs().first { $0.id == program.id })
            #expect(listed == program && listed.name == "bt_use_maps" && listed.isGPLCompatible && listed.userID == 0)
            #expect(listed.verifiedInstructions > 0 && listed.memoryBytes ?? 0 >= 4096 && listed.mapIDs.contains(map.id))
            #expect(try Inventory.maps().first { $0.id == map.id } == map)
            #expect(map.typesID != 0 && map.keyTypeID != 0 && map.memoryBytes ?? 0 > 0)
            let types = try #require(try Inventory.types().first { $0.id == map.typesID })
            #expect(!types.isKernel && types.size > 100)
            return (program.id, map.id, types.id)
        }
        let gone = try ids()
        #expect(try eventually { try !Inventory.programs().contains { $0.id == gone.program } })
        #expect(try eventually { try !Inventory.maps().contains { $0.id == gone.map } })
        #expect(try eventually { try !Inventory.types().contains { $0.id == gone.types } })
        #expect(try Inventory.types().contains { $0.isKernel && $0.name == "vmlinux" })
    }

    @Test func `links are listed with their programs`() throws {
        let loaded = try OpenObject(.tracing).load()
        let program = try loaded.program("bt_tracepoint", as: Tracepoint.self)
        let link = try withTraceFilesystem { Box(try program.attach(category: "syscalls", name: "sys_enter_unlinkat")) }
        let info = try link.value.info
        #expect(try Inventory.links().first { $0.id == info.id } == info)
        #expect(try info.programID == program.info.id)
    }

    @Test func `runs are counted while somebody asks for it`() throws {
        let program = try OpenObject(.maps).load().program("bt_use_maps")
        func count() throws -> UInt64 {
            let before = try program.info.runCount
            let statistics = try RunStatistics()
            let also = try RunStatistics()
            _ = try program.testRun(data: frame, repeat: 100)
            _ = consume also
            _ = try program.testRun(data: frame, repeat: 100)
            _ = consume statistics
            return try program.info.runCount - before
        }
        #expect(try count() == 200)
        #expect(try program.info.runTime > 0)
    }

    @Test func `a frozen map says so`() throws {
        let map = try Map<UInt32, UInt32>.create(.array, name: "bt_f", maxEntries: 1)
        #expect(try !map.info.isFrozen)
        try map.freeze()
        #expect(try map.info.isFrozen)
        #expect(#expect(throws: BPFError.self) { try map.freeze() }?.errno == 1)
        let mapped = try MappedArray<UInt64>.create(name: "bt_m", count: 1)
        #expect(#expect(throws: BPFError.self) { try mapped.freeze() }?.errno == 16)
    }
}
