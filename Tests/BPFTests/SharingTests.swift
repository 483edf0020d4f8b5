import BPF
import BPFTestObjects
import BPFTesting
import CBPFTestObjects
import Glibc
import Testing

/// What the compiler lets through is safe: handles used by several tasks, pinned again, or gone while somebody uses what came of them.
@Suite("Handles shared, pinned twice, and gone")
struct SharingTests {
    @Test func `tasks share maps`() async throws {
        let hash = Shared(try Map<UInt32, UInt64>.create(.hash, name: "bt_sh", maxEntries: 4000))
        let counters = Shared(try PerCPUMap<UInt32, UInt64>.create(.perCPUArray, name: "bt_sc", maxEntries: 8))
        let queue = Shared(try QueueMap<UInt32>.create(name: "bt_sq", capacity: 4000))
        try await withThrowingTaskGroup(of: Void.self) { group in
            for task in 0..<8 as Range<UInt32> {
                group.addTask {
                    for number in 0..<500 as Range<UInt32> {
                        try hash.value.set(UInt64(number), forKey: task * 500 + number)
                        try queue.value.push(task * 500 + number)
                    }
                    try counters.value.set(all: UInt64(task), forKey: task)
                }
            }
            try await group.waitForAll()
        }
        #expect(try hash.value.count() == 4000)
        var popped: Set<UInt32> = []
        while let number = try queue.value.pop() { popped.insert(number) }
        #expect(popped.count == 4000)
        #expect(try counters.value.sum(forKey: 7) == UInt64(7 * counters.value.cpuCount))
    }

    @Test(.timeLimit(.minutes(1))) func `tasks share the records of a ring, each of which comes once`() async throws {
        let loaded = try OpenObject(.rings).load()
        let ring = try loaded.ringBuffer("bt_ring")
        let program = Shared(try loaded.program("bt_write_ring"))
        let done = Task {
            for _ in 0..<200 {
                _ = try program.value.testRun(data: frame, context: TestRunContext(mark: 100))
                await Task.yield()
            }
        }
        var seen: [UInt64] = []
        var lost: UInt64 = 0
        try await withThrowingTaskGroup(of: ([UInt64], UInt64).self) { group in
            for _ in 0..<4 {
                group.addTask {
                    var mine: [UInt64] = []
                    var lost: UInt64 = 0
                    for try await batch in ring.batches(limit: 16) {
                        batch.forEach(as: bt_record.self) { mine.append($0.sequence) }
                        lost += batch.lost
                    }
                    return (mine, lost)
                }
            }
            try await done.value
            group.cancelAll()
            for try await (mine, theirs) in group {
                seen += mine
                lost += theirs
            }
        }
        let rest = try ring.drain()
        rest.forEach(as: bt_record.self) { seen.append($0.sequence) }
        #expect(Set(seen).count == seen.count)
        #expect(UInt64(seen.count) + lost + rest.lost == 20_000)
    }

    @Test(.timeLimit(.minutes(1))) func `a sequence of batches keeps what it reads, when all else has gone`() async throws {
        func batches() throws -> (RecordBatches, Shared<Program>) {
            let loaded = try OpenObject(.rings).load()
            return (try loaded.ringBuffer("bt_ring").batches(), Shared(try loaded.program("bt_write_ring")))
        }
        let (batches, program) = try batches()
        _ = try program.value.testRun(data: frame, context: TestRunContext(mark: 9))
        var iterator = batches.makeAsyncIterator()
        let batch = try #require(try await iterator.next())
        #expect(batch.count == 9)
        let waiting = Task {
            var iterator = batches.makeAsyncIterator()
            return try await iterator.next() == nil
        }
        waiting.cancel()
        #expect(try await waiting.value)
    }

    @Test func `what is pinned twice is pinned twice, and once a path`() throws {
        let fs = try PrivateBPFFS()
        let map = try Map<UInt32, UInt32>.create(.array, name: "bt_tw", maxEntries: 1)
        try map.pin(at: fs.path("one"))
        try map.pin(at: fs.path("two"))
        let again = try #require(throws: BPFError.self) { try map.pin(at: fs.path("one")) }
        #expect(again.description.contains("(EEXIST); something is pinned there already"))
        #expect(try Map<UInt32, UInt32>(pinnedAt: fs.path("one")).info.id == Map<UInt32, UInt32>(pinnedAt: fs.path("two")).info.id)
        unlink(fs.path("one"))
        #expect(try Map<UInt32, UInt32>(pinnedAt: fs.path("two")).info.id == map.info.id)
        let program = try OpenObject(.maps).load().program("bt_globals")
        try program.pin(at: fs.path("p"))
        #expect(#expect(throws: BPFError.self) { try program.pin(at: fs.path("p")) }?.errno == EEXIST)
        #expect(#expect(throws: BPFError.self) { _ = try Map<UInt32, UInt32>(pinnedAt: fs.path("p")) }?.step == .openPin)
    }

    @Test func `a link that another handle detached is of no use, and no harm`() throws {
        let fs = try PrivateBPFFS()
        let program = try OpenObject(.maps).load().program("bt_globals")
        let namespace = try NetworkNamespace()
        try namespace.run { () throws in
            try #require(Features.tcx == .available)
            let link = try program.attachTCX(interface: 1, .ingress)
            try link.pin(at: fs.path("link"))
            try Link(pinnedAt: fs.path("link")).detach()
            #expect(try TCXChain(interface: 1, .ingress).entries.isEmpty)
            #expect(throws: BPFError.self) { try link.update(to: program) }
            #expect(try link.info.interface == 0)
        }
    }
}
