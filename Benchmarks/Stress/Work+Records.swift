import BPF
import BPFTestObjects
import CBPFTestObjects
import Glibc

extension Work {
    /// Consumers share a buffer, come and go, while records are written faster than they fit.
    func records(of loaded: consuming LoadedObject, isRing: Bool) async throws {
        let loaded = Shared(loaded)
        let batches: RecordBatches
        let rest: @Sendable () throws -> RecordBatch
        if isRing {
            let ring = try loaded.value.ringBuffer("bt_ring")
            batches = ring.batches(limit: 64)
            rest = { try ring.drain() }
        } else {
            let buffer = try loaded.value.perfBuffer("bt_perf", pagesPerCPU: 1)
            batches = buffer.batches(limit: 64)
            rest = { try buffer.drain() }
        }
        let program = Shared(try loaded.value.program(isRing ? "bt_write_ring" : "bt_write_perf"))
        let writing = Task {
            for _ in 0..<50 {
                _ = try program.value.testRun(data: frame, context: TestRunContext(mark: 200))
                await Task.yield()
            }
        }
        var total: UInt64 = 0
        try await withThrowingTaskGroup(of: UInt64.self) { group in
            for _ in 0..<3 {
                group.addTask {
                    var count: UInt64 = 0
                    for try await batch in batches {
                        batch.forEach(as: bt_record.self) { _ = $0.sequence }
                        count += UInt64(batch.count) + batch.lost
                    }
                    return count
                }
            }
            try await writing.value
            group.cancelAll()
            for try await count in group { total += count }
        }
        var last = try rest()
        while !last.isEmpty || last.lost > 0 {
            total += UInt64(last.count) + last.lost
            last = try rest()
        }
        try expect(total == 10_000, "\(total) of 10000 records, \(isRing ? "ring" : "perf")")
    }

    /// Waits that are cancelled as they begin, while others are woken.
    func waits() async throws {
        let loaded = Shared(try OpenObject(.rings).load())
        let program = Shared(try loaded.value.program("bt_write_ring"))
        for round in 0..<20 {
            let ring = try loaded.value.ringBuffer("bt_ring")
            let waiting = Task {
                var iterator = ring.batches().makeAsyncIterator()
                return try await iterator.next()?.count ?? 0
            }
            if round % 2 == 0 { waiting.cancel() }
            if round % 4 < 3 { _ = try program.value.testRun(data: frame, context: TestRunContext(mark: 1)) } else { waiting.cancel() }
            _ = try await waiting.value
            _ = try ring.drain()
        }
    }

    /// Programs attached and detached.
    func links() async throws {
        let program = try OpenObject(.tracing).load().program("bt_uprobe")
        for _ in 0..<3 {
            let link = try program.attachUprobe(binary: "/proc/self/exe", offset: 0x1000)
            _ = try link.info
            await Task.yield()
            _ = consume link
        }
    }
}
