import BPF
import BPFTesting
import EBPFTestObjects
import Glibc
import Testing

@Suite("Programs of cgroups in Swift", .timeLimit(.minutes(2)))
struct KernelCgroupTests {
    @Test("A connection is refused by port, and sent elsewhere by address")
    func connections() async {
        await #expect(processExitsWith: .success) {
            let group = try ControlGroup()
            let namespace = try NetworkNamespace()
            let loaded = try OpenObject(.cgroups).load()
            let attachment = try loaded.program("connect").attach(to: AttachTarget(text: "cgroup/connect4:\(group.path)"))
            let other = try loaded.program("connectIPv6").attach(to: AttachTarget(text: "cgroup/connect6:\(group.path)"))
            try group.enter()
            try namespace.run {
                #expect(try TestSocket(.udp, family: .v4).connect(to: "127.0.0.1", port: 25) == .failed(EPERM))
                let socket = try TestSocket(.udp, family: .v4)
                // Nothing routes there: it is another address that is connected to.
                #expect(try socket.connect(to: "192.0.2.1", port: 26) == .connected)
                var peer = sockaddr_in()
                var length = socklen_t(MemoryLayout<sockaddr_in>.size)
                let result = unsafe withUnsafeMutableBytes(of: &peer) { bytes in
                    unsafe getpeername(socket.descriptor, bytes.baseAddress?.assumingMemoryBound(to: sockaddr.self), &length)
                }
                #expect(result == 0)
                #expect(UInt32(bigEndian: peer.sin_addr.s_addr) == 0x7f00_0001)
                #expect(UInt16(bigEndian: peer.sin_port) == 27)
                #expect(try TestSocket(.udp, family: .v6).connect(to: "2001:db8::1", port: 26) == .connected)
                #expect(try TestSocket(.tcp, family: .v6).connect(to: "::1", port: 26) == .failed(EPERM))
            }
            try group.leave()
            let seen: BPF.Map<UInt32, UInt64> = try loaded.map("seen")
            #expect(try seen.value(forKey: 0) == group.id)
            #expect(try seen.value(forKey: 1) == UInt64(SOCK_DGRAM.rawValue) << 32 | UInt64(AF_INET))
            #expect(try attachment.links.count + other.links.count == 2)
        }
    }

    @Test("A packet is judged by its network header")
    func packets() async {
        await #expect(processExitsWith: .success) {
            let group = try ControlGroup()
            let namespace = try NetworkNamespace()
            let loaded = try OpenObject(.cgroups).load()
            let attachment = try loaded.program("egress").attach(to: AttachTarget(text: "cgroup/egress:\(group.path)"))
            try group.enter()
            try namespace.run {
                let socket = try TestSocket(.udp, family: .v4)
                #expect(try socket.send("packet", to: "127.10.0.1", port: 7))
                #expect(try !socket.send("packet", to: "127.9.0.1", port: 7))
                #expect(errno == EPERM)
            }
            try group.leave()
            #expect(try attachment.links.count == 1)
        }
    }
}
