import BPF
import BPFObjects
import Testing

@Suite("Bundled probes load")
struct BundledLoadTests {
    @Test(arguments: EmbeddedObject.bundledProbes.map(\.name)) func `every program is taken by this kernel`(name: String) throws {
        let object = try #require(EmbeddedObject.bundledProbes.first { $0.name == name })
        let loaded = try OpenObject(object).load()
        #expect(!loaded.programs.isEmpty)
        for program in loaded.programs { _ = try loaded.program(program.name) }
        #expect(try loaded.ringBuffer("events", lossCounter: "events_lost").drain().isEmpty)
    }

    @Test func `each is found by the name of its source`() {
        #expect(
            EmbeddedObject.bundledProbes.map(\.name) == [
                "allocations", "dns", "file-opens", "function-calls", "packet-drops", "tcp-connections", "tcp-troubles", "tls-failures",
            ])
    }
}
