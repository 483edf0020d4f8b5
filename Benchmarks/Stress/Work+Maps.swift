import BPF
import BPFTestObjects
import CBPFTestObjects
import Glibc

extension Work {
    /// Tasks set, take and walk the same maps.
    func maps() async throws {
        let hash = Shared(try Map<UInt32, UInt64>.create(.hash, name: "st_hash", maxEntries: 4096))
        let array = Shared(try MappedArray<UInt64>.create(name: "st_mapped", count: 64))
        let counters = Shared(try PerCPUMap<UInt32, UInt64>.create(.perCPUHash, name: "st_percpu", maxEntries: 64))
        try await withThrowingTaskGroup(of: Int.self) { group in
            for task in 0..<4 as Range<UInt32> {
                group.addTask {
                    let keys = Array(task * 1000..<task * 1000 + 500)
                    try hash.value.set(keys.map { UInt64($0) }, forKeys: keys)
                    for key in keys.prefix(50) {
                        try expect(try hash.value.value(forKey: key) == UInt64(key), "hash has \(key)")
                        array.value.storeRelease(UInt64(key), atByteOffset: Int(key % 64) * 8)
                        _ = array.value.loadAcquire(UInt64.self, atByteOffset: Int(key % 64) * 8)
                        try counters.value.set(all: 1, forKey: key % 64)
                    }
                    try hash.value.forEachBatch(of: 100) { keys, values in _ = keys.count + values.count }
                    return 500
                }
            }
            var total = 0
            for try await count in group { total += count }
            try expect(try hash.value.takeEntries().count == total, "every entry was taken")
        }
        try expect(try counters.value.entries().count == 64, "every counter is there")
    }

    /// Queues and user rings between tasks.
    func kinds() async throws {
        let queue = Shared(try QueueMap<UInt64>.create(name: "st_queue", capacity: 10_000))
        let tasks = Shared(try LocalStorage<UInt64>.create(.taskStorage, name: "st_tasks"))
        let bloom = Shared(try BloomFilter<UInt64>.create(name: "st_bloom", expectedCount: 1000))
        let popped = try await withThrowingTaskGroup(of: Int.self) { group in
            for task in 0..<3 as Range<UInt64> {
                group.addTask {
                    for number in 0..<200 as Range<UInt64> {
                        try queue.value.push(task << 32 | number)
                        try bloom.value.insert(number)
                        try expect(try bloom.value.mayContain(number), "the filter has \(number)")
                    }
                    try tasks.value.set(task, of: .process(getpid()))
                    var count = 0
                    while try queue.value.pop() != nil { count += 1 }
                    return count
                }
            }
            var total = 0
            for try await count in group { total += count }
            return total
        }
        try expect(popped == 600, "\(popped) of 600 popped")
    }

    /// Objects opened, edited, loaded, read and closed.
    func objects() throws {
        for _ in 0..<2 {
            var object = try OpenObject(.globals)
            try object.setGlobal("bt_name", to: "stress")
            try object.setGlobal("bt_ports", to: [1, 2, 3, 4] as [UInt16])
            let loaded = try object.load()
            _ = try loaded.program("bt_read_globals").testRun(data: frame)
            try expect(try loaded.globalText("bt_name") == "stress", "the text is there")
            var log = ""
            do throws(BPFError) { _ = try OpenObject(.refused).load() } catch { log = error.verifierLog }
            try expect(!log.isEmpty, "the verifier refuses a program and says why")
        }
    }

    func features() throws {
        for type in [MapType.hash, .queue, .ringBuffer] { try expect(Features.mapType(type) == .available, "\(type) is there") }
        try expect(!Features.helpers(in: .xdp).isEmpty, "XDP has helpers")
    }

    func inventory() throws {
        let map = try Map<UInt32, UInt32>.create(.array, name: "st_listed", maxEntries: 1)
        let id = try map.info.id
        try expect(try Inventory.maps().contains { $0.id == id }, "the map is listed")
        _ = try Inventory.programs()
        _ = try Inventory.links()
        _ = try Inventory.types()
    }
}
