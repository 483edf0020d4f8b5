import BPF
import BPFObjects
import BPFTesting
import Foundation
import Glibc
import ProbeTwins

/// What programs written in Swift cost beside the same in C: size, the verifier's work, time; for each probe, and for each of its programs.
///
/// The programs are the bundled probes that exist in both languages, with everything they do: maps, records, text. And the datapath's walk
/// from header to header, whose C is the datapath's own.
struct SwiftRow {
    let effort: Effort

    private struct Twins {
        let name: String
        let swift: EmbeddedObject
        let c: EmbeddedObject
    }

    private static let twins = [
        Twins(name: "dns (control group, tc)", swift: .dns, c: .dnsTwin),
        Twins(name: "file-opens (tracepoints)", swift: .fileOpens, c: .fileOpensTwin),
        Twins(name: "function-calls (uprobes)", swift: .functionCalls, c: .functionCallsTwin),
        Twins(name: "the datapath's header walk (tc)", swift: .headerWalk, c: .headerWalkTwin),
    ]

    /// What a program in Swift may cost beside the same in C.
    private static let limit = 1.1

    func run() throws -> Outcome {
        var outcome = Outcome(row: "swift")
        for twins in Self.twins {
            let swift = try Sizes(twins.swift), c = try Sizes(twins.c)
            outcome.measured += [
                .multiple(
                    "\(twins.name) in Swift, size as the kernel runs it", Double(swift.translated), "instructions",
                    of: Double(c.translated), "C", atMost: Self.limit),
                .multiple(
                    "\(twins.name) in Swift, what the verifier walks", Double(swift.verified), "instructions", of: Double(c.verified), "C",
                    atMost: Self.limit),
                .figure("\(twins.name) in Swift, machine code", Double(swift.jited), "bytes", beside: Double(c.jited), "C"),
            ]
            guard swift.programs.map(\.name) == c.programs.map(\.name) else { throw BenchmarkError("\(twins.name): not the same programs") }
            // What no sum shows: each program by itself.
            for (program, other) in zip(swift.programs, c.programs) where swift.programs.count > 1 {
                let name = "\(program.name) in Swift"
                let sizes = (Double(program.info.translatedSize / 8), Double(other.info.translatedSize / 8))
                let walks = (Double(program.info.verifiedInstructions), Double(other.info.verifiedInstructions))
                outcome.measured += [
                    .figure("\(name), size", sizes.0, "instructions", beside: sizes.1, "C"),
                    .figure("\(name), what the verifier walks", walks.0, "instructions", beside: walks.1, "C"),
                ]
            }
        }
        let times = [timesOfDNS, timesOfOpens, timesOfCalls, timesOfWalk]
        for (twins, time) in zip(Self.twins, times) {
            let (swift, c) = try time(twins)
            outcome.measured.append(.multiple("\(twins.name) in Swift, a run", swift, "ns", of: c, "C", atMost: Self.limit))
        }
        return outcome
    }

    /// The sizes of an object's programs, one by one and together.
    private struct Sizes {
        private(set) var programs: [(name: String, info: ProgramInfo)] = []

        init(_ embedded: EmbeddedObject) throws {
            var object = try OpenObject(embedded)
            // What this kernel has no place for counts as well: loading is all that is done.
            for program in object.programs { try object.setAutoload(true, program: program.name) }
            let loaded = try object.load()
            for program in loaded.programs.sorted(by: { $0.name < $1.name }) {
                programs.append((program.name, try loaded.program(program.name).info))
            }
        }

        var translated: Int { programs.reduce(0) { $0 + $1.info.translatedSize / 8 } }
        var jited: Int { programs.reduce(0) { $0 + $1.info.jitedSize } }
        var verified: Int { programs.reduce(0) { $0 + $1.info.verifiedInstructions } }
    }

    // MARK: Time

    /// A probe at work, its ring drained between rounds so that each run makes its record.
    private final class Loaded {
        let object: LoadedObject
        let ring: RingBuffer
        private var attachments: [Held] = []

        private final class Held {
            let attachment: Attachment
            init(_ attachment: consuming Attachment) { self.attachment = attachment }
        }

        init(_ embedded: EmbeddedObject, _ programs: [String], edit: (inout OpenObject) throws -> Void = { _ in }) throws {
            var opened = try OpenObject(embedded)
            try opened.setMaxEntries(1 << 24, ofMap: "events")
            for program in opened.programs { try opened.setAutoload(programs.contains(program.name), program: program.name) }
            try edit(&opened)
            object = try opened.load()
            ring = try object.ringBuffer("events", lossCounter: "events_lost")
        }

        func attach(_ targets: [(program: String, target: String)]) throws {
            for (program, target) in targets {
                let target = try AttachTarget(text: target)
                attachments.append(try withTraceFilesystem { Held(try object.program(program).attach(to: target)) })
            }
        }

        func detach() { attachments = [] }

        func drain() throws {
            while true {
                let batch = try ring.drain()
                guard batch.lost == 0 else { throw BenchmarkError("records were lost: the time is not that of a whole run") }
                if batch.isEmpty { return }
            }
        }
    }

    /// What runs of two probes take that are the same but for their language.
    ///
    /// Where a program's machine code comes to lie changes its time by a tenth, and is another place at each load: of several loads it is
    /// the median. Of the tries of one load it is the least, as whatever else the machine does only adds to a run.
    private func typical<Probe: ~Copyable>(
        _ load: (KeyPath<Twins, EmbeddedObject>) throws -> Probe, _ mean: (borrowing Probe) throws -> Double
    ) throws -> (swift: Double, c: Double) {
        var (swift, c): ([Double], [Double]) = ([], [])
        for _ in 0..<effort.rounds {
            let inSwift = try load(\.swift)
            let inC = try load(\.c)
            var least = (swift: Double.infinity, c: Double.infinity)
            for _ in 0..<3 {
                least.swift = min(least.swift, try mean(inSwift))
                least.c = min(least.c, try mean(inC))
            }
            swift.append(least.swift)
            c.append(least.c)
        }
        return (swift.sorted()[swift.count / 2], c.sorted()[c.count / 2])
    }

    /// A query and an answer under test-run, at a control group and at an interface: the mean of the four.
    private func timesOfDNS(_ twins: Twins) throws -> (swift: Double, c: Double) {
        let name = [3] + Array("www".utf8) + [7] + Array("example".utf8) + [3] + Array("org".utf8) + [0]
        func message(_ flags: UInt16, answers: UInt8, _ rest: [UInt8]) -> [UInt8] {
            [0x12, 0x34, UInt8(flags >> 8), UInt8(flags & 0xff), 0, 1, 0, answers, 0, 0, 0, 0] + name + [0, 1, 0, 1] + rest
        }
        let record: [UInt8] = [0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 198, 51, 100, 7]
        let query = Packet.ethernet().ipv4("192.0.2.1", "192.0.2.53").udp(40_000, 53).payload(message(0x0100, answers: 0, [])).bytes
        let answer = Packet.ethernet().ipv4("192.0.2.53", "192.0.2.1").udp(53, 40_000)
            .payload(message(0x8180, answers: 2, record + record)).bytes
        let runs = [("dns_sent", query), ("dns_received", answer), ("dns_egress", query), ("dns_ingress", answer)]
        let count = effort.isQuick ? 2_000 : 20_000
        return try typical({ try Loaded(twins[keyPath: $0], runs.map(\.0)) }) { probe in
            var sum = 0.0
            for (program, packet) in runs {
                sum += Double(try probe.object.program(program).testRun(data: packet, repeat: count).durationNanoseconds)
                try probe.drain()
            }
            return sum / Double(runs.count)
        }
    }

    /// Whole packets under test-run: the mean over them.
    private func timesOfWalk(_ twins: Twins) throws -> (swift: Double, c: Double) {
        let packets: [Packet] = [
            .ethernet().ipv4("192.0.2.1", "192.0.2.2").tcp(40_000, 443), .ethernet().ipv4("192.0.2.1", "192.0.2.2").udp(40_000, 53),
            .ethernet(vlans: [5]).ipv4("192.0.2.1", "192.0.2.2").tcp(40_000, 443),
            .ethernet().ipv6("2001:db8::1", "2001:db8::2").tcp(40_000, 443),
        ]
        let count = effort.isQuick ? 10_000 : 100_000
        return try typical({ try OpenObject(twins[keyPath: $0]).load() }) { object in
            let sum = try packets.reduce(0.0) { sum, packet in
                let result = try object.program("header_walk").testRun(data: packet.payload([1, 2, 3, 4]).bytes, repeat: count)
                return sum + Double(result.durationNanoseconds)
            }
            return sum / Double(packets.count)
        }
    }

    /// Both programs of a call that opens nothing, by the kernel's own count of their time, which includes what the counting costs.
    private func timesOfOpens(_ twins: Twins) throws -> (swift: Double, c: Double) {
        let targets = [
            ("openat_enter", "tracepoint:syscalls/sys_enter_openat"), ("openat_exit", "tracepoint:syscalls/sys_exit_openat"),
        ]
        return try times(twins, targets) { _ = open("/nowhere/to/be/found", O_RDONLY) }
    }

    private func timesOfCalls(_ twins: Twins) throws -> (swift: Double, c: Double) {
        let targets = [
            ("returned", "uretprobe:libc.so.6:getppid pid=\(getpid())"), ("entered", "uprobe:libc.so.6:getppid pid=\(getpid())"),
        ]
        // A function that no optimiser leaves out for what it does not return, as it does `getenv`.
        return try times(twins, targets) { _ = getppid() }
    }

    /// The mean time of programs, taken together, over calls of this process that run each once.
    private func times(
        _ twins: Twins, _ targets: [(program: String, target: String)], _ call: () -> Void
    ) throws -> (swift: Double, c: Double) {
        // For as long as it lives, which is to the end.
        let statistics = try RunStatistics()
        let count = effort.isQuick ? 2_000 : 10_000
        func load(_ language: KeyPath<Twins, EmbeddedObject>) throws -> Loaded {
            try Loaded(twins[keyPath: language], targets.map(\.program)) { try $0.setGlobal("only_pid", to: UInt32(getpid())) }
        }
        func mean(_ probe: Loaded) throws -> Double {
            func total() throws -> (runs: UInt64, time: UInt64) {
                try targets.reduce(into: (0, 0)) { sum, target in
                    let info = try probe.object.program(target.program).info
                    sum = (sum.0 + info.runCount, sum.1 + info.runTime)
                }
            }
            try probe.attach(targets)
            defer { probe.detach() }
            let before = try total()
            for _ in 0..<count { call() }
            let after = try total()
            try probe.drain()
            guard after.runs - before.runs >= UInt64(count * targets.count) else { throw BenchmarkError("the programs did not run") }
            return Double(after.time - before.time) / Double(after.runs - before.runs)
        }
        let times = try typical(load, mean)
        _ = consume statistics
        return times
    }
}
