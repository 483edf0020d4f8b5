import BPF
import BPFTestObjects
import BPFTesting
import CBPFTestObjects
import Testing

/// Events from the kernel, as they come.
@Test(.timeLimit(.minutes(1)))
func `starter: ring buffer`() async throws {
    let loaded = try OpenObject(.starterRingBuffer).load()
    let link = try loaded.program("on_exit", as: RawTracepoint.self).attach(to: "sched_process_exit")
    let child = try ChildProcess(["true"], folder: "/tmp", name: "bpftest-starter")
    var found: [starter_exit] = []
    for try await batch in try loaded.ringBuffer("events").batches() {
        batch.forEach(as: starter_exit.self) { found.append($0) }
        if found.contains(where: { $0.pid == UInt32(child.pid) }) { break }
    }
    let event = try #require(found.first { $0.pid == UInt32(child.pid) })
    #expect(withUnsafeBytes(of: event.command) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) } == "true")
    #expect(try link.info.kind == .rawTracepoint)
}
