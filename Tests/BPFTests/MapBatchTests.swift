import BPF
import BPFTesting
import CBPFTestObjects
import Testing

@Suite("Many entries at once")
struct MapBatchTests {
    @Test(arguments: [MapType.hash, .lruHash, .lpmTrie])
    func `taking all entries empties a map`(type: MapType) throws {
        let map = try Map<bt_prefix, UInt64>.create(type, name: "bt_t", maxEntries: 2000)
        var keys: [bt_prefix] = []
        for number in 0..<1000 as Range<UInt32> {
            keys.append(bt_prefix(length: 32, address: (10, UInt8(number >> 8), UInt8(number & 255), 1)))
        }
        try map.set(Array(0..<1000), forKeys: keys)
        // A batch that no bucket of the hash fits into grows.
        let taken = try map.takeEntries(batch: 1)
        #expect(taken.map(\.value).sorted() == Array(0..<1000))
        #expect(try map.count() == 0)
        #expect(try map.takeEntries().isEmpty)
    }

    @Test func `entries of an array cannot be taken`() throws {
        let map = try Map<UInt32, UInt32>.create(.array, name: "bt_a", maxEntries: 3)
        #expect(throws: BPFError.self) { _ = try map.takeEntries() }
    }

    /// 13 bytes, of which the next begins 16 later in an array of Swift's.
    private struct Short: BitwiseCopyable, Equatable {
        var first: UInt64
        var second: UInt32
        var third: UInt8
        init(_ number: UInt64) { (first, second, third) = (number, UInt32(number) &* 3, UInt8(truncatingIfNeeded: number)) }
    }

    @Test func `types without padding at their end lie in batches as in the map`() throws {
        #expect(MemoryLayout<Short>.size == 13 && MemoryLayout<Short>.stride == 16)
        let map = try Map<Short, Short>.create(.hash, name: "bt_s", maxEntries: 500)
        let numbers = (0..<300 as Range<UInt64>)
        try map.set(numbers.map { Short($0 + 1) }, forKeys: numbers.map { Short($0) })
        #expect(try map.value(forKey: Short(299)) == Short(300))
        let entries = try map.entries(batch: 50)
        #expect(entries.count == 300)
        #expect(entries.allSatisfy { $0.value == Short($0.key.first + 1) && $0.key == Short($0.key.first) })
        try map.removeValues(forKeys: numbers.prefix(100).map { Short($0) })
        #expect(try map.count() == 200)
    }

    @Test(arguments: [MapType.perCPUHash, .lruPerCPUHash])
    func `batches of per-CPU values`(type: MapType) throws {
        let map = try PerCPUMap<UInt32, UInt32>.create(type, name: "bt_pc", maxEntries: 4000)
        let keys = Array(0..<1000 as Range<UInt32>)
        let rows = keys.map { key in (0..<map.cpuCount).map { key * 10 + UInt32($0) } }
        try map.set(rows, forKeys: keys)
        let entries = try map.entries(batch: 100)
        #expect(entries.count == 1000 && entries.allSatisfy { $0.values == rows[Int($0.key)] })
        try map.removeValues(forKeys: Array(keys[..<500]))
        let taken = try map.takeEntries(batch: 7)
        #expect(taken.map(\.key).sorted() == Array(keys[500...]))
        #expect(try map.entries().isEmpty)
        #expect(throws: BPFError.self) { try map.set([[1]], forKeys: [1, 2]) }
        #expect(throws: BPFError.self) { try map.set([[UInt32](repeating: 1, count: map.cpuCount + 1)], forKeys: [1]) }
    }

    @Test func `a per-CPU array is read whole`() throws {
        let map = try PerCPUMap<UInt32, UInt64>.create(.perCPUArray, name: "bt_pa", maxEntries: 50)
        let keys = Array(0..<50 as Range<UInt32>)
        let rows = keys.map { [UInt64](repeating: UInt64($0), count: map.cpuCount) }
        try map.set(rows, forKeys: keys)
        let entries = try map.entries(batch: 8)
        #expect(entries.map(\.key) == keys && entries.map(\.values) == rows)
    }

    @Test func `what comes while entries are taken is taken later, and nothing is lost`() async throws {
        let map = try Shared(Map<UInt64, UInt64>.create(.hash, name: "bt_busy", maxEntries: 1 << 16))
        let writer = Task.detached {
            for key in 0..<20_000 as Range<UInt64> { try map.value.set(key, forKey: key, mode: .insert) }
        }
        var seen = Set<UInt64>()
        func take() throws {
            for (key, value) in try map.value.takeEntries(batch: 64) {
                #expect(key == value)
                #expect(seen.insert(key).inserted)
            }
        }
        for _ in 0..<1000 where seen.count < 20_000 {
            try take()
            await Task.yield()
        }
        try await writer.value
        try take()
        #expect(seen.count == 20_000)
    }
}

/// A handle that several tasks use.
final class Shared<Value: ~Copyable & Sendable>: Sendable {
    let value: Value
    init(_ value: consuming Value) { self.value = value }
}
