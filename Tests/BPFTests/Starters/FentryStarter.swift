import BPF
import BPFTestObjects
import Glibc
import Testing

/// A kernel function's arguments and its result, in one program: what it is attached to is chosen by its section.
@Test(.enabled(if: Features.fentry == .available, "this kernel has no fentry: run scripts/vm-tests"))
func `starter: fentry`() throws {
    var object = try OpenObject(.starterFentry)
    try object.setGlobal("pid", to: UInt32(getpid()))
    let loaded = try object.load()
    let link = try loaded.program("on_unlinked", as: Fexit.self).attach()
    unlinkat(0x4242, "bpftest", 0)
    #expect(try loaded.global("folder", as: Int32.self) == 0x4242)
    #expect(try loaded.global("result", as: Int32.self) == -EBADF)
    try link.detach()
}
