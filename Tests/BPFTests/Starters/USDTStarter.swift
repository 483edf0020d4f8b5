import BPF
import BPFTestObjects
import Testing

/// A probe that a library's authors put into it.
@Test(.enabled(if: Features.uprobe == .available, "this kernel has no uprobes"))
func `starter: USDT`() throws {
    let library = try ProbedLibrary("starter")
    let loaded = try OpenObject(.starterUsdt).load()
    let probe = try loaded.program("on_call", as: USDT.self).attach(binary: library.path, provider: "bpftest", name: "call")
    for number in 1...4 { library.call(CInt(number)) }
    #expect(try loaded.global("sum", as: Int64.self) == 10)
    try probe.detach()
}
