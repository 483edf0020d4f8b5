import BPF
import BPFTesting
import EBPFTestObjects
import Testing

@Suite("Settings and atomic operations in the kernel")
struct KernelValueTests {
    private let frame = Packet.ethernet().ipv4("10.0.0.1", "10.0.0.2").udp(1000, 2000).bytes

    @Test("Settings have the value of the source, or the one that is set before loading")
    func settings() throws {
        #expect(try OpenObject(.values).load().program("settings").testRun(data: frame).returnValue == 3)
        var object = try OpenObject(.values)
        try object.setGlobal("small", to: UInt8(200))
        try object.setGlobal("medium", to: Int16(-100))
        try object.setGlobal("large", to: UInt64(3) << 38)
        #expect(try object.load().program("settings").testRun(data: frame).returnValue == 103)
    }

    @Test("Each atomic operation of both widths")
    func atomics() throws {
        let loaded = try OpenObject(.values).load()
        #expect(try loaded.program("atomics").testRun(data: frame).returnValue == 0)
        let sums: BPF.Map<UInt32, UInt64> = try loaded.map("sums")
        #expect(try (0..<4).map { try sums.value(forKey: $0) } == [7, 3 + 7000, 0xf1, 9])
        let words: BPF.Map<UInt32, UInt32> = try loaded.map("words")
        #expect(try (0..<3).map { try words.value(forKey: $0) } == [6, 5 + 0xabc, 1])
    }
}
