import BPF
import BPFTestObjects
import BPFTesting
import CBPFTestObjects
import Testing

@Suite("Records from user space", .enabled(if: Features.mapType(.userRingBuffer) == .available, "this kernel has no user ring buffers"))
struct UserRingTests {
    @Test func `a program gets what was written, in order and once`() throws {
        let loaded = try OpenObject(.userring).load()
        let ring = try loaded.userRingBuffer("bt_commands")
        let drain = try loaded.program("bt_drain")
        #expect(try drain.testRun(data: frame).returnValue == 0)
        for number in 1...10 as ClosedRange<UInt64> { #expect(try ring.write(bt_record(sequence: number, source: 0, padding: 0))) }
        #expect(try ring.write([1, 2, 3, 4].span.bytes.extracting(first: 5)))
        #expect(try drain.testRun(data: frame).returnValue == 11)
        #expect(try drain.testRun(data: frame).returnValue == 0)
        #expect(try loaded.global("bt_sum", as: UInt64.self) == 55 && loaded.global("bt_odd", as: UInt64.self) == 1)
    }

    @Test func `a full ring says so, and takes more once it is drained`() throws {
        let loaded = try OpenObject(.userring).load()
        let ring = try loaded.userRingBuffer("bt_commands")
        let drain = try loaded.program("bt_drain")
        var written: UInt64 = 0
        for _ in 0..<3 {
            var here = 0
            while try ring.write(bt_record(sequence: 1, source: 0, padding: 0)) { here += 1 }
            // 24 bytes each.
            #expect(here == ring.byteCount / 24)
            written += UInt64(here)
            #expect(try drain.testRun(data: frame).returnValue == UInt32(here))
        }
        #expect(try loaded.global("bt_sum", as: UInt64.self) == written)
        #expect(#expect(throws: BPFError.self) { _ = try ring.write([UInt8](repeating: 0, count: 5000).span.bytes) }?.errno == 7)
    }

    @Test func `many tasks write to one ring`() async throws {
        let ring = try UserRingBuffer.create(name: "bt_u", byteCount: 1 << 16)
        var object = try OpenObject(.userring)
        try object.reuse(descriptor: ring.fileDescriptor, asMap: "bt_commands")
        let loaded = try object.load()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for task in 0..<8 as Range<UInt64> {
                group.addTask {
                    for number in 0..<200 as Range<UInt64> {
                        let isWritten = try ring.write(bt_record(sequence: task * 200 + number, source: 0, padding: 0))
                        #expect(isWritten)
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(try loaded.program("bt_drain").testRun(data: frame).returnValue == 1600)
        #expect(try loaded.global("bt_sum", as: UInt64.self) == 1600 * 1599 / 2)
        #expect(throws: BPFError.self) { _ = try loaded.userRingBuffer("bt_nothing") }
    }
}
