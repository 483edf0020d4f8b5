import BPF
import BenchmarkObjects
import CBenchmark
import Glibc

/// Packets that programs are run over in the kernel, by test-run, one after the other.
///
/// A small program puts the next frame into the packet and goes on with the one under measurement by a tail call. The same is done with
/// an empty program and with one LRU look-up by the same packet's flow, so that all are measured alike; nothing is attached.
final class Trace {
    static let frameBytes = Int(BENCH_FRAME)

    /// What packets are given to.
    struct Target {
        let put: (borrowing ProgramArray) throws -> Void

        static func program(_ put: @escaping (borrowing ProgramArray) throws -> Void) -> Target { Target(put: put) }
    }

    /// The family of a trace's packets: all of one.
    enum Family { case v4, v6 }

    let count: Int
    private let first: [UInt8]
    private let replay: Program
    private let timedReplay: Program
    private let empty: Program
    private let find: Program
    private let prefix: Program
    private let target: ProgramArray
    private let control: MappedArray<bench_control>
    private let times: MappedArray<UInt64>
    /// Larger than the caches of a core.
    private var evicting = [UInt64](repeating: 1, count: 4 << 20)

    /// - Parameters:
    ///   - frames: Of `frameBytes` each.
    ///   - word: What the first two control words of every packet are set to.
    ///   - prefixes: What the kernel's own prefix map holds.
    init(_ frames: [[UInt8]], family: Family = .v4, word: UInt64 = 0, prefixes: [bench_prefix4] = []) throws {
        count = frames.count
        first = frames.first ?? []
        var object = try OpenObject(EmbeddedObject.trace)
        try object.setMaxEntries(frames.count, ofMap: "bench_trace")
        try object.setMaxEntries(frames.count, ofMap: "bench_times")
        try object.setMaxEntries(max(1, prefixes.count), ofMap: "bench_lpm4")
        let loaded = try object.load()
        replay = try loaded.program("bench_replay")
        timedReplay = try loaded.program("bench_replay_timed")
        empty = try loaded.program("bench_empty")
        find = try loaded.program(family == .v4 ? "bench_find4" : "bench_find6")
        prefix = try loaded.program("bench_prefix")
        target = try loaded.programArray("bench_target")
        control = try loaded.mappedArray("bench_control")
        times = try loaded.mappedArray("bench_times")
        control[0] = bench_control(next: 0, count: UInt32(frames.count), word: word)
        let room: MappedArray<bench_frame> = try loaded.mappedArray("bench_trace")
        for (index, frame) in frames.enumerated() {
            try room.copy(frame.span.bytes, toByteOffset: index * room.stride)
        }
        switch family {
        case .v4:
            let map = try loaded.map("bench_lru4", key: bench_flow4.self, value: bench_state.self)
            for index in 0..<Self.others(frames.count) { try map.set(bench_state(), forKey: bench_flow4(word: (1, index, 0, 0))) }
            for frame in frames {
                try map.set(bench_state(), forKey: Self.key(frame[26..<38], frame[23], bench_flow4()))
            }
        case .v6:
            let map = try loaded.map("bench_lru6", key: bench_flow6.self, value: bench_state.self)
            for index in 0..<Self.others(frames.count) {
                try map.set(bench_state(), forKey: bench_flow6(word: (1, index, 0, 0, 0, 0, 0, 0, 0, 0)))
            }
            for frame in frames {
                try map.set(bench_state(), forKey: Self.key(frame[22..<58], frame[20], bench_flow6()))
            }
        }
        if !prefixes.isEmpty {
            let map = try loaded.map("bench_lpm4", key: bench_prefix4.self, value: UInt32.self)
            try map.set(Array(repeating: 1, count: prefixes.count), forKeys: prefixes)
        }
    }

    /// Flows in the LRU hash beside those of the trace, so that it is as full as a busy host's table.
    static func others(_ count: Int) -> UInt32 { UInt32(max(0, 40_960 - count)) }

    private static func key<Key: BitwiseCopyable>(_ bytes: ArraySlice<UInt8>, _ number: UInt8, _ zero: Key) -> Key {
        var key = zero
        withUnsafeMutableBytes(of: &key) { room in
            room.copyBytes(from: bytes)
            room[bytes.count] = number
        }
        return key
    }

    // MARK: Yardsticks

    var emptyProgram: Target { Target { [self] in try $0.set(empty, at: 0) } }
    /// One look-up in an LRU hash of 65,536 places, five eighths full, by the packet's flow, which is there.
    var lookup: Target { Target { [self] in try $0.set(find, at: 0) } }
    /// One look-up of the source in the kernel's prefix map.
    var prefixLookup: Target { Target { [self] in try $0.set(prefix, at: 0) } }

    // MARK: Measuring

    /// Nanoseconds a packet with everything around it, over the whole trace again and again for about so long: neighbours overlap in the
    /// processor, as they do where packets come in batches.
    func whole(_ subject: Target, milliseconds: Double = 25) throws -> Double {
        try subject.put(target)
        control[0].next = 0
        let once = try nanoseconds(replay, runs: count)
        let runs = min(10_000_000, max(1, Int(milliseconds * 1e6 / max(once, 1)))) * count
        return try nanoseconds(replay, runs: min(runs, 20_000_000)) / Double(min(runs, 20_000_000))
    }

    private func nanoseconds(_ program: borrowing Program, runs: Int) throws -> Double {
        let start = Self.processorTime
        _ = try program.testRun(data: first, repeat: runs)
        return Self.processorTime - start
    }

    /// What this thread has had of its processor, in nanoseconds: others that work on the machine are not in it.
    static var processorTime: Double {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) * 1e9 + Double(time.tv_nsec)
    }

    /// Nanoseconds of each packet of the trace, the clock's own cost included.
    func each(_ subject: Target) throws -> [Double] {
        try subject.put(target)
        control[0].next = 0
        _ = try timedReplay.testRun(data: first, repeat: count)
        return (0..<count).map { Double(times[$0]) }
    }

    /// Nanoseconds of single packets before each of which the core's own caches were filled with other things.
    func cold(_ subject: Target, samples: Int) throws -> [Double] {
        try subject.put(target)
        let step = max(1, count / samples)
        return try (0..<samples).map { sample in
            let index = sample * step % count
            control[0].next = UInt32(index)
            evict()
            _ = try timedReplay.testRun(data: first)
            return Double(times[index])
        }
    }

    private func evict() {
        evicting.withUnsafeMutableBufferPointer { room in
            for index in stride(from: 0, to: room.count, by: 8) { room[index] &+= 1 }
        }
    }
}
