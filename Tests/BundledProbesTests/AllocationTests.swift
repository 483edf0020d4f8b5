import BPF
import BPFObjects
import CBundledProbes
import CProbeTarget
import Glibc
import Testing

@Suite(
    "The probe of allocations", .serialized, .timeLimit(.minutes(2)),
    .enabled(if: Features.uprobe == .available, "this kernel has no uprobes"))
struct AllocationTests {
    private static let entries: [(program: String, function: String)] = [
        ("malloc_enter", "malloc"), ("calloc_enter", "calloc"), ("realloc_enter", "realloc"), ("posix_memalign_enter", "posix_memalign"),
    ]

    private func attach(smallest: UInt64 = 0) throws -> BundledProbe<allocation_event> {
        // Returns first, so that no call is seen to begin and not to end.
        var targets = Self.entries.map { (program: "allocate_exit", target: "uretprobe:\(ownFunction("probe_target_\($0.function)"))") }
        targets += Self.entries.map { ($0.program, "uprobe:\(ownFunction("probe_target_\($0.function)"))") }
        targets.append(("free_enter", "uprobe:\(ownFunction("probe_target_free"))"))
        return try load(attaching: targets, smallest: smallest)
    }

    private func load(
        attaching targets: [(program: String, target: String)], smallest: UInt64 = 0, onlyPID: UInt32 = UInt32(getpid())
    ) throws -> BundledProbe<allocation_event> {
        try BundledProbe(.allocations, attaching: targets) {
            try $0.setGlobal("only_pid", to: onlyPID)
            try $0.setGlobal("each_call", to: true)
            try $0.setGlobal("smallest_bytes", to: smallest)
        }
    }

    private func pointer(_ number: UInt) -> UnsafeMutableRawPointer? { UnsafeMutableRawPointer(bitPattern: number) }

    private func allocate(_ address: UInt, _ body: () -> Void) {
        probe_target_next(pointer(address))
        body()
    }

    @Test func `calls are told with address and size, and what is not given back is outstanding at its place`() throws {
        let probe = try attach()
        for address in [0x10000, 0x20000, 0x30000] as [UInt] { allocate(address) { _ = probe_target_malloc(100) } }
        allocate(0x40000) { _ = probe_target_calloc(8, 50) }
        allocate(0x50000) {
            var place: UnsafeMutableRawPointer?
            _ = probe_target_posix_memalign(&place, 64, 4096)
        }
        probe_target_free(pointer(0x20000))
        probe_target_free(nil)
        let events = try probe.records { $0.contains { $0.kind == RELEASE } }
        #expect(events.map(\.address) == [0x10000, 0x20000, 0x30000, 0x40000, 0x50000, 0x20000])
        #expect(events.map(\.size_bytes) == [100, 100, 100, 400, 4096, 100])
        #expect(events.map(\.kind) == [ALLOCATE, ALLOCATE, ALLOCATE, ALLOCATE, ALLOCATE, RELEASE])
        #expect(events.allSatisfy { $0.pid == UInt32(getpid()) && $0.stack >= 0 })
        // One loop, one place; elsewhere, another.
        #expect(Set(events[0...2].map(\.stack)).count == 1 && events[5].stack == events[0].stack)
        #expect(events[3].stack != events[0].stack && events[4].stack != events[3].stack)

        let totals = try probe.loaded.map("by_stack", key: allocation_place.self, value: allocation_totals.self)
        let first = try #require(try totals.value(forKey: allocation_place(pid: UInt32(getpid()), stack: events[0].stack)))
        #expect(first.outstanding == 2 && first.outstanding_bytes == 200 && first.allocated == 3 && first.allocated_bytes == 300)
        #expect(try totals.entries().reduce(0) { $0 + $1.value.outstanding_bytes } == 200 + 400 + 4096)
        let counts = try probe.counts(allocation_counts.self)
        #expect(counts.allocated == 5 && counts.released == 1 && counts.released_unseen == 0 && counts.untracked == 0 && counts.failed == 0)
    }

    @Test func `a block moved by realloc is given back and taken, and stays where there is no room`() throws {
        let probe = try attach()
        allocate(0x10000) { _ = probe_target_malloc(100) }
        allocate(0x20000) { _ = probe_target_realloc(pointer(0x10000), 300) }
        allocate(0) { _ = probe_target_realloc(pointer(0x20000), 1 << 40) }
        let totals = try probe.loaded.map("by_stack", key: allocation_place.self, value: allocation_totals.self)
        #expect(try totals.entries().reduce(0) { $0 + $1.value.outstanding_bytes } == 300)
        allocate(0) { _ = probe_target_realloc(pointer(0x20000), 0) }
        #expect(try totals.entries().reduce(0) { $0 + $1.value.outstanding_bytes } == 0)
        probe_target_free(pointer(0x77000))
        let events = try probe.records { $0.contains { $0.address == 0x77000 } }
        #expect(events.map(\.kind) == [ALLOCATE, RELEASE, ALLOCATE, RELEASE, RELEASE])
        #expect(events.map(\.size_bytes) == [100, 100, 300, 300, 0])
        let counts = try probe.counts(allocation_counts.self)
        #expect(counts.allocated == 2 && counts.failed == 1 && counts.released == 2 && counts.released_unseen == 1)
    }

    @Test func `an allocator that calls itself is counted once`() throws {
        let probe = try attach()
        allocate(0x40000) { _ = probe_target_calloc(10, 10) }
        let events = try probe.records { !$0.isEmpty }
        #expect(events.map(\.size_bytes) == [100])
        #expect(try probe.counts(allocation_counts.self).allocated == 1)
    }

    @Test func `small ones are left out when asked`() throws {
        let probe = try attach(smallest: 1000)
        allocate(0x10000) { _ = probe_target_malloc(999) }
        allocate(0x20000) { _ = probe_target_malloc(1000) }
        probe_target_free(pointer(0x10000))
        probe_target_free(pointer(0x20000))
        let events = try probe.records { $0.contains { $0.kind == RELEASE } }
        #expect(events.map(\.size_bytes) == [1000, 1000])
    }

    @Test func `a binary that says by USDT where it allocates is believed`() throws {
        let probe = try load(attaching: [
            ("usdt_allocate", "usdt:\(ownPath()):allocator:taken pid=\(getpid())"),
            ("usdt_release", "usdt:\(ownPath()):allocator:returned pid=\(getpid())"),
        ])
        probe_target_taken(pointer(0x90000), 123_456_789_012)
        probe_target_taken(pointer(0xa0000), 5)
        probe_target_returned(pointer(0xa0000))
        let events = try probe.records { $0.contains { $0.kind == RELEASE } }
        #expect(events.map(\.address) == [0x90000, 0xa0000, 0xa0000] && events.map(\.size_bytes) == [123_456_789_012, 5, 5])
        let totals = try probe.loaded.map("by_stack", key: allocation_place.self, value: allocation_totals.self)
        #expect(try totals.entries().reduce(0) { $0 + $1.value.outstanding_bytes } == 123_456_789_012)
    }

    @Test func `the C library's own malloc and free`() throws {
        let library = "libc.so.6"
        let probe = try load(
            attaching: [
                ("allocate_exit", "uretprobe:\(library):malloc pid=\(getpid())"),
                ("malloc_enter", "uprobe:\(library):malloc pid=\(getpid())"),
                ("free_enter", "uprobe:\(library):free pid=\(getpid())"),
            ], smallest: 70_000_001)
        // No other test asks for so much.
        let block = malloc(70_000_003)
        let place = UInt64(UInt(bitPattern: block))
        free(block)
        let events = try probe.records { $0.contains { $0.kind == RELEASE } }
        #expect(events.map(\.size_bytes) == [70_000_003, 70_000_003] && events.map(\.address) == [place, place])
    }

    @Test func `what a process leaves is forgotten when it ends, where all are watched`() async throws {
        let malloc = "\(ownPath()):probe_target_malloc"
        let probe = try load(
            attaching: [
                ("allocate_exit", "uretprobe:\(malloc)"), ("malloc_enter", "uprobe:\(malloc)"),
                ("exited", "raw_tracepoint:sched_process_exit"),
            ], onlyPID: 0)
        allocate(0x10000) { _ = probe_target_malloc(10) }
        await #expect(processExitsWith: .success) {
            probe_target_next(UnsafeMutableRawPointer(bitPattern: 0x20000))
            _ = probe_target_malloc(20)
            _ = probe_target_malloc(30)
        }
        let events = try probe.records { $0.count >= 3 }
        #expect(events.map(\.size_bytes) == [10, 20, 30] && events[1].pid == events[2].pid && events[1].pid != events[0].pid)
        let totals = try probe.loaded.map("by_stack", key: allocation_place.self, value: allocation_totals.self)
        #expect(try totals.entries().map(\.key.pid) == [UInt32(getpid())])
        #expect(try probe.loaded.map("outstanding", key: Block.self, value: Held.self).entries().map(\.key.address) == [0x10000])
    }

    /// As the program declares them.
    private struct Block: BitwiseCopyable {
        var address: UInt64
        var pid: UInt64
    }

    private struct Held: BitwiseCopyable {
        var bytes: UInt64
        var stack: Int32
        var isKnown: Bool
        var padding: (UInt8, UInt8, UInt8)
    }
}
