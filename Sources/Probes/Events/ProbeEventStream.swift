public import BPF
internal import PolicyModel

/// What comes out of one of a probe's maps: records, and counts of those there was no room for.
public final class ProbeEventStream: Sendable {
    private enum Source {
        case ring(RingBuffer)
        case perf(PerfBuffer)
    }

    /// The map's name in the object.
    public let map: String
    /// The struct its records are, without `struct`; nil if nobody says it, and records are told as bytes.
    public let record: String?
    /// Writes records as JSON and as lines.
    public let decoder: RecordDecoder
    private let source: Source
    /// Where the losses that were told are noted for the next process, and this stream's place there; nil if there is none to come, or only
    /// the kernel knows of losses, and only while somebody reads.
    private let told: (losses: ToldLosses, place: Int)?

    /// A stream of a probe's map.
    ///
    /// - Parameters:
    ///   - told: Where losses that were told are noted, and the stream's place among the probe's.
    ///   - loss: Where programs count what they could not write.
    ///   - ring: Makes the consumer of a ring buffer.
    ///   - perf: Makes the consumer of a perf event array.
    init(
        _ probe: String, _ plan: ProbePlan.Source, told: (losses: ToldLosses, place: Int)?,
        ring: (_ map: String, _ loss: String?) throws(BPFError) -> RingBuffer,
        perf: (_ map: String, _ loss: String?) throws(BPFError) -> PerfBuffer
    ) throws(BPFError) {
        map = plan.map
        self.told = plan.lossCounter == nil ? nil : told
        record = plan.record?.composite?.name ?? plan.record.map { "\($0)" }
        // What every line begins with.
        let constants = [("type", "event"), ("probe", probe), ("record", record ?? plan.map)].map { (name: $0.0, value: $0.1) }
        if let type = plan.record {
            decoder = try RecordDecoder(type, constants: constants)
        } else {
            decoder = .bytes(constants: constants)
        }
        source = plan.type == .ringBuffer ? .ring(try ring(plan.map, plan.lossCounter)) : .perf(try perf(plan.map, plan.lossCounter))
    }

    /// The records as they come; only one task may read them.
    public var batches: RecordBatches {
        switch source {
        case .ring(let ring): ring.batches()
        case .perf(let buffer): buffer.batches()
        }
    }

    /// Notes losses that have been handed on.
    func note(lost: UInt64) {
        if let told, lost > 0 { told.losses.add(lost, ofStream: told.place) }
    }

    /// Takes out what is there without waiting.
    public func drain() throws(BPFError) -> RecordBatch {
        switch source {
        case .ring(let ring): try ring.drain()
        case .perf(let buffer): try buffer.drain()
        }
    }
}
