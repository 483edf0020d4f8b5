import BPF
import BPFObjects
import CProbeTarget
import EBPF
import Glibc
import ProbeRecords
import Testing

@Suite("The probe of function calls", .timeLimit(.minutes(2)), .enabled(if: Features.uprobe == .available, "this kernel has no uprobes"))
struct FunctionCallTests {
    private static let targets = [
        (program: "returned", target: "uretprobe:\(ownFunction("probe_target_descend"))"),
        (program: "entered", target: "uprobe:\(ownFunction("probe_target_descend"))"),
    ]

    private func attach(_ twin: Twin, slowerThan nanoseconds: UInt64 = 0) throws -> BundledProbe<function_call_event> {
        try BundledProbe(twin.functionCalls, attaching: Self.targets) {
            try $0.setGlobal("only_pid", to: UInt32(getpid()))
            try $0.setGlobal("slower_than_ns", to: nanoseconds)
        }
    }

    @Test(arguments: Twin.allCases) func `each level of a function that calls itself is a call of its own`(twin: Twin) throws {
        let probe = try attach(twin)
        #expect(probe_target_descend(4) == 8)
        let events = try probe.records { $0.count >= 5 }
        #expect(events.map(\.argument.value) == [0, 1, 2, 3, 4] && events.map(\.result.value) == [0, 2, 4, 6, 8])
        #expect(events.allSatisfy { $0.pid == UInt32(getpid()) && !text($0.comm).isEmpty && $0.duration_ns > 0 })
        // Readers see what stands in registers in hexadecimal: the records' types say so, in either language.
        #expect(probe.lines.last?.contains(#""argument":"0x4","result":"0x8","cookie":"0x0""#) == true, "\(probe.lines)")
        // The outer ones last longer than those within them.
        #expect(zip(events, events.dropFirst()).allSatisfy { $0.duration_ns < $1.duration_ns && $0.time <= $1.time })
        let counts = try probe.counts(function_call_counts.self)
        #expect(counts.calls == 5 && counts.untracked == 0 && counts.total_ns == events.reduce(0) { $0 + $1.duration_ns })
        let slots = try probe.loaded.perCPUMap("latency_ns", key: UInt32.self, value: UInt64.self)
        for slot in 0..<UInt32(64) {
            let inSlot = events.count { $0.duration_ns >> slot == 1 }
            #expect(try slots.sum(forKey: slot) == UInt64(inSlot))
        }
    }

    @Test(arguments: Twin.allCases) func `fast calls are counted and not reported`(twin: Twin) throws {
        let probe = try attach(twin, slowerThan: 3_600_000_000_000)
        for _ in 0..<10 { _ = probe_target_descend(0) }
        #expect(try probe.counts(function_call_counts.self).calls == 10)
        try probe.drain()
        #expect(probe.records.isEmpty)
    }

    @Test(arguments: Twin.allCases) func `what finds no room is counted as lost`(twin: Twin) throws {
        let probe = try BundledProbe(twin.functionCalls, of: function_call_event.self, ringBytes: 4096, attaching: Self.targets) {
            try $0.setGlobal("only_pid", to: UInt32(getpid()))
        }
        for _ in 0..<200 { _ = probe_target_descend(0) }
        let lost = try probe.drain()
        #expect(lost > 0 && lost + UInt64(probe.records.count) == 200)
        #expect(try probe.counts(function_call_counts.self).calls == 200)
    }
}
