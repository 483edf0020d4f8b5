import BPF
import BPFTesting
import EBPF
import EBPFTestObjects
import EBPFTestTypes
import Testing

@Suite("Records of programs in Swift")
struct KernelEventTests {
    private let frame = Packet.ethernet().ipv4("10.0.0.1", "10.0.0.2").udp(1000, 2000).bytes

    private func sightings(_ batch: RecordBatch) -> [Sighting] {
        var found: [Sighting] = []
        batch.forEach(as: Sighting.self) { found.append($0) }
        return found
    }

    @Test("Records are the Swift values that were sent, and those that did not fit are counted")
    func sent() throws {
        var object = try OpenObject(.events)
        try object.setGlobal("count", to: UInt32(190))
        let loaded = try object.load()
        try loaded.types.checkLayout(of: Sighting.self, as: "Sighting")
        let ring = try loaded.ringBuffer("ring", lossCounter: "lost")
        _ = try loaded.program("send").testRun(data: frame)
        let batch = try ring.drain()
        let found = sightings(batch)
        // Records of 10 bytes take 24 of the ring's 4,096.
        #expect(found.count == 170)
        #expect(batch.lost == 20)
        #expect(found.map(\.number) == Array(0..<170))
        #expect(found.allSatisfy { $0.length == UInt32(frame.count) && $0.port == 443 })
        // What lies between the fields is zero.
        #expect(Array(batch.bytes(at: 1)[2..<4]) == [0, 0])
    }

    @Test("Reservations that are cancelled or let go of are not sent")
    func reservations() throws {
        var object = try OpenObject(.events)
        try object.setGlobal("count", to: UInt32(170))
        let loaded = try object.load()
        let ring = try loaded.ringBuffer("ring")
        let program = try loaded.program("reserve")
        // Old records lie in the whole ring.
        _ = try loaded.program("send").testRun(data: frame)
        #expect(try ring.drain().count == 170)
        _ = try program.testRun(data: frame, context: TestRunContext(mark: 5))
        #expect(try ring.drain().isEmpty)
        _ = try program.testRun(data: frame, context: TestRunContext(mark: 0))
        let found = sightings(try ring.drain())
        #expect(found.map(\.number) == [2])
        #expect(found.map(\.length) == [22])
        // Not filled in, and not what lay there before.
        #expect(found.map(\.port.value) == [0])
    }

    @Test("A perf buffer carries the same records")
    func perf() async throws {
        let loaded = try OpenObject(.events).load()
        let buffer = try loaded.perfBuffer("perf")
        _ = try loaded.program("reserve").testRun(data: frame)
        for try await batch in buffer.batches() {
            let found = sightings(batch)
            #expect(found.map(\.number) == [3])
            #expect(found.map(\.port.value) == [80])
            break
        }
    }
}
