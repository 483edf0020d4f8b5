import BPF
import BPFTestObjects
import BPFTesting
import Testing

@Suite("Errors say what, why and what helps")
struct ErrorTests {
    @Test func `a refused program is named, with the verifier's last words`() throws {
        let error = try #require(throws: BPFError.self) { _ = try OpenObject(.refused).load() }
        #expect(error.step == .load && error.errno == 13)
        #expect(error.subject == "program bt_unchecked of object refused")
        #expect(error.verifierLog.contains("R1 type=ctx") || error.verifierLog.contains("R1=ctx"))
        #expect(error.verifierLog.contains("invalid access to packet"))
        #expect(error.description.hasPrefix("cannot load program bt_unchecked of object refused: Permission denied (EACCES)"))
        #expect(error.description.contains("\nverifier: ") && error.description.contains("invalid access to packet"))
        #expect(!error.description.contains("processed "))
        #expect(!error.libbpfMessages.contains("BEGIN PROG LOAD LOG"))
        #expect(try #require(VerifierLog(error.verifierLog).processedInstructions) > 0)
    }

    @Test func `a log of megabytes comes whole`() throws {
        let error = try #require(throws: BPFError.self) { _ = try OpenObject(.longlog).load() }
        #expect(error.verifierLog.utf8.count > 1_000_000)
        #expect(error.verifierLog.contains("0: R1"))
        #expect(VerifierLog(error.verifierLog).lastUsefulLines(3).contains { $0.contains("invalid access to packet") })
    }

    @Test func `a log too long to keep is cut, and the error says so`() throws {
        let error = try #require(throws: BPFError.self) { _ = try OpenObject(.endless).load() }
        #expect(error.subject == "program bt_endless of object endless" && error.step == .load)
        if error.errno == 0 { #expect(error.reason.contains("is cut") && error.verifierLog.utf8.count > 15 << 20) }
        #expect(error.errno == 0 || error.errno == 7)
    }

    @Test func `without the refused program the object loads`() throws {
        var object = try OpenObject(.refused)
        try object.setAutoload(false, program: "bt_unchecked")
        let program = try object.load().program("bt_sound")
        #expect(try program.testRun(data: frame).returnValue == UInt32(frame.count))
    }

    @Test func `a missing file is said to be missing`() throws {
        let error = try #require(throws: BPFError.self) { _ = try OpenObject(.file("/nowhere/filter.o")) }
        #expect(error.description.hasPrefix("cannot open object /nowhere/filter.o: No such file or directory (ENOENT)"))
    }

    @Test(arguments: [0, 1, 4, 63, 64, 200, 1000, 5000])
    func `a truncated object is refused`(length: Int) throws {
        let bytes = EmbeddedObject.maps.bytes
        let error = try #require(throws: BPFError.self) { _ = try OpenObject(.bytes(Array(bytes.prefix(length)), name: "cut")) }
        #expect(error.step == .open && error.subject == "object cut")
        #expect(length == 0 ? error.reason == "it is empty" : error.reason.contains("cut short"), "\(error)")
    }

    @Test func `text, folders and other binaries are refused`() throws {
        func refusal(_ source: ObjectSource) -> String? {
            #expect(throws: BPFError.self) { _ = try OpenObject(source) }?.description
        }
        #expect(refusal(.bytes(Array("apiVersion: policyd/v1\n".utf8), name: "text")) == "cannot open object text: it is not an ELF file")
        #expect(refusal(.file("/tmp")) == "cannot open object /tmp: it is not a file with contents")
        #expect(refusal(.file("/bin/true"))?.hasPrefix("cannot open object /bin/true: it is compiled for ") == true)
    }

    @Test func `unknown programs and maps name those that are there`() throws {
        var object = try OpenObject(.verdict)
        let program = try #require(throws: BPFError.self) { try object.setAutoload(false, program: "bt_pas") }
        let there = "bt_pass, bt_drop, bt_next, bt_xdp_pass, bt_xdp_drop"
        #expect(program.description == "cannot edit program bt_pas: object verdict has no such program; there is \(there)")
        let map = try #require(throws: BPFError.self) { try object.setMaxEntries(1, ofMap: "counts") }
        #expect(map.remedy == "there is bt_counts")
        #expect(throws: BPFError.self) { try object.setMaxEntries(0, ofMap: "bt_counts") }
        #expect(throws: BPFError.self) { try object.setMaxEntries(-1, ofMap: "bt_counts") }
    }

    @Test func `without privileges the error says which are needed`() throws {
        let error = try #require(throws: BPFError.self) {
            try withoutCapabilities { () throws(BPFError) in _ = try OpenObject(.verdict).load() }
        }
        #expect(error.errno == 1 && error.remedy?.contains("CAP_BPF") == true)
        let create = try #require(throws: BPFError.self) {
            try withoutCapabilities { () throws(BPFError) in _ = try Map<bt, UInt32>.create(.lpmTrie, name: "bt_x", maxEntries: 1) }
        }
        #expect(create.step == .create && create.errno == 1)
    }

    @Test func `a pin that is not there, or a folder that is no bpf filesystem, is told`() throws {
        let fs = try PrivateBPFFS()
        let missing = try #require(throws: BPFError.self) { _ = try Map<UInt32, UInt32>(pinnedAt: fs.path("none")) }
        #expect(missing.description.contains("none: No such file or directory (ENOENT); nothing is pinned there"))
        let map = try Map<UInt32, UInt32>.create(.hash, name: "bt_pin", maxEntries: 1)
        let elsewhere = try #require(throws: BPFError.self) { try map.pin(at: "/tmp/bt-no-bpffs") }
        #expect(elsewhere.remedy?.contains("bpf filesystem") == true, "\(elsewhere)")
        try map.pin(at: fs.path("map"))
        let twice = try #require(throws: BPFError.self) { try map.pin(at: fs.path("map")) }
        #expect(twice.errno == 17 && twice.remedy?.contains("already") == true)
    }

    @Test func `a pin of another kind is refused`() throws {
        let fs = try PrivateBPFFS()
        let program = try OpenObject(.verdict).load().program("bt_pass")
        try program.pin(at: fs.path("program"))
        #expect(throws: BPFError.self) { _ = try Map<UInt32, UInt32>(pinnedAt: fs.path("program")) }
        let map = try Map<UInt32, UInt32>.create(.hash, name: "bt_pin", maxEntries: 1)
        try map.pin(at: fs.path("map"))
        #expect(throws: BPFError.self) { _ = try Program(pinnedAt: fs.path("map")) }
        #expect(throws: BPFError.self) { _ = try RingBuffer(pinnedAt: fs.path("map")) }
        #expect(throws: BPFError.self) { _ = try Link(pinnedAt: fs.path("map")).info }
    }
}

/// The LPM key of an IPv4 address.
private struct bt: BitwiseCopyable { var length: UInt32 = 0, address: UInt32 = 0 }
