import BPF
import BPFTestObjects
import BPFTesting
import CBPFTestObjects
import Testing

/// What was produced is delivered or counted as lost, to the last record: with buffers of every size, overrun, and read by consumers that
/// come and go.
@Suite("Produced is delivered plus lost")
struct LossTests {
    /// The size of a ring buffer in pages, or of each CPU's part of a perf buffer.
    @Test(.timeLimit(.minutes(2)), arguments: [1, 16, 256, 4096]) func `in a ring buffer`(pages: Int) async throws {
        var object = try OpenObject(.rings)
        try object.setMaxEntries(pages * 4096, ofMap: "bt_ring")
        let loaded = try object.load()
        // 8 bytes before each record of 16.
        try await check(loaded, try loaded.ringBuffer("bt_ring"), writer: "bt_write_ring", capacity: pages * 4096 / 24)
    }

    @Test(.timeLimit(.minutes(2)), arguments: [1, 16, 256, 1024]) func `in a perf buffer`(pages: Int) async throws {
        let loaded = try OpenObject(.rings).load()
        // 12 bytes before each, and 4 behind.
        try await check(
            loaded, try loaded.perfBuffer("bt_perf", pagesPerCPU: pages), writer: "bt_write_perf", capacity: pages * 4096 / 32)
    }

    private func check(
        _ loaded: borrowing LoadedObject, _ buffer: any Buffer, writer: String, capacity: Int
    ) async throws {
        let tally = Tally()
        let program = Shared(try loaded.program(writer))
        @Sendable func produce(_ count: Int) throws {
            for _ in 0..<max(1, count / 512 / 64) {
                _ = try program.value.testRun(data: frame, context: TestRunContext(mark: 512), repeat: 64)
            }
        }
        // More than fits while nobody reads.
        try produce(capacity * 5 / 4 + 64 * 512)
        var consumers = 0
        for isLast in [false, false, true] {
            let consumer = Task.detached { try await tally.take(from: buffer.batches(limit: 512)) }
            // Faster than any consumer.
            let producer = Task.detached {
                for _ in 0..<4 {
                    try produce(64 * 512)
                    await Task.yield()
                }
            }
            if isLast { try await producer.value }
            await tally.wait(forBatches: consumers + 1)
            consumer.cancel()
            try await consumer.value
            try await producer.value
            consumers = await tally.batches
        }
        while await tally.add(try buffer.drain(limit: .max)) {}
        let produced = try loaded.global("bt_sequence", as: UInt64.self)
        let (delivered, lost, doubled) = await (tally.delivered, tally.lost, tally.doubled)
        #expect(delivered + lost == produced)
        #expect(delivered > 0 && lost > 0 && doubled == 0)
        #expect(buffer.lost == lost)
    }

    @Test func `over consumers that follow each other, by what the one before has told`() throws {
        let fs = try PrivateBPFFS()
        let loaded = try OpenObject(.rings).load()
        for map in ["bt_ring", "bt_ring_lost", "bt_perf", "bt_perf_lost"] { try loaded.pinMap(map, at: fs.path(map)) }
        for (map, writer) in [("bt_ring", "bt_write_ring"), ("bt_perf", "bt_write_perf")] {
            let program = try loaded.program(writer)
            let before = try loaded.global("bt_sequence", as: UInt64.self)
            func counter() throws -> PerCPUMap<UInt32, UInt64> { try PerCPUMap(pinnedAt: fs.path("\(map)_lost")) }
            var (delivered, lost): (UInt64, UInt64) = (0, 0)
            for _ in 0..<3 {
                // More than fits, while nobody reads.
                _ = try program.testRun(data: frame, context: TestRunContext(mark: 512), repeat: 1)
                let buffer: any Buffer =
                    map == "bt_ring"
                    ? try RingBuffer(pinnedAt: fs.path(map), lossCounter: counter(), lossesTold: lost)
                    : try PerfBuffer(pinnedAt: fs.path(map), lossCounter: counter(), lossesTold: lost)
                _ = try program.testRun(data: frame, context: TestRunContext(mark: 100), repeat: 1)
                let batch = try buffer.drain(limit: .max)
                delivered += UInt64(batch.count)
                #expect(batch.lost >= 256 && buffer.lost == batch.lost, "\(batch.lost)")
                lost += batch.lost
            }
            #expect(try delivered > 0 && delivered + lost == loaded.global("bt_sequence", as: UInt64.self) - before)
            // Without it, what was lost before is not this one's.
            let ring = try RingBuffer(pinnedAt: fs.path("bt_ring"), lossCounter: PerCPUMap(pinnedAt: fs.path("bt_ring_lost")))
            #expect(try ring.drain().lost == 0)
        }
    }

    /// What came of all batches, whoever took them.
    private actor Tally {
        private(set) var delivered: UInt64 = 0
        private(set) var lost: UInt64 = 0
        /// Records that came twice.
        private(set) var doubled = 0
        private(set) var batches = 0
        private var seen: [Bool] = []
        private var waiting: (batches: Int, continuation: CheckedContinuation<Void, Never>)?

        func take(from batches: RecordBatches) async throws {
            for try await batch in batches { add(batch) }
        }

        /// Says whether there was anything in it.
        @discardableResult
        func add(_ batch: RecordBatch) -> Bool {
            batch.forEach(as: bt_record.self) { record in
                let place = Int(record.sequence)
                if place >= seen.count { seen += [Bool](repeating: false, count: place + 4096 - seen.count) }
                if seen[place] { doubled += 1 }
                seen[place] = true
            }
            delivered += UInt64(batch.count)
            lost += batch.lost
            batches += 1
            if let waiting, batches >= waiting.batches {
                self.waiting = nil
                waiting.continuation.resume()
            }
            return !batch.isEmpty || batch.lost > 0
        }

        func wait(forBatches count: Int) async {
            if batches >= count { return }
            await withCheckedContinuation { waiting = (count, $0) }
        }
    }
}

/// A ring or a perf buffer.
private protocol Buffer: Sendable {
    var lost: UInt64 { get }
    func batches(limit: Int) -> RecordBatches
    func drain(limit: Int) throws(BPFError) -> RecordBatch
}
extension RingBuffer: Buffer {}
extension PerfBuffer: Buffer {}
