import BPF
import BPFTesting
import EBPFTestObjects
import EBPFTestTypes
import Glibc
import Testing

@Suite("Maps that are declared in Swift")
struct KernelMapTests {
    private let frame = Packet.ethernet().ipv4("10.0.0.1", "10.0.0.2").udp(1000, 2000).bytes

    @Test("The license is the one declared, and maps are there that no program uses")
    func declarations() throws {
        let object = try OpenObject(.maps)
        #expect(object.license == "Dual MIT/GPL")
        let unused = try #require(object.maps.first { $0.name == "unused" })
        #expect(unused.valueSize == MemoryLayout<PaddedValue>.size)
        #expect(unused.maxEntries == 3)
        let loaded = try object.load()
        // Each field's place is compared with what the object says.
        try loaded.types.checkLayout(of: NumberKey.self, as: "NumberKey")
        try loaded.types.checkLayout(of: PaddedValue.self, as: "PaddedValue")
    }

    @Test("Keys are found, put in, refused and taken out")
    func keys() throws {
        let loaded = try OpenObject(.maps).load()
        #expect(try loaded.program("useKeys").testRun(data: frame).returnValue == 2)
        let answers: BPF.Map<UInt32, Int32> = try loaded.map("answers")
        let said = try (0..<7).map { try answers.value(forKey: $0) }
        #expect(said == [1, EEXIST, ENOENT, ENOENT, E2BIG, 0, 1])
        let padded = try BPF.Map<UInt64, PaddedValue>(adopting: loaded.withMapDescriptor("padded") { dup($0) })
        #expect(try padded.value(forKey: UInt64(frame.count) << 32 | 7) == PaddedValue(packets: 42, bytes: 0, kind: 3))
        let recent: BPF.Map<UInt32, UInt64> = try loaded.map("recent")
        #expect(try recent.value(forKey: 6) == 5)
        let own: PerCPUMap<UInt32, UInt64> = try loaded.perCPUMap("own")
        #expect(try own.sum(forKey: 1) == 3)
        let ownByKey: PerCPUMap<UInt32, UInt32> = try loaded.perCPUMap("ownByKey")
        #expect(try ownByKey.sum(forKey: 8) == 7)
        let ownRecent: PerCPUMap<UInt32, UInt32> = try loaded.perCPUMap("ownRecent")
        #expect(try ownRecent.sum(forKey: 10) == 9)
    }

    @Test("Queues and stacks give back in their order")
    func queues() throws {
        let loaded = try OpenObject(.maps).load()
        _ = try loaded.program("useQueues").testRun(data: frame)
        let answers: BPF.Map<UInt32, Int32> = try loaded.map("answers")
        let said = try (7..<11).map { try answers.value(forKey: $0) }
        // Full; then the oldest made room.
        #expect(said == [E2BIG, 0, 2, 6])
    }

    @Test("Maps that user space puts into maps are looked into")
    func tables() throws {
        let loaded = try OpenObject(.maps).load()
        let program = try loaded.program("useTables")
        #expect(try program.testRun(data: frame).returnValue == 200_200)
        let tables: MapOfMaps<UInt32> = try loaded.mapOfMaps("tables")
        let named: MapOfMaps<UInt16> = try loaded.mapOfMaps("named")
        let table = try BPF.Map<UInt32, UInt64>.create(.hash, name: "table", maxEntries: 8)
        try tables.set(table, forKey: 1)
        #expect(try program.testRun(data: frame).returnValue == 100_200)
        try table.set(12, forKey: 7)
        let list = try BPF.Map<UInt32, UInt64>.create(.array, name: "list", maxEntries: 4)
        try named.set(list, forKey: 3)
        try list.set(34, forKey: 2)
        #expect(try program.testRun(data: frame).returnValue == 12_034)
    }

    @Test("A program goes on with another, if there is one")
    func tailCalls() throws {
        let loaded = try OpenObject(.maps).load()
        let program = try loaded.program("goOn")
        // No interface either: what was asked for otherwise.
        #expect(try program.testRun(data: frame).returnValue == 1)
        try loaded.programArray("programs").set(loaded.program("useQueues"), at: 1)
        #expect(try program.testRun(data: frame).returnValue == 2)
    }

    @Test("A frame goes out of the interface that a map says")
    func devices() throws {
        try NetworkNamespace().run {
            let loaded = try OpenObject(.maps).load()
            let program = try loaded.program("goOn")
            #expect(try program.testRun(data: frame).returnValue == 1)
            let devices = try BPF.DeviceMap(adopting: loaded.withMapDescriptor("devices") { dup($0) })
            try devices.set(interface: 1, forKey: 0)
            #expect(try program.testRun(data: frame).returnValue == 4)
        }
    }
}
