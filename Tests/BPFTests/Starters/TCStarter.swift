import BPF
import BPFTestObjects
import BPFTesting
import Testing

/// The packets an interface sends; by a tcx link where the kernel has them, else by a filter at clsact.
@Test func `starter: tc`() throws {
    let namespace = try NetworkNamespace()
    let loaded = try OpenObject(.starterTc).load()
    let socket = try TestSocket.bound(.udp, "127.0.0.1", port: 7777, in: namespace)
    try namespace.run {
        let target = Features.tcx == .available ? "tcx/egress:lo" : "tc/egress:lo"
        let attachment = try loaded.program("count_packets").attach(to: AttachTarget(text: target))
        for _ in 0..<3 { try socket.send("hello", to: "127.0.0.1", port: 7777) }
        #expect(try loaded.global("packets", as: UInt64.self) == 3)
        #expect(try loaded.global("bytes", as: UInt64.self) == 3 * (14 + 20 + 8 + 5))
        try attachment.detach()
    }
}
