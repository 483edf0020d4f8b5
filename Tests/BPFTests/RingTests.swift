import BPF
import BPFTestObjects
import BPFTesting
import CBPFTestObjects
import Testing

@Suite("Ring and perf buffers")
struct RingTests {
    /// The sequence numbers in a batch.
    private func sequences(_ batch: RecordBatch) -> [UInt64] {
        var found: [UInt64] = []
        batch.forEach(as: bt_record.self) { found.append($0.sequence) }
        return found
    }

    @Test func `records come in order, in batches of at most the limit`() throws {
        let loaded = try OpenObject(.rings).load()
        let ring = try loaded.ringBuffer("bt_ring")
        let writer = try loaded.program("bt_write_ring")
        _ = try writer.testRun(data: frame, context: TestRunContext(mark: 100, priority: 7))
        let first = try ring.drain(limit: 30)
        #expect(sequences(first) == Array(0..<30))
        let rest = try ring.drain()
        #expect(sequences(rest) == Array(30..<100))
        #expect(try ring.drain().isEmpty)
        // A batch keeps what it holds while later ones come.
        #expect(sequences(first) == Array(0..<30))
        #expect(first.bytes(at: 3) == [3, 0, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0])
        var lengths: Set<Int> = []
        rest.forEach { lengths.insert($0.byteCount) }
        #expect(lengths == [16])
    }

    @Test func `what did not fit is counted: produced is delivered plus lost`() throws {
        let loaded = try OpenObject(.rings).load()
        let ring = try loaded.ringBuffer("bt_ring", lossCounter: "bt_ring_lost")
        let writer = try loaded.program("bt_write_ring")
        var delivered = 0
        var lost: UInt64 = 0
        for _ in 0..<3 {
            _ = try writer.testRun(data: frame, context: TestRunContext(mark: 400))
            let batch = try ring.drain()
            delivered += batch.count
            lost += batch.lost
            #expect(batch.lost > 0)
        }
        #expect(UInt64(delivered) + lost == 1200)
        #expect(ring.lost == lost)
        // Losses of before are not told to a consumer that comes later, which finds the counter by its name.
        let later = try loaded.ringBuffer("bt_ring")
        #expect(try later.drain().lost == 0)
        _ = try writer.testRun(data: frame, context: TestRunContext(mark: 400))
        #expect(try later.drain().lost > 0)
    }

    @Test func `a ring larger than what is mapped of it gives every record, lap after lap`() throws {
        var object = try OpenObject(.rings)
        try object.setMaxEntries(1 << 20, ofMap: "bt_ring")
        let loaded = try object.load()
        let ring = try loaded.ringBuffer("bt_ring")
        let writer = try loaded.program("bt_write_ring")
        var next: UInt64 = 0
        var isInOrder = true
        // 24 bytes each: three laps and more, read in parts of another size than they are written in.
        for turn in 0..<270 {
            _ = try writer.testRun(data: frame, context: TestRunContext(mark: 512))
            guard turn % 7 == 6 || turn == 269 else { continue }
            for limit in [1, 100, Int.max] {
                try ring.drain(limit: limit).forEach(as: bt_record.self) {
                    isInOrder = isInOrder && $0.sequence == next
                    next += 1
                }
            }
        }
        #expect(isInOrder)
        #expect(next == 270 * 512)
    }

    @Test(.timeLimit(.minutes(1))) func `a waiting consumer gets records as they are written`() async throws {
        let loaded = try OpenObject(.rings).load()
        let ring = try loaded.ringBuffer("bt_ring")
        let writer = try loaded.program("bt_write_ring")
        let consumer = Task {
            var found: [UInt64] = []
            for try await batch in ring.batches() {
                batch.forEach(as: bt_record.self) { found.append($0.sequence) }
                if found.count >= 500 { break }
            }
            return found
        }
        for _ in 0..<50 {
            _ = try writer.testRun(data: frame, context: TestRunContext(mark: 10))
            try await Task.sleep(for: .milliseconds(1))
        }
        #expect(try await consumer.value == Array(0..<500))
    }

    @Test(.timeLimit(.minutes(1))) func `cancelling ends a wait, and what is in the ring stays for the next`() async throws {
        let loaded = try OpenObject(.rings).load()
        let ring = try loaded.ringBuffer("bt_ring")
        let waiting = Task {
            var count = 0
            for try await batch in ring.batches() { count += batch.count }
            return count
        }
        try await Task.sleep(for: .milliseconds(50))
        waiting.cancel()
        #expect(try await waiting.value == 0)
        _ = try loaded.program("bt_write_ring").testRun(data: frame, context: TestRunContext(mark: 5))
        var iterator = ring.batches().makeAsyncIterator()
        #expect(try await iterator.next()?.count == 5)
    }

    @Test(.timeLimit(.minutes(1))) func `many waiting consumers hold no thread`() async throws {
        // More than the pool has threads: were each wait to hold one, nothing else would run.
        var consumers: [Task<Int, any Error>] = []
        for _ in 0..<64 {
            let ring = try RingBuffer.create(name: "bt_idle", byteCount: 4096)
            consumers.append(
                Task {
                    var count = 0
                    for try await batch in ring.batches() { count += batch.count }
                    return count
                })
        }
        try await Task.sleep(for: .milliseconds(100))
        for consumer in consumers { consumer.cancel() }
        for consumer in consumers { #expect(try await consumer.value == 0) }
    }

    @Test func `a ring opened from its pin delivers`() throws {
        let fs = try PrivateBPFFS()
        let loaded = try OpenObject(.rings).load()
        try loaded.pinMap("bt_ring", at: fs.path("ring"))
        let ring = try RingBuffer(pinnedAt: fs.path("ring"))
        _ = try loaded.program("bt_write_ring").testRun(data: frame, context: TestRunContext(mark: 3))
        #expect(try ring.drain().count == 3)
    }

    @Test func `a ring is made for an object to use`() throws {
        let ring = try RingBuffer.create(name: "bt_big", byteCount: 1 << 16)
        var object = try OpenObject(.rings)
        try object.reuse(descriptor: ring.fileDescriptor, asMap: "bt_ring")
        let loaded = try object.load()
        _ = try loaded.program("bt_write_ring").testRun(data: frame, context: TestRunContext(mark: 500), repeat: 2)
        #expect(try ring.drain().count == 1000)
        #expect(throws: BPFError.self) { _ = try RingBuffer.create(name: "bt_odd", byteCount: 5000) }
    }

    @Test(.timeLimit(.minutes(1))) func `a perf buffer delivers to a waiting consumer`() async throws {
        let loaded = try OpenObject(.rings).load()
        let buffer = try loaded.perfBuffer("bt_perf")
        let writer = try loaded.program("bt_write_perf")
        let consumer = Task {
            var found: Set<UInt64> = []
            for try await batch in buffer.batches() {
                batch.forEach(as: bt_record.self) { found.insert($0.sequence) }
                if found.count >= 300 { break }
            }
            return found
        }
        for _ in 0..<30 {
            _ = try writer.testRun(data: frame, context: TestRunContext(mark: 10))
            try await Task.sleep(for: .milliseconds(1))
        }
        #expect(try await consumer.value == Set(0..<300))
        #expect(buffer.lost == 0)
    }

    @Test(.timeLimit(.minutes(1))) func `cancelling ends a wait for a perf buffer`() async throws {
        let buffer = try OpenObject(.rings).load().perfBuffer("bt_perf", pagesPerCPU: 1)
        let waiting = Task {
            for try await _ in buffer.batches() {}
            return true
        }
        try await Task.sleep(for: .milliseconds(20))
        waiting.cancel()
        #expect(try await waiting.value)
    }

    @Test func `a perf buffer whose program counts nothing tells what the kernel dropped`() throws {
        let fs = try PrivateBPFFS()
        let loaded = try OpenObject(.rings).load()
        try loaded.pinMap("bt_perf", at: fs.path("perf"))
        let buffer = try PerfBuffer(pinnedAt: fs.path("perf"), pagesPerCPU: 1)
        let writer = try loaded.program("bt_write_perf")
        var delivered = 0
        // The kernel reports a loss with the next record that fits, on each CPU that had one.
        for mark in [500, 500, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1] as [UInt32] {
            _ = try writer.testRun(data: frame, context: TestRunContext(mark: mark))
            delivered += try buffer.drain().count
        }
        #expect(delivered < 1010 && buffer.lost > 0)
        #expect(UInt64(delivered) + buffer.lost <= 1010)
    }

    @Test func `maps of other kinds are no rings`() throws {
        let loaded = try OpenObject(.rings).load()
        let error = try #require(throws: BPFError.self) { _ = try loaded.ringBuffer("bt_perf") }
        #expect(error.description == "cannot open map bt_perf: it is of kind perf_event_array, and no ring buffer")
        #expect(throws: BPFError.self) { _ = try loaded.perfBuffer("bt_ring") }
    }
}
