import BPF
import BPFTestObjects
import Glibc
import Testing

/// A program that says no: this process may remove no folder.
@Test(.enabled(if: Features.lsm == .available, "this kernel has no LSM programs: run scripts/vm-tests"))
func `starter: LSM`() throws {
    var object = try OpenObject(.starterLsm)
    try object.setGlobal("pid", to: UInt32(getpid()))
    let loaded = try object.load()
    let folder = "/tmp/bpftest-\(getpid())-starter"
    mkdir(folder, 0o700)
    do {
        let link = try loaded.program("on_rmdir", as: LSM.self).attach()
        #expect(rmdir(folder) == -1 && errno == EPERM)
        #expect(try link.info.kind == .tracing)
    }
    #expect(rmdir(folder) == 0)
}
