import BPF
import BPFTestObjects
import BPFTesting
import CBPFTestObjects
import Glibc
import Testing

@Suite("Maps taken from their pins")
struct PinnedOrCreatedTests {
    @Test func `the first makes the map, the second finds it`() throws {
        let fs = try PrivateBPFFS()
        func open() throws -> (UInt32, UInt64?) {
            let map = try Map<UInt32, UInt64>.pinnedOrCreated(at: fs.path("m"), .hash, name: "bt_m", maxEntries: 10)
            let there = try map.value(forKey: 1)
            try map.set(5, forKey: 1)
            return (try map.info.id, there)
        }
        let first = try open()
        let second = try open()
        #expect(first.0 == second.0 && first.1 == nil && second.1 == 5)
        let error = try #require(throws: BPFError.self) {
            _ = try Map<UInt32, UInt32>.pinnedOrCreated(at: fs.path("m"), .lruHash, name: "bt_m", maxEntries: 11, flags: .perCPULRU)
        }
        #expect(
            error.description == "cannot open pinned map at \(fs.path("m")): kind: lru_hash wanted, hash pinned; "
                + "value: 4 bytes wanted, 8 bytes pinned; max entries: 11 wanted, 10 pinned; flags: 0x2 wanted, 0x0 pinned; "
                + "change the declaration, or remove the pin, and with it what the map holds")
        let counters = try PerCPUMap<UInt32, UInt64>.pinnedOrCreated(at: fs.path("c"), .perCPUArray, name: "bt_c", maxEntries: 2)
        #expect(try PerCPUMap<UInt32, UInt64>(pinnedAt: fs.path("c")).info.id == counters.info.id)
        #expect(throws: BPFError.self) {
            _ = try PerCPUMap<UInt32, UInt64>.pinnedOrCreated(at: fs.path("m"), .perCPUArray, name: "bt_c", maxEntries: 2)
        }
    }

    @Test func `an object's map is made once and taken over from then on`() throws {
        let fs = try PrivateBPFFS()
        func run() throws -> UInt32 {
            var object = try OpenObject(.maps)
            try object.setPin(at: fs.path("array"), ofMap: "bt_array")
            try object.setPin(at: fs.path("outer"), ofMap: "bt_outer")
            let loaded = try object.load()
            _ = try loaded.program("bt_use_maps").testRun(data: frame)
            return try loaded.mapInfo("bt_array").id
        }
        #expect(try run() == run())
        #expect(fs.pins == ["array", "outer"])
        #expect(try Map<UInt32, UInt64>(pinnedAt: fs.path("array")).value(forKey: 0) == 2)
        var object = try OpenObject(.maps)
        try object.setMaxEntries(9, ofMap: "bt_array")
        let error = try #require(throws: BPFError.self) { try object.setPin(at: fs.path("array"), ofMap: "bt_array") }
        #expect(error.reason == "max entries: 9 wanted, 8 pinned")
    }

    @Test func `maps of interfaces are taken over, although the kernel adds a flag of its own`() throws {
        let fs = try PrivateBPFFS()
        for _ in 0..<2 {
            var object = try OpenObject(.kinds)
            try object.setPin(at: fs.path("devices"), ofMap: "bt_devices")
            _ = try object.load()
        }
        #expect(fs.pins == ["devices"])
    }

    @Test func `fields are told side by side`() throws {
        let fs = try PrivateBPFFS()
        let loaded = try OpenObject(.maps).load()
        try loaded.pinMap("bt_hash", at: fs.path("kept"))
        var object = try OpenObject(.pinned)
        #expect(object.maps.first { $0.name == "bt_kept" }?.pin == "/sys/fs/bpf/bt_kept")
        try object.setMaxEntries(64, ofMap: "bt_kept")
        let error = try #require(throws: BPFError.self) { try object.setPin(at: fs.path("kept"), ofMap: "bt_kept") }
        #expect(
            error.reason.split(separator: "; ") == [
                "key .peer.port: unsigned short, 2 bytes at 4 wanted, no such field pinned",
                "key .peer.protocol: unsigned short, 4 bits at bit 48 wanted, no such field pinned",
                "key .peer.rest: unsigned short, 12 bits at bit 52 wanted, no such field pinned",
                "key .port: no such field wanted, unsigned short, 2 bytes at 4 pinned",
                "key .protocol: no such field wanted, unsigned short, 2 bytes at 6 pinned",
                "value : unsigned long long[2], 16 bytes at 0 wanted, no such field pinned",
                "value .packets: no such field wanted, unsigned long long, 8 bytes at 0 pinned",
                "value .bytes: no such field wanted, unsigned long long, 8 bytes at 8 pinned",
            ], "\(error)")
    }

    @Test func `a map is not pinned where its object wants it, if the path is taken away`() throws {
        var object = try OpenObject(.pinned)
        try object.setPin(at: nil, ofMap: "bt_kept")
        #expect(object.maps.allSatisfy { $0.pin == nil })
        _ = try object.load().program("bt_keep").testRun(data: frame)
        #expect(access("/sys/fs/bpf/bt_kept", F_OK) != 0)
    }

    @Test func `what is pinned there and no map is refused`() throws {
        let fs = try PrivateBPFFS()
        try OpenObject(.maps).load().program("bt_globals").pin(at: fs.path("p"))
        var object = try OpenObject(.maps)
        let error = try #require(throws: BPFError.self) { try object.setPin(at: fs.path("p"), ofMap: "bt_array") }
        #expect(error.description.contains("what is pinned there is no map"))
    }
}
