import BPF
import BPFTestObjects
import BPFTesting
import Testing

/// Frames are dropped before the kernel makes packets of them.
@Test func `starter: XDP`() throws {
    let namespace = try NetworkNamespace()
    var object = try OpenObject(.starterXdp)
    try object.setGlobal("port", to: UInt16(7777))
    let program = try object.load().program("drop_port", as: XDP.self)
    let socket = try TestSocket.bound(.udp, "127.0.0.1", port: 7777, in: namespace)
    let other = try TestSocket.bound(.udp, "127.0.0.1", port: 7778, in: namespace)
    try namespace.run {
        let link = try program.attach(interface: "lo", .generic)
        try socket.send("dropped", to: "127.0.0.1", port: 7777)
        try socket.send("kept", to: "127.0.0.1", port: 7778)
        #expect(other.receive() == "kept")
        try link.detach()
        try socket.send("afterwards", to: "127.0.0.1", port: 7777)
        #expect(socket.receive() == "afterwards")
    }
}
