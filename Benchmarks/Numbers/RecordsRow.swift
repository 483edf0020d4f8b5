import BPF
import BPFTesting
import BenchmarkObjects
import CBenchmark
import Foundation
import Glibc
import Synchronization

/// How many records of 64 bytes a second the library hands from the kernel to a consumer in Swift without loss, beside the other ways there
/// are: a perf buffer, a stream with one element for each record, and bpftrace.
struct RecordsRow {
    let effort: Effort

    private var seconds: Double { effort.isQuick ? 0.7 : 3 }
    private static let fast = [0.25, 0.5, 0.75, 1, 1.25, 1.5, 2, 2.5, 3, 4, 5, 6, 8].map { $0 * 1e6 }
    private static let slow = [25, 50, 75, 100, 150, 200, 300, 400, 500, 750, 1000, 1500].map { $0 * 1e3 }
    private static let calls = slow + [2, 2.5, 3, 4].map { $0 * 1e6 }

    func run() throws -> Outcome {
        var outcome = Outcome(row: "records")
        let ring = try KeptRate(climbing: Self.fast, toRing)
        outcome.measured.append(
            .atLeast(
                "records of 64 bytes, ring buffer to a Swift consumer, none lost", ring.best, "a second", 1_000_000, details: ring.details))
        func beside(_ name: String, _ kept: KeptRate, of yardstick: KeptRate, _ words: String) {
            var figure = Measured.figure(name, kept.best, "a second", details: kept.details)
            if yardstick.best > 0 { (figure.ratio, figure.ratioOf) = (kept.best / yardstick.best, words) }
            outcome.measured.append(figure)
        }
        beside("the same by perf buffer", try KeptRate(climbing: Self.fast, toPerf), of: ring, "ring buffer")
        beside(
            "the same, each record through an AsyncStream", try KeptRate(climbing: Self.slow, toStream), of: ring, "ring buffer")
        let calls = try KeptRate(climbing: Self.calls, callsToRing)
        beside("calls of getpgid, ring buffer to a Swift consumer", calls, of: ring, "ring buffer")
        if try runCommand(["sh", "-c", "command -v bpftrace"]).status == 0 {
            beside("the same calls, printed by bpftrace into a file", try KeptRate(climbing: Self.slow, toBPFTrace), of: calls, "ours")
        } else {
            outcome.measured.append(
                Measured(name: "the same calls, printed by bpftrace into a file", unit: "", note: "there is no bpftrace here"))
        }
        return outcome
    }

    private static let frame = [UInt8](repeating: 0, count: 12) + [8, 0] + [UInt8](repeating: 0, count: 50)

    // MARK: Consumers

    private func toRing(_ rate: Double) throws -> RateStep {
        let loaded = try OpenObject(.records).load()
        return try measure(rate, loaded, writer: "bench_to_ring", loaded.ringBuffer("bench_ring").batches())
    }

    private func toPerf(_ rate: Double) throws -> RateStep {
        let loaded = try OpenObject(.records).load()
        // As many bytes as the ring has, on each CPU.
        return try measure(rate, loaded, writer: "bench_to_perf", loaded.perfBuffer("bench_perf", pagesPerCPU: 1024).batches())
    }

    /// What a library with an element for each record does: whoever takes them from the kernel hands them on one by one.
    private func toStream(_ rate: Double) throws -> RateStep {
        let loaded = try OpenObject(.records).load()
        let batches = try loaded.ringBuffer("bench_ring").batches()
        let (stream, continuation) = AsyncStream.makeStream(of: bench_record.self, bufferingPolicy: .bufferingOldest(1 << 16))
        let counted = Counted()
        let reader = Task.detached {
            for try await batch in batches { batch.forEach(as: bench_record.self) { continuation.yield($0) } }
            continuation.finish()
        }
        let consumer = Task.detached {
            var sum: UInt64 = 0
            for await record in stream {
                sum &+= record.sequence
                counted.events.add(1, ordering: .relaxed)
            }
            return sum
        }
        defer {
            reader.cancel()
            consumer.cancel()
        }
        return try step(rate, counted, writing: loaded.program("bench_to_ring"))
    }

    private func measure(
        _ rate: Double, _ loaded: borrowing LoadedObject, writer: String, _ batches: RecordBatches
    ) throws -> RateStep {
        let counted = Counted()
        let reader = Self.count(batches, counted)
        defer { reader.cancel() }
        return try step(rate, counted, writing: loaded.program(writer))
    }

    /// Looks at every record, as a consumer does.
    private static func count(_ batches: RecordBatches, _ counted: Counted) -> Task<UInt64, any Error> {
        Task.detached {
            var sum: UInt64 = 0
            for try await batch in batches {
                batch.forEach(as: bench_record.self) { sum &+= $0.sequence }
                counted.events.add(batch.count, ordering: .relaxed)
                counted.lost.add(Int(clamping: batch.lost), ordering: .relaxed)
            }
            return sum
        }
    }

    private func step(_ rate: Double, _ counted: Counted, writing program: borrowing Program) throws -> RateStep {
        usleep(20_000)
        let start = ContinuousClock.now
        let produced = try produce(rate, seconds: seconds) { _ = try program.testRun(data: Self.frame, repeat: $0) }
        return step(start, produced, counted)
    }

    private func step(_ start: ContinuousClock.Instant, _ produced: Int, _ counted: Counted) -> RateStep {
        let end = counted.waitUntilQuiet()
        return RateStep(
            produced: produced, delivered: counted.events.load(ordering: .relaxed), seconds: max((end - start) / .seconds(1), seconds * 0.5)
        )
    }

    // MARK: Calls

    private func call(_ count: Int) { for _ in 0..<count { getpgid(0) } }

    private func callsToRing(_ rate: Double) throws -> RateStep {
        var object = try OpenObject(.records)
        try object.setGlobal("bench_pid", to: UInt32(getpid()))
        let loaded = try object.load()
        let link = try loaded.program("bench_at_getpgid").attachTracepoint(category: "syscalls", name: "sys_enter_getpgid")
        let counted = Counted()
        let reader = Self.count(try loaded.ringBuffer("bench_ring").batches(), counted)
        defer { reader.cancel() }
        usleep(20_000)
        let start = ContinuousClock.now
        let produced = produce(rate, seconds: seconds, call)
        let result = step(start, produced, counted)
        _ = consume link
        return result
    }

    private func toBPFTrace(_ rate: Double) throws -> RateStep {
        let folder = try WorkFolder("bpftrace")
        let path = "\(folder.path)/lines"
        let program = """
            tracepoint:syscalls:sys_enter_getpgid /pid == \(getpid())/ { printf("%lld %d %d %s\\n", nsecs, pid, args->pid, comm); }
            """
        let tracer = try ChildProcess(["bpftrace", "-o", path, "-e", program], folder: folder.path, name: "bpftrace")
        try folder.note(tracer.pid)
        func size() -> Int {
            var status = stat()
            return stat(path, &status) == 0 ? Int(status.st_size) : 0
        }
        /// What bpftrace says when it begins is a line too.
        func isPrinting() throws -> Bool { try lines(path, " \(getpid()) ") > 0 }
        for _ in 0..<300 where try !isPrinting() {
            call(1)
            usleep(50_000)
        }
        guard try isPrinting() else { throw BenchmarkError("bpftrace does not print: \(tracer.errors)") }
        usleep(200_000)
        let before = try lines(path, " \(getpid()) ")
        let start = ContinuousClock.now
        let produced = produce(rate, seconds: seconds, call)
        var last = size()
        var since = ContinuousClock.now
        while ContinuousClock.now - since < .milliseconds(500) {
            usleep(5_000)
            let now = size()
            if now != last { (last, since) = (now, ContinuousClock.now) }
        }
        tracer.send(SIGINT)
        _ = tracer.wait(seconds: 10)
        return RateStep(produced: produced, delivered: try lines(path, " \(getpid()) ") - before, seconds: (since - start) / .seconds(1))
    }

    private func lines(_ path: String, _ text: String) throws -> Int {
        let result = try runCommand(["grep", "-c", text, path])
        return Int(result.output.filter(\.isNumber)) ?? 0
    }
}
