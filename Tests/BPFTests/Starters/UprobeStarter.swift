import BPF
import BPFTestObjects
import Glibc
import Testing

/// A function of a library, in this process.
@Test(.enabled(if: Features.uprobe == .available, "this kernel has no uprobes"))
func `starter: uprobe`() throws {
    let loaded = try OpenObject(.starterUprobe).load()
    let function = CodePlace("libc.so.6", symbol: "getpgid")
    let entry = try loaded.program("on_call", as: Uprobe.self).attach(to: function, pid: getpid())
    let exit = try loaded.program("on_return", as: Uprobe.self).attach(to: function, pid: getpid(), isReturn: true)
    // Other tests of this process may call it too.
    repeat { getpgid(0x7654_321) } while try loaded.global("argument", as: Int32.self) != 0x7654_321
    #expect(try loaded.global("result", as: Int32.self) == -1)
    #expect(try entry.info.id != exit.info.id)
}
