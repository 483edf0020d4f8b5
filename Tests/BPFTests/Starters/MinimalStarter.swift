import BPF
import BPFTestObjects
import BPFTesting
import Glibc
import Testing

/// The least there is: open, set, load, attach, read.
@Test func `starter: minimal`() throws {
    var object = try OpenObject(.starterMinimal)
    try object.setGlobal("pid", to: UInt32(getpid()))
    let loaded = try object.load()
    try withTraceFilesystem {
        let link = try loaded.program("count_calls", as: Tracepoint.self).attach(category: "syscalls", name: "sys_enter_unlinkat")
        let before = try loaded.global("calls", as: UInt64.self)
        for _ in 0..<3 { callUnlinkat() }
        #expect(try loaded.global("calls", as: UInt64.self) >= before + 3)
        withExtendedLifetime(try link.info) {}
    }
}
