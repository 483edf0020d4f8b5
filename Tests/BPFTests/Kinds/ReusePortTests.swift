import BPF
import BPFTestObjects
import BPFTesting
import Glibc
import Testing

/// Programs that choose among the sockets of one address and port.
@Suite("Reuse-port groups", .timeLimit(.minutes(5)))
struct ReusePortTests {
    @Test func `a program chooses the socket of a group, until it is taken away`() throws {
        let namespace = try NetworkNamespace()
        let loaded = try OpenObject(.reuseport).load()
        let hits = try Hits(loaded)
        let group = try namespace.run { () throws(TestingError) in
            [
                try TestSocket.bound(.udp, "127.0.0.1", port: 7878, sharesPort: true),
                try TestSocket.bound(.udp, "127.0.0.1", port: 7878, sharesPort: true),
                try TestSocket.bound(.udp, "127.0.0.1", port: 7878, sharesPort: true),
            ]
        }
        let sender = try namespace.run { () throws(TestingError) in try TestSocket(.udp, family: .v4) }
        let sockets = try loaded.socketMap("bt_group", key: UInt32.self)
        for (index, socket) in group.enumerated() { try sockets.set(socket: socket.descriptor, forKey: UInt32(index)) }
        func received() throws -> [Int] {
            try sender.send("x", to: "127.0.0.1", port: 7878)
            return group.indices.filter { group[$0].receive(milliseconds: 0) == "x" }
        }
        let program = try loaded.program("bt_reuseport", as: ReusePort.self)
        // One of the group is enough.
        try program.attach(toGroupOf: group[1].descriptor)
        for index in [2, 0, 1, 0] {
            try loaded.setGlobal("bt_chosen", to: UInt32(index))
            #expect(try received() == [index])
        }
        #expect(try hits.count(0) == 4 && hits.value(0) == 9)
        // A place with no socket in it: the kernel chooses.
        try loaded.setGlobal("bt_chosen", to: UInt32(3))
        #expect(try received().count == 1)
        try loaded.program("bt_refuse", as: ReusePort.self).attach(toGroupOf: group[0].descriptor)
        #expect(try received() == [])
        #expect(try hits.count(0) == 5 && hits.count(1) == 1)
        try TypedProgram<ReusePort>.removeProgram(fromGroupOf: group[2].descriptor)
        #expect(try received().count == 1)
        #expect(try hits.count(1) == 1)
        let none = try #require(throws: BPFError.self) { try TypedProgram<ReusePort>.removeProgram(fromGroupOf: group[0].descriptor) }
        #expect(none.step == .detach && none.errno == ENOENT)
    }

    @Test func `a socket that shares no port has no group`() throws {
        let namespace = try NetworkNamespace()
        let loaded = try OpenObject(.reuseport).load()
        let alone = try TestSocket.bound(.udp, "127.0.0.1", port: 7878, in: namespace)
        let error = try #require(throws: BPFError.self) {
            try loaded.program("bt_reuseport", as: ReusePort.self).attach(toGroupOf: alone.descriptor)
        }
        #expect(error.errno == EINVAL && error.subject == "program bt_reuseport to the reuse-port group of socket \(alone.descriptor)")
        let other = try #require(throws: BPFError.self) { _ = try loaded.program("bt_reuseport", as: SocketLookup.self) }
        #expect(other.reason == "it is no sk_lookup program, but one of type sk_reuseport")
    }
}
