import BPF
import BPFTestObjects
import BPFTesting
import CBPFTestObjects
import Glibc
import Testing

@Suite("Pins")
struct PinTests {
    @Test func `pinned maps and programs survive their handles and reopen`() throws {
        let fs = try PrivateBPFFS()
        #expect(BPFFilesystem.isMounted(at: fs.path) && !BPFFilesystem.isMounted(at: "/tmp"))
        func make() throws {
            let loaded = try OpenObject(.maps).load()
            let hash = try loaded.map("bt_hash", key: bt_key.self, value: bt_value.self)
            try hash.set(bt_value(packets: 1, bytes: 2), forKey: bt_key(address: 3, port: 443, protocol: 6))
            try hash.pin(at: fs.path("hash"))
            try loaded.pinMap("bt_outer", at: fs.path("outer"))
            try loaded.pinMap("bt_percpu", at: fs.path("percpu"))
            try loaded.pinMap("bt_mapped", at: fs.path("mapped"))
            try loaded.pinMap("bt_tails", at: fs.path("tails"))
            try loaded.programArray("bt_tails").set(loaded.program("bt_globals"), at: 1)
            try loaded.program("bt_use_maps").pin(at: fs.path("program"))
        }
        try make()
        #expect(fs.pins == ["hash", "mapped", "outer", "percpu", "program", "tails"])
        let hash = try Map<bt_key, bt_value>(pinnedAt: fs.path("hash"))
        #expect(hash.name == "bt_hash" && hash.type == .hash)
        let program = try Program(pinnedAt: fs.path("program"))
        #expect(program.name == "bt_use_maps")
        _ = try program.testRun(data: frame, context: TestRunContext(mark: 3))
        #expect(try hash.value(forKey: bt_key(address: 3, port: 443, protocol: 6))?.packets == 2)
        #expect(try PerCPUMap<UInt32, UInt32>(pinnedAt: fs.path("percpu")).sum(forKey: 0) == 1)
        let array = try MappedArray<bt_shared>(pinnedAt: fs.path("mapped"))
        array[0].values.0 = 12
        #expect(try program.testRun(data: frame).returnValue == 12)
        let outer = try MapOfMaps<UInt32>(pinnedAt: fs.path("outer"))
        let inner = try Map<UInt32, UInt32>.create(.array, name: "bt_in", maxEntries: 4)
        try inner.set(100, forKey: 0)
        try outer.set(inner, forKey: 0)
        #expect(try program.testRun(data: frame).returnValue == 112)
        #expect(try ProgramArray(pinnedAt: fs.path("tails")).programID(at: 1) != nil)
    }

    @Test func `a new object takes over a pinned map with its contents`() throws {
        let fs = try PrivateBPFFS()
        func first() throws {
            let loaded = try OpenObject(.maps).load()
            try loaded.pinMap("bt_array", at: fs.path("array"))
            _ = try loaded.program("bt_use_maps").testRun(data: frame, repeat: 5)
        }
        try first()
        let pinned = try Map<UInt32, UInt64>(pinnedAt: fs.path("array"))
        var object = try OpenObject(.maps)
        try object.reuse(pinned, asMap: "bt_array")
        let second = try object.load()
        _ = try second.program("bt_use_maps").testRun(data: frame)
        #expect(try pinned.value(forKey: 0) == 6)
    }

    @Test(.enabled(if: Features.uprobe == .available, "this kernel has no uprobes"))
    func `a program from a pin is attached, and its pinned link works without any handle`() throws {
        let fs = try PrivateBPFFS()
        func first() throws {
            var object = try OpenObject(.tracing)
            try object.setGlobal("bt_pid", to: UInt32(getpid()))
            let loaded = try object.load()
            try loaded.program("bt_uprobe").pin(at: fs.path("program"))
            try loaded.pinMap("bt_events", at: fs.path("events"))
        }
        try first()
        let library = try #require(pathOfLibrary("libc.so"))
        func second() throws {
            let program = try TypedProgram<Uprobe>(pinnedAt: fs.path("program"))
            let link = try program.attach(to: CodePlace(library, symbol: "getsid"), pid: getpid())
            #expect(try link.info.kind == .perfEvent)
            try link.pin(at: fs.path("link"))
        }
        try second()
        let buffer = try PerfBuffer(pinnedAt: fs.path("events"), pagesPerCPU: 2)
        getsid(0x135_7246)
        var arguments: [UInt64] = []
        try buffer.drain().forEach(as: bt_event.self) { arguments.append($0.argument) }
        #expect(arguments.contains(0x135_7246))
        // Without pin and handle it is gone.
        unlink(fs.path("link"))
        usleep(50_000)
        getsid(0x135_7247)
        var later: [UInt64] = []
        try buffer.drain().forEach(as: bt_event.self) { later.append($0.argument) }
        #expect(!later.contains(0x135_7247))
    }
}
