import BPF
import BPFObjects
import BPFTesting
import Foundation
import Glibc
import ProbeTwins

/// What programs written in Swift cost beside the same in C: size, the verifier's work, time; for each probe, and for each of its programs.
///
/// The programs are the bundled probes that exist in both languages, with everything they do: maps, records, text.
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
                Self.beside("\(twins.name) in Swift, machine code", swift.jited, "bytes", c.jited),
            ]
            // What no sum shows: each program by itself.
            for (program, other) in zip(swift.programs, c.programs) {
                let name = "\(program.name) in Swift"
                outcome.measured += [
                    Self.beside("\(name), size", program.info.translatedSize / 8, "instructions", other.info.translatedSize / 8),
                    Self.beside(
                        "\(name), what the verifier walks", program.info.verifiedInstructions, "instructions",
                        other.info.verifiedInstructions),
                ]
            }
        }
        let times = [(Self.twins[0], try timesOfDNS()), (Self.twins[1], try timesOfOpens()), (Self.twins[2], try timesOfCalls())]
        for (twins, (swift, c)) in times {
            outcome.measured.append(
                .multiple("\(twins.name) in Swift, a run", swift, "ns", of: c, "C", atMost: Self.limit, details: ["C": c]))
        }
        return outcome
    }

    private static func beside(_ name: String, _ value: Int, _ unit: String, _ yardstick: Int) -> Measured {
        var figure = Measured.figure(name, Double(value), unit)
        (figure.ratio, figure.ratioOf) = (Double(value) / Double(yardstick), "C")
        return figure
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

    /// The least of rounds that take turns: whatever else the machine does only adds to a run.
    private func least(_ swift: () throws -> Double, _ c: () throws -> Double) rethrows -> (swift: Double, c: Double) {
        var least = (swift: Double.infinity, c: Double.infinity)
        for _ in 0..<effort.rounds {
            least.swift = min(least.swift, try swift())
            least.c = min(least.c, try c())
        }
        return least
    }

    /// A query and an answer under test-run, at a control group and at an interface: the mean of the four.
    private func timesOfDNS() throws -> (swift: Double, c: Double) {
        let name = [3] + Array("www".utf8) + [7] + Array("example".utf8) + [3] + Array("org".utf8) + [0]
        func message(_ flags: UInt16, answers: UInt8, _ rest: [UInt8]) -> [UInt8] {
            [0x12, 0x34, UInt8(flags >> 8), UInt8(flags & 0xff), 0, 1, 0, answers, 0, 0, 0, 0] + name + [0, 1, 0, 1] + rest
        }
        let record: [UInt8] = [0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 198, 51, 100, 7]
        let query = Packet.ethernet().ipv4("192.0.2.1", "192.0.2.53").udp(40_000, 53).payload(message(0x0100, answers: 0, [])).bytes
        let answer = Packet.ethernet().ipv4("192.0.2.53", "192.0.2.1").udp(53, 40_000)
            .payload(message(0x8180, answers: 2, record + record)).bytes
        let runs = [("dns_sent", query), ("dns_received", answer), ("dns_egress", query), ("dns_ingress", answer)]
        let swift = try Loaded(.dns, runs.map(\.0)), c = try Loaded(.dnsTwin, runs.map(\.0))
        let count = effort.isQuick ? 2_000 : 20_000
        func mean(_ probe: Loaded) throws -> Double {
            var sum = 0.0
            for (program, packet) in runs {
                sum += Double(try probe.object.program(program).testRun(data: packet, repeat: count).durationNanoseconds)
                try probe.drain()
            }
            return sum / Double(runs.count)
        }
        return try least({ try mean(swift) }, { try mean(c) })
    }

    /// Both programs of a call that opens nothing, by the kernel's own count of their time, which includes what the counting costs.
    private func timesOfOpens() throws -> (swift: Double, c: Double) {
        let targets = [
            ("openat_enter", "tracepoint:syscalls/sys_enter_openat"), ("openat_exit", "tracepoint:syscalls/sys_exit_openat"),
        ]
        return try times(.fileOpens, .fileOpensTwin, targets) { _ = open("/nowhere/to/be/found", O_RDONLY) }
    }

    private func timesOfCalls() throws -> (swift: Double, c: Double) {
        let targets = [
            ("returned", "uretprobe:libc.so.6:getenv pid=\(getpid())"), ("entered", "uprobe:libc.so.6:getenv pid=\(getpid())"),
        ]
        return try times(.functionCalls, .functionCallsTwin, targets) { _ = getenv("HOME") }
    }

    /// The mean time of programs, taken together, over calls of this process that run each once.
    private func times(
        _ swift: EmbeddedObject, _ c: EmbeddedObject, _ targets: [(program: String, target: String)], _ call: () -> Void
    ) throws -> (swift: Double, c: Double) {
        // For as long as it lives, which is to the end.
        let statistics = try RunStatistics()
        let count = effort.isQuick ? 2_000 : 10_000
        let probes = try [swift, c].map { embedded in
            try Loaded(embedded, targets.map(\.program)) { try $0.setGlobal("only_pid", to: UInt32(getpid())) }
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
            guard after.runs > before.runs else { throw BenchmarkError("the programs did not run") }
            return Double(after.time - before.time) / Double(after.runs - before.runs)
        }
        let times = try least({ try mean(probes[0]) }, { try mean(probes[1]) })
        _ = consume statistics
        return times
    }
}
