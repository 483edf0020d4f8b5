import BPF
import BPFTestObjects
import BPFTesting
import CLibBPF
import Glibc
import Testing

/// Programs at sockets, at the sockets of a map, and at network namespaces.
@Suite("Sockets and network namespaces", .timeLimit(.minutes(5)))
struct SocketKindTests {
    @Test func `a filter chooses what a socket receives, until it is taken away`() throws {
        let namespace = try NetworkNamespace()
        let loaded = try OpenObject(.sockets).load()
        let filter = try loaded.program("bt_filter", as: SocketFilter.self)
        let receiver = try namespace.run { () throws(TestingError) in try TestSocket.bound(.udp, "127.0.0.1", port: 0) }
        let sender = try namespace.run { () throws(TestingError) in try TestSocket(.udp, family: .v4) }
        try filter.attach(toSocket: receiver.descriptor)
        try sender.send("0123456789", to: "127.0.0.1", port: receiver.port)
        #expect(receiver.receive() == "01234")
        #expect(try Hits(loaded).value(0) == 18)
        try TypedProgram<SocketFilter>.removeFilter(ofSocket: receiver.descriptor)
        try sender.send("0123456789", to: "127.0.0.1", port: receiver.port)
        #expect(receiver.receive() == "0123456789")
        let none = try #require(throws: BPFError.self) { try TypedProgram<SocketFilter>.removeFilter(ofSocket: receiver.descriptor) }
        #expect(none.errno == ENOENT)
    }

    @Test func `a filter sees what an interface receives`() throws {
        let namespace = try NetworkNamespace()
        let loaded = try OpenObject(.sockets).load()
        let hits = try Hits(loaded)
        try namespace.run {
            let sender = try PacketSocket(interface: "lo")
            let program = try loaded.program("bt_packets")
            let attachment = try program.attach(to: AttachTarget(text: "socket:lo"))
            try sender.send(foreignFrame)
            // Once as it leaves, and once as it comes back.
            #expect(try hits.count(1) == 2 && hits.value(1) == 1)
            try attachment.update(to: loaded.program("bt_filter"))
            try sender.send(foreignFrame)
            #expect(try hits.count(1) == 2)
            try attachment.detach()
            let none = try #require(throws: BPFError.self) { _ = try program.attach(to: .packets(interface: "none0")) }
            #expect(none.errno == ENODEV)
        }
    }

    @Test func `a program chooses the socket of a connection`() throws {
        let namespace = try NetworkNamespace()
        let loaded = try OpenObject(.sockets).load()
        let listener = try namespace.run { () throws(TestingError) in try TestSocket.listener("127.0.0.1", port: 0) }
        try loaded.socketMap("bt_sockets", key: UInt32.self).set(socket: listener.descriptor, forKey: 0)
        func connect() throws -> TestSocket.Outcome {
            try namespace.run { () throws(TestingError) in try TestSocket(.tcp, family: .v4).connect(to: "127.0.0.1", port: 7007) }
        }
        #expect(try connect() == .failed(ECONNREFUSED))
        do {
            let link = try loaded.program("bt_lookup", as: SocketLookup.self).attach(namespace: "/run/netns/\(namespace.name)")
            #expect(try connect() == .connected)
            guard case .networkNamespace(let inode, .socketLookup) = try link.info.target else {
                Issue.record("\(try link.info)")
                return
            }
            #expect(inode != 0)
        }
        #expect(try connect() == .failed(ECONNREFUSED))
        #expect(try Hits(loaded).value(2) == 7007)
        let attachment = try namespace.run { () throws(BPFError) in Box(try loaded.program("bt_lookup").attach(to: .socketLookup())) }
        #expect(try connect() == .connected)
        try attachment.value.update(to: OpenObject(.sockets).load().program("bt_lookup"))
        // The other object's map has no socket, and it drops.
        #expect(try connect() == .failed(ECONNREFUSED))
    }

    @Test func `programs judge what the sockets of a map send and receive`() throws {
        let namespace = try NetworkNamespace()
        let loaded = try OpenObject(.sockets).load()
        let hits = try Hits(loaded)
        let fs = try PrivateBPFFS()
        try loaded.pinMap("bt_sockets", at: fs.path("sockets"))
        let map = try loaded.socketMap("bt_sockets", key: UInt32.self)
        do {
            let parser = try loaded.program("bt_parser", as: SocketStream.self).attach(.parser, toSocketsOf: map)
            let verdict = try loaded.program("bt_stream_verdict").attach(
                to: .socketStream(.streamVerdict, map: fs.path("sockets")))
            let message = try loaded.program("bt_message", as: SocketMessage.self).attach(toSocketsOf: map)
            let (client, server) = try Self.connected(namespace)
            try map.set(socket: server.descriptor, forKey: 0)
            try map.set(socket: client.descriptor, forKey: 1)
            client.send("abcdefgh")
            #expect(server.receive() != nil)
            #expect(try hits.value(3) == 8, "the message as it was sent")
            #expect(try hits.count(4) > 0, "the parser")
            #expect(try hits.count(5) == 2, "messages as the parser cut them")
            #expect(!parser.canBePinned && !verdict.canBePinned && !message.canBePinned)
            // The kernel would have it take the other's place.
            let other = try OpenObject(.sockets).load().program("bt_message")
            let taken = try #require(throws: BPFError.self) { _ = try other.attach(to: .socketMessage(map: fs.path("sockets"))) }
            let there = try loaded.program("bt_message").info.id
            #expect(taken.errno == EEXIST && taken.reason == "program \(there) is there, and a map takes one")
            try message.detach()
        }
        do {
            let (client, server) = try Self.connected(namespace)
            let other = try OpenObject(.sockets).load()
            let sockets = try other.socketMap("bt_sockets", key: UInt32.self)
            let attachment = try other.program("bt_verdict", as: SocketStream.self).attach(.verdict, toSocketsOf: sockets)
            try sockets.set(socket: server.descriptor, forKey: 0)
            client.send("dropped")
            let hits = try Hits(other)
            #expect(try eventually { try hits.count(6) > 0 })
            #expect(server.receive(milliseconds: 20) == nil)
            try attachment.detach()
        }
    }

    @Test func `a flow dissector finds the headers of a namespace's packets`() throws {
        let namespace = try NetworkNamespace()
        let loaded = try OpenObject(.sockets).load()
        let hits = try Hits(loaded)
        try namespace.run {
            let sender = try PacketSocket(interface: "lo")
            do {
                let link = try loaded.program("bt_dissector", as: FlowDissector.self).attach()
                // The kernel looks for the headers of what a packet socket sends.
                try sender.send(foreignFrame)
                #expect(try hits.count(7) > 0)
                guard case .networkNamespace(_, .flowDissector) = try link.info.target else {
                    Issue.record("\(try link.info)")
                    return
                }
            }
            let before = try hits.count(7)
            try sender.send(foreignFrame)
            #expect(try hits.count(7) == before)
            _ = try loaded.program("bt_dissector").attach(to: AttachTarget(text: "flow_dissector:/run/netns/\(namespace.name)"))
        }
    }

    private static func connected(_ namespace: NetworkNamespace) throws -> (client: TestSocket, server: TestSocket) {
        try namespace.run {
            let listener = try TestSocket.listener("127.0.0.1", port: 0)
            let client = try TestSocket(.tcp, family: .v4)
            #expect(try client.connect(to: "127.0.0.1", port: listener.port) == .connected)
            return (client, try #require(listener.accept()))
        }
    }
}

/// A frame of a protocol that nobody has.
private let foreignFrame: [UInt8] = [UInt8](repeating: 0, count: 12) + [0x88, 0xb5] + [UInt8](repeating: 7, count: 50)
