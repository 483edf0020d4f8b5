import BPF
import BPFTestObjects
import BPFTesting
import CBPFTestObjects
import Testing

@Suite("Maps of each kind")
struct MapTests {
    @Test func `a hash takes, changes and gives up entries`() throws {
        let map = try Map<UInt32, UInt64>.create(.hash, name: "bt_h", maxEntries: 4)
        #expect(try map.value(forKey: 1) == nil)
        try map.set(10, forKey: 1, mode: .insert)
        #expect(try map.value(forKey: 1) == 10)
        #expect(#expect(throws: BPFError.self) { try map.set(11, forKey: 1, mode: .insert) }?.errno == 17)
        #expect(#expect(throws: BPFError.self) { try map.set(11, forKey: 2, mode: .replace) }?.errno == 2)
        try map.set(12, forKey: 1, mode: .replace)
        #expect(try map.takeValue(forKey: 1) == 12)
        #expect(try !map.removeValue(forKey: 1))
        for key in 0..<4 as Range<UInt32> { try map.set(UInt64(key), forKey: key) }
        let full = #expect(throws: BPFError.self) { try map.set(0, forKey: 9) }
        #expect(full?.description.contains("(E2BIG)") == true && full?.description.contains("the map is full") == true)
        #expect(try map.count() == 4)
    }

    @Test func `iteration sees every entry and is bounded`() throws {
        let map = try Map<UInt32, UInt32>.create(.hash, name: "bt_h", maxEntries: 100)
        for key in 0..<50 as Range<UInt32> { try map.set(key * 2, forKey: key) }
        var sum: UInt32 = 0
        try map.forEach { key, value in
            #expect(value == key * 2)
            sum += key
        }
        #expect(sum == 1225)
        #expect(try map.keys(limit: 7).count == 7)
        var seen = 0
        try map.forEachWhile { _, _ in
            seen += 1
            return seen < 3
        }
        #expect(seen == 3)
    }

    @Test func `entries may be taken out while walking`() throws {
        let map = try Map<UInt32, UInt32>.create(.hash, name: "bt_h", maxEntries: 200)
        for key in 0..<200 as Range<UInt32> { try map.set(key, forKey: key) }
        try map.forEach { key, _ in if key % 2 == 0 { _ = try? map.removeValue(forKey: key) } }
        #expect(try map.keys().sorted() == (0..<200).filter { $0 % 2 == 1 })
    }

    @Test func `batches set, read and remove`() throws {
        let map = try Map<UInt32, UInt64>.create(.hash, name: "bt_h", maxEntries: 5000)
        let keys = Array(0..<5000 as Range<UInt32>)
        try map.set(keys.map { UInt64($0) + 1 }, forKeys: keys)
        let entries = try map.entries(batch: 64)
        #expect(entries.count == 5000 && entries.allSatisfy { $0.value == UInt64($0.key) + 1 })
        try map.removeValues(forKeys: Array(keys[..<4000]))
        #expect(try map.keys().sorted() == Array(keys[4000...]))
        let error = #expect(throws: BPFError.self) { try map.removeValues(forKeys: [4999, 3]) }
        #expect(error?.reason == "after 1 of 2 keys")
        #expect(throws: BPFError.self) { try map.set([1], forKeys: [1, 2]) }
    }

    @Test func `an array is full of zeros and keeps its indices`() throws {
        let map = try Map<UInt32, UInt64>.create(.array, name: "bt_a", maxEntries: 3)
        #expect(try map.value(forKey: 2) == 0)
        #expect(try map.value(forKey: 3) == nil)
        try map.set([5, 6, 7], forKeys: [0, 1, 2])
        #expect(try map.entries().map(\.value) == [5, 6, 7])
        #expect(#expect(throws: BPFError.self) { try map.set(1, forKey: 3) }?.errno == 7)
    }

    @Test func `an LRU hash forgets old entries and never is full`() throws {
        let map = try Map<UInt32, UInt32>.create(.lruHash, name: "bt_l", maxEntries: 64)
        for key in 0..<10_000 as Range<UInt32> { try map.set(key, forKey: key) }
        let count = try map.count()
        #expect(count > 0 && count <= 64)
        #expect(try map.value(forKey: 9999) == 9999)
    }

    @Test func `an LPM trie finds the longest prefix`() throws {
        let map = try Map<bt_prefix, UInt32>.create(.lpmTrie, name: "bt_p", maxEntries: 16)
        try map.set(1, forKey: bt_prefix(length: 0, address: (0, 0, 0, 0)))
        try map.set(2, forKey: bt_prefix(length: 8, address: (10, 0, 0, 0)))
        try map.set(3, forKey: bt_prefix(length: 24, address: (10, 1, 2, 0)))
        #expect(try map.value(forKey: bt_prefix(length: 32, address: (10, 1, 2, 3))) == 3)
        #expect(try map.value(forKey: bt_prefix(length: 32, address: (10, 1, 3, 3))) == 2)
        #expect(try map.value(forKey: bt_prefix(length: 32, address: (11, 1, 3, 3))) == 1)
        #expect(try map.count() == 3)
        #expect(try map.removeValue(forKey: bt_prefix(length: 24, address: (10, 1, 2, 0))))
        #expect(try map.value(forKey: bt_prefix(length: 32, address: (10, 1, 2, 3))) == 2)
    }

    @Test(arguments: [MapType.perCPUArray, .perCPUHash, .lruPerCPUHash])
    func `a per-CPU map has a value for each possible CPU`(type: MapType) throws {
        // 4-byte values lie 8 bytes apart.
        let map = try PerCPUMap<UInt32, UInt32>.create(type, name: "bt_c", maxEntries: 8)
        #expect(map.cpuCount >= 1)
        try map.set((0..<map.cpuCount).map { UInt32($0) + 100 }, forKey: 3)
        #expect(try map.values(forKey: 3) == (0..<map.cpuCount).map { UInt32($0) + 100 })
        try map.set(all: 5, forKey: 4)
        #expect(try map.sum(forKey: 4) == UInt32(5 * map.cpuCount))
        #expect(throws: BPFError.self) { try map.set([], forKey: 3) }
        var keys: Set<UInt32> = []
        try map.forEach { key, _ in keys.insert(key) }
        #expect(keys.isSuperset(of: [3, 4]))
    }

    @Test func `the first rows of a per-CPU array come in one go`() throws {
        let map = try PerCPUMap<UInt32, UInt64>.create(.perCPUArray, name: "bt_c", maxEntries: 100)
        for key in 0..<100 as Range<UInt32> { try map.set(all: UInt64(key), forKey: key) }
        let rows = try map.values(ofFirst: 60)
        #expect(rows.count == 60)
        #expect(rows.enumerated().allSatisfy { $0.element == [UInt64](repeating: UInt64($0.offset), count: map.cpuCount) })
    }

    @Test func `a mapped array is the same memory as the program's`() throws {
        let loaded = try OpenObject(.maps).load()
        let array = try loaded.mappedArray("bt_mapped", of: bt_shared.self)
        #expect(array.count == 300 && array.stride == 24)
        array[0] = bt_shared(generation: 77, seen: 0, values: (1000, 0, 0))
        array[299] = bt_shared(generation: 5, seen: 6, values: (7, 8, 9))
        let program = try loaded.program("bt_use_maps")
        #expect(try program.testRun(data: frame).returnValue == 1000)
        #expect(array.loadAcquire(atByteOffset: 4) == 77)
        array.storeRelease(UInt32(78), atByteOffset: 0)
        _ = try program.testRun(data: frame)
        #expect(array[0].seen == 78)
        #expect(array[299].values.2 == 9)
        // The map's system calls see the same bytes.
        let map: Map<UInt32, bt_shared> = try loaded.map("bt_mapped")
        #expect(try map.value(forKey: 299)?.seen == 6)
    }

    @Test func `copies into a mapped array are bounded`() throws {
        let array = try MappedArray<UInt64>.create(name: "bt_m", count: 4)
        try array.copy([1, 2, 3, 4, 5, 6, 7, 8].span.bytes.extracting(0..<8), toByteOffset: 24)
        #expect(throws: BPFError.self) { try array.copy([UInt8](repeating: 0, count: 9).span.bytes, toByteOffset: 24) }
    }

    @Test func `an inner map is swapped in one step`() throws {
        let loaded = try OpenObject(.maps).load()
        let outer = try loaded.mapOfMaps("bt_outer", key: UInt32.self)
        let program = try loaded.program("bt_use_maps")
        let first = try Map<UInt32, UInt32>.create(.array, name: "bt_in1", maxEntries: 4)
        let second = try Map<UInt32, UInt32>.create(.array, name: "bt_in2", maxEntries: 4)
        try first.set(10, forKey: 0)
        try second.set(20, forKey: 0)
        #expect(try program.testRun(data: frame).returnValue == 0)
        try outer.set(first, forKey: 0)
        #expect(try program.testRun(data: frame).returnValue == 10)
        try outer.set(second, forKey: 0)
        #expect(try program.testRun(data: frame).returnValue == 20)
        #expect(try outer.mapID(forKey: 0) == second.info.id)
        #expect(try outer.removeMap(forKey: 0))
        #expect(try outer.mapID(forKey: 0) == nil)
        let other = try Map<UInt32, UInt64>.create(.array, name: "bt_in3", maxEntries: 4)
        #expect(throws: BPFError.self) { try outer.set(other, forKey: 1) }
    }

    @Test func `a map of maps is made from a template`() throws {
        let template = try Map<UInt32, UInt32>.create(.hash, name: "bt_tpl", maxEntries: 4)
        let outer = try MapOfMaps<UInt64>.create(.hashOfMaps, name: "bt_hom", maxEntries: 3, template: template)
        try outer.set(template, forKey: 1 << 40)
        let found = try #require(try outer.mapID(forKey: 1 << 40))
        let again = try Map<UInt32, UInt32>(id: found)
        try again.set(1, forKey: 1)
        #expect(try template.value(forKey: 1) == 1)
        #expect(try outer.keys() == [1 << 40])
        if let inner = try outer.map(forKey: 1 << 40, as: Map<UInt32, UInt32>.self) {
            #expect(try inner.value(forKey: 1) == 1)
        } else {
            Issue.record("there is no inner map")
        }
        let none = try outer.map(forKey: 2, as: Map<UInt32, UInt32>.self) == nil
        #expect(none)
        #expect(throws: BPFError.self) { _ = try outer.map(forKey: 1 << 40, as: PerCPUMap<UInt32, UInt32>.self) }
    }

    @Test func `programs and tests share hashes, tries and counters`() throws {
        let loaded = try OpenObject(.maps).load()
        let hash = try loaded.map("bt_hash", key: bt_key.self, value: bt_value.self)
        let prefixes = try loaded.map("bt_prefixes", key: bt_prefix.self, value: UInt32.self)
        let lru = try loaded.map("bt_lru", key: UInt32.self, value: UInt64.self)
        let counters = try loaded.perCPUMap("bt_percpu", key: UInt32.self, value: UInt32.self)
        let key = bt_key(address: 0x0302_010a, port: 443, protocol: 6)
        try hash.set(bt_value(packets: 0, bytes: 0), forKey: key)
        try prefixes.set(50, forKey: bt_prefix(length: 16, address: (10, 1, 0, 0)))
        let program = try loaded.program("bt_use_maps")
        #expect(try program.testRun(data: frame, context: TestRunContext(mark: 0x0302_010a)).returnValue == 50)
        #expect(try program.testRun(data: frame, context: TestRunContext(mark: 0x0302_020a)).returnValue == 0)
        let value = try #require(try hash.value(forKey: key))
        #expect(value.packets == 1 && value.bytes == UInt64(frame.count))
        #expect(try lru.value(forKey: 0x0302_020a) == 1)
        #expect(try counters.sum(forKey: 0) == 2)
        #expect(try loaded.global("bt_runs", as: UInt64.self) == 2)
        #expect(try loaded.map("bt_array", key: UInt32.self, value: UInt64.self).value(forKey: 0) == 2)
    }

    @Test func `a type that has not the map's layout is refused`() throws {
        struct Short: BitwiseCopyable { var generation: UInt32, seen: UInt32, first: UInt32 }
        let loaded = try OpenObject(.maps).load()
        let value = #expect(throws: BPFError.self) { _ = try loaded.mappedArray("bt_mapped", of: Short.self) }
        #expect(value?.reason.contains("its value is not a Short: struct bt_shared has 20 bytes, and the Swift type 12") == true)
        let key = #expect(throws: BPFError.self) { _ = try loaded.map("bt_hash", key: UInt32.self, value: bt_value.self) }
        #expect(key?.reason.hasPrefix("its key is not a UInt32: struct bt_key has 8 bytes") == true)
        struct Turned: BitwiseCopyable { var port: UInt16, number: UInt16, address: UInt32 }
        let order = #expect(throws: BPFError.self) { _ = try loaded.map("bt_hash", key: Turned.self, value: bt_value.self) }
        #expect(
            order?.reason.contains("where it has address (4 bytes at 0), the Swift type has port (2 at 0)") == true,
            "\(order?.reason ?? "")")
        struct Exchanged: BitwiseCopyable { var bytes: UInt64, packets: UInt64 }
        let names = #expect(throws: BPFError.self) { _ = try loaded.map("bt_hash", key: bt_key.self, value: Exchanged.self) }
        #expect(names?.reason.contains("where it has packets (8 bytes at 0), the Swift type has bytes (8 at 0)") == true)
        struct Renamed: BitwiseCopyable { var count: UInt64, volume: UInt64 }
        _ = try loaded.map("bt_hash", key: bt_key.self, value: Renamed.self)
        let kind = #expect(throws: BPFError.self) { _ = try loaded.map("bt_percpu", key: UInt32.self, value: UInt32.self) }
        #expect(kind?.description.contains("percpu_array") == true)
        let padded = #expect(throws: BPFError.self) { _ = try loaded.map("bt_padded_keys", key: UInt64.self, value: UInt32.self) }
        #expect(padded?.reason == "its key has 3 bytes of padding, which would be part of the key")
        // Without BTF, by the kernel's word.
        let map = try Map<UInt32, UInt64>.create(.hash, name: "bt_h", maxEntries: 1)
        let id = try map.info.id
        #expect(
            #expect(throws: BPFError.self) { _ = try Map<UInt64, UInt64>(id: id) }?.reason
                == "its keys have 4 bytes, those of the Swift type 8")
    }

    @Test func `an object uses a map it is given in place of its own`() throws {
        let mine = try Map<UInt32, UInt64>.create(.array, name: "bt_mine", maxEntries: 8)
        var object = try OpenObject(.maps)
        try object.reuse(mine, asMap: "bt_array")
        let loaded = try object.load()
        _ = try loaded.program("bt_use_maps").testRun(data: frame)
        #expect(try mine.value(forKey: 0) == 1)
        let other = try Map<UInt32, UInt32>.create(.array, name: "bt_other", maxEntries: 8)
        var second = try OpenObject(.maps)
        let error = #expect(throws: BPFError.self) { try second.reuse(other, asMap: "bt_array") }
        #expect(error?.reason == "declared as array of 4 to 8 bytes, but the map given is array of 4 to 4")
    }

    @Test func `a frozen map refuses user space and serves programs`() throws {
        let map = try Map<UInt32, UInt64>.create(.array, name: "bt_f", maxEntries: 1, flags: .programReadOnly)
        try map.set(3, forKey: 0)
        try map.freeze()
        #expect(#expect(throws: BPFError.self) { try map.set(4, forKey: 0) }?.errno == 1)
        #expect(try map.value(forKey: 0) == 3)
    }
}
