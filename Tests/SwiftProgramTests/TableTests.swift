import BPF
import Glibc
import SwiftConstructs
import SwiftObjects
import Testing

@Suite("Maps that are declared in Swift")
struct TableTests {
    private func load() throws -> LoadedObject { try OpenObject(.tables).load() }

    @Test func `arrays hold what programs and user space put there`() throws {
        let loaded = try load()
        #expect(try loaded.call("arrayMap", 3, 40) == 40)
        #expect(try loaded.call("arrayMap", 3, 2) == 42)
        #expect(try loaded.call("arrayMap", 16, 2) == nil)
        let map = try loaded.map("numbers", key: UInt32.self, value: UInt64.self)
        #expect(try map.value(forKey: 3) == 42)
        try map.set(100, forKey: 4)
        #expect(try loaded.call("arrayMap", 4, 1) == 101)
    }

    @Test func `each processor has a value of its own`() throws {
        let loaded = try load()
        #expect(try loaded.call("perCPUArray", 1, 5) != nil)
        #expect(try loaded.call("perCPUArray", 4, 5) == nil)
        let array = try loaded.perCPUMap("own", key: UInt32.self, value: UInt64.self)
        #expect(try array.values(forKey: 1)?.reduce(0, +) == 5)
        #expect(try loaded.call("perCPUHashMap", 9) == 6)
        let hash = try loaded.perCPUMap("ownFlows", key: UInt32.self, value: Flow.self)
        #expect(try hash.values(forKey: 9)?.map(\.packets).reduce(0, +) == 6)
        #expect(try loaded.call("lruPerCPUHashMap", 7, 8) == 8)
    }

    @Test func `a key of several fields is the same in user space`() throws {
        let loaded = try load()
        for count in 1...3 as ClosedRange<UInt64> { #expect(try loaded.call("hashMap", 0x1206, 0x0a00_0001, 0, 100) == count) }
        #expect(try loaded.call("hashMapValue", 0x1206, 0x0a00_0001) == 3300)
        #expect(try loaded.call("hashMapValue", 0x1207, 0x0a00_0001) == nil)
        let flows = try loaded.map("flows", key: FlowKey.self, value: Flow.self)
        #expect(try flows.value(forKey: FlowKey(kind: 6, address: 0x0a00_0001, port: 0x12)) == Flow(packets: 3, bytes: 300))
    }

    @Test func `the kernel knows the types of keys and values, of generic ones too`() throws {
        let loaded = try load()
        for name in ["numbers", "own", "flows", "endpoints", "recent", "ownFlows", "ownRecent", "prefixes"] {
            let info = try loaded.mapInfo(name)
            #expect(info.keyTypeID != 0 && info.valueTypeID != 0, "\(name)")
        }
        let key = try #require(try loaded.keyType(ofMap: "endpoints")?.resolved.composite)
        #expect(key.name == "Endpoints" && key.byteCount == 8)
        #expect(key.fields.map(\.name) == ["address", "ports"] && key.fields.map(\.byteOffset) == [0, 4])
        let ports = try #require(key.fields.last?.type.resolved.composite)
        #expect(ports.fields.map(\.name) == ["source", "destination"] && ports.fields.map(\.byteOffset) == [0, 2])
        #expect(try loaded.call("genericKey", 1, 2, 3) == 1 && loaded.call("genericKey", 1, 2, 3) == 2)
        #expect(try loaded.call("genericKey", 1, 3, 2) == 1)
    }

    @Test func `what a map refuses has its number`() throws {
        let loaded = try load()
        func set(_ key: UInt64, mode: UInt64) throws -> UInt64? { try loaded.call("hashMapSet", key, 0, mode, 9) }
        #expect(try set(1, mode: 2) == UInt64(ENOENT))
        #expect(try set(1, mode: 1) == 0)
        #expect(try set(1, mode: 1) == UInt64(EEXIST))
        #expect(try set(1, mode: 2) == 0 && set(1, mode: 0) == 0)
        for key in 2...4 as ClosedRange<UInt64> { #expect(try set(key, mode: 0) == 0) }
        #expect(try set(5, mode: 0) == UInt64(E2BIG))
        #expect(try loaded.call("hashMapRemove", 1) == 0 && loaded.call("hashMapRemove", 1) == UInt64(ENOENT))
        #expect(try set(5, mode: 0) == 0)
    }

    @Test func `a map of the least recently used forgets`() throws {
        let loaded = try load()
        for key in 0..<200 as Range<UInt64> { #expect(try loaded.call("lruHashMap", key, key + 1) == key + 1) }
        let count = try loaded.map("recent", key: UInt64.self, value: UInt64.self).keys().count
        #expect(count > 0 && count <= 32)
    }

    @Test func `the longest prefix is found`() throws {
        let loaded = try load()
        let prefixes = try loaded.map("prefixes", key: PrefixKey.self, value: UInt32.self)
        try prefixes.set(1, forKey: PrefixKey(10, 0, 0, 0, length: 8))
        try prefixes.set(2, forKey: PrefixKey(10, 1, 0, 0, length: 16))
        #expect(try loaded.call("lpmTrie", 0x0a01_0203) == 2)
        #expect(try loaded.call("lpmTrie", 0x0a02_0203) == 1)
        #expect(try loaded.call("lpmTrie", 0x0b02_0203) == nil)
    }

    @Test func `a queue gives the oldest, a stack the newest`() throws {
        let loaded = try load()
        #expect(try loaded.call("queuePop") == nil)
        for value in 1...3 as ClosedRange<UInt64> { #expect(try loaded.call("queuePush", value) == 0) }
        #expect(try loaded.call("queuePush", 4) == UInt64(E2BIG))
        #expect(try loaded.call("queuePush", 5, 1) == 0)
        #expect(try loaded.call("queuePop") == 2)
        #expect(try loaded.queue("waiting", of: UInt64.self).pop() == 3)
        #expect(try loaded.call("stackPushPop", 7, 8) == 8007)
    }

    @Test func `maps of maps lead to the map that is there`() throws {
        let loaded = try load()
        #expect(try loaded.call("arrayOfMaps", 1, 2) == 77)
        let inner = try Map<UInt32, UInt64>.create(.array, name: "st_inner", maxEntries: 4)
        try inner.set(5, forKey: 2)
        try loaded.mapOfMaps("tables", key: UInt32.self).set(inner, forKey: 1)
        #expect(try loaded.call("arrayOfMaps", 1, 2) == 5)
        #expect(try loaded.call("arrayOfMaps", 1, 4) == nil)
        let named = try Map<UInt32, UInt64>.create(.hash, name: "st_named", maxEntries: 4)
        try named.set(6, forKey: 3)
        try loaded.mapOfMaps("namedTables", key: UInt16.self).set(named, forKey: 500)
        #expect(try loaded.call("hashOfMaps", 500, 3) == 6)
        #expect(try loaded.call("hashOfMaps", 501, 3) == 77)
        #expect(try loaded.call("hashOfMaps", 500, 4) == nil)
    }

    @Test func `a tail call goes on with the program of its number`() throws {
        let loaded = try load()
        let tail = try loaded.program("tailCall")
        let alone = try tail.testRun(data: frame(Numbers(2, 40, 0, 0)))
        #expect(alone.returnValue == 1 && number(in: alone.data, at: 32) == 1)
        try loaded.programArray("steps").set(loaded.program("tailCalled"), at: 2)
        #expect(try answer(tail, Numbers(2, 40, 0, 0)) == 42)
    }
}

/// The key of a table of prefixes, as user space writes it.
struct PrefixKey: BitwiseCopyable {
    var length: UInt32
    var address: InlineArray<4, UInt8>

    init(_ a: UInt8, _ b: UInt8, _ c: UInt8, _ d: UInt8, length: UInt32) {
        self.length = length
        address = [a, b, c, d]
    }
}
