import BPF
import BPFTestObjects
import Glibc
import Testing

/// The entry and the return of a kernel function, as the object's sections say.
@Test(.enabled(if: Features.kprobe == .available, "this kernel has no kprobes: run scripts/vm-tests"))
func `starter: kprobe`() throws {
    var object = try OpenObject(.starterKprobe)
    try object.setGlobal("pid", to: UInt32(getpid()))
    let loaded = try object.load()
    let entry = try loaded.program("on_unlink", as: Kprobe.self).attach(function: "do_unlinkat")
    let exit = try loaded.program("on_unlinked", as: Kprobe.self).attach(function: "do_unlinkat", isReturn: true)
    unlinkat(0x4242, "bpftest", 0)
    #expect(try loaded.global("folder", as: Int32.self) == 0x4242)
    #expect(try loaded.global("result", as: Int32.self) == -EBADF)
    #expect(try entry.info.id != exit.info.id)
}
