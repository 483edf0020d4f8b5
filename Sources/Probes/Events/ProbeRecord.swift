internal import BPF

/// An event of a probe: its bytes, and how to tell them.
public struct ProbeRecord: Sendable {
    private let bytes: [UInt8]
    private let stream: ProbeEventStream
    /// What its times mean.
    private let clock: RecordClock

    init(_ bytes: [UInt8], of stream: ProbeEventStream, _ clock: RecordClock) {
        self.bytes = bytes
        self.stream = stream
        self.clock = clock
    }

    /// The struct it is, or the map it comes from where nobody says that.
    public var kind: String { stream.record ?? stream.map }

    /// Appends it as a JSON object, without a line's end.
    public func appendJSON(to text: inout [UInt8]) { stream.decoder.json(of: bytes, clock: clock, into: &text) }

    /// Appends it as words for people, without a line's end.
    public func appendLine(to text: inout [UInt8]) { stream.decoder.line(of: bytes, clock: clock, into: &text) }
}

/// Events that came out of a map together.
public struct ProbeBatch: Sendable {
    /// Those that may be handed on.
    public var records: [ProbeRecord] = []
    /// How many the kernel had no room for.
    public var lostInKernel = 0
    /// How many were more than the probe may hand on.
    public var lostToLimit = 0
}

extension ProbeEventStream {
    /// Gives events to a closure as they come, until the task is cancelled. Only one task may read.
    ///
    /// - Parameter take: Says how many of so many events may be handed on.
    public func read(taking take: (Int) -> Int, _ receive: (ProbeBatch) -> Void) async throws {
        for try await batch in batches { hand(batch, take, receive) }
    }

    /// Gives the events that are there already to a closure.
    public func readRest(taking take: (Int) -> Int, _ receive: (ProbeBatch) -> Void) {
        while let batch = try? drain(), !batch.isEmpty || batch.lost > 0 { hand(batch, take, receive) }
    }

    private func hand(_ batch: RecordBatch, _ take: (Int) -> Int, _ receive: (ProbeBatch) -> Void) {
        receive(self.batch(batch, take))
        note(lost: batch.lost)
    }

    private func batch(_ batch: RecordBatch, _ take: (Int) -> Int) -> ProbeBatch {
        var result = ProbeBatch(lostInKernel: Int(clamping: batch.lost))
        let taken = batch.isEmpty ? 0 : take(batch.count)
        result.lostToLimit = batch.count - taken
        let clock = RecordClock.now
        result.records = (0..<taken).map { ProbeRecord(batch.bytes(at: $0), of: self, clock) }
        return result
    }
}
