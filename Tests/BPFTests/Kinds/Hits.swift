import BPF
import BPFTestObjects
import BPFTesting
import CBPFTestObjects
import Glibc

/// How often each program of an object of `kinds` ran for this process.
struct Hits: ~Copyable {
    private let map: Map<UInt32, bt_hit>

    init(_ loaded: borrowing LoadedObject) throws(BPFError) { map = try loaded.map("bt_hits") }

    func count(_ index: UInt32) throws(BPFError) -> UInt64 { try map.value(forKey: index)?.count ?? 0 }

    /// What the program saw last.
    func value(_ index: UInt32) throws(BPFError) -> UInt64 { try map.value(forKey: index)?.value ?? 0 }
}

extension OpenObject {
    /// Opens an object of `kinds` that looks at this process only.
    static func ofThisProcess(_ object: EmbeddedObject) throws(BPFError) -> OpenObject {
        var opened = try OpenObject(object)
        try opened.setGlobal("bt_pid", to: UInt32(getpid()))
        return opened
    }
}

/// Calls unlinkat(2) so that it fails, with flags no one else gives.
func callUnlinkat(folder: CInt = -1) { unlinkat(folder, "bpftest", 0x5a5a) }
