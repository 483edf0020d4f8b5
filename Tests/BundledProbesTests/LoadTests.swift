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
        // The type of its records is found without being named, and needs nothing said that is not in it.
        #expect(try #require(try loaded.recordType(ofMap: "events")).description.contains("_event"))
        #expect(try loaded.ringBuffer("events", lossCounter: "events_lost").drain().isEmpty)
    }

    @Test(arguments: Twin.probes.keys.sorted()) func `a probe in Swift is as large as in C, for the verifier too`(name: String) throws {
        let probe = try #require(Twin.probes[name])
        func costs(_ twin: Twin) throws -> (size: Int, walked: Int) {
            var object = try OpenObject(probe(twin))
            for program in object.programs { try object.setAutoload(true, program: program.name) }
            let loaded = try object.load()
            return try loaded.programs.reduce(into: (0, 0)) { sum, program in
                let info = try loaded.program(program.name).info
                sum = (sum.0 + info.translatedSize, sum.1 + info.verifiedInstructions)
            }
        }
        let (swift, c) = (try costs(.swift), try costs(.c))
        #expect(swift.size > 0 && Double(swift.size) <= 1.1 * Double(c.size), "\(swift.size) bytes in Swift, \(c.size) in C")
        let walked = "\(swift.walked) instructions in Swift, \(c.walked) in C"
        #expect(swift.walked > 0 && Double(swift.walked) <= 1.1 * Double(c.walked), "\(walked)")
    }

    @Test(arguments: EmbeddedObject.bundledProbes.map(\.name)) func `sections say where programs go, or that they are told`(name: String)
        throws
    {
        let object = try #require(EmbeddedObject.bundledProbes.first { $0.name == name })
        for program in try OpenObject(object).programs {
            let told = ["uprobe", "uretprobe", "usdt", "tc", "cgroup_skb/egress", "cgroup_skb/ingress"]
            #expect((AttachTarget(section: program.section) == nil) == told.contains(program.section), "\(program.section)")
        }
    }

    @Test func `each is found by the name of its source`() {
        #expect(
            EmbeddedObject.bundledProbes.map(\.name) == [
                "allocations", "dns", "file-opens", "function-calls", "packet-drops", "tcp-connections", "tcp-troubles", "tls-failures",
            ])
    }
}
